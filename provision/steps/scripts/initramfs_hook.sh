#!/bin/sh
# Written by neuron-setup. "apply" puts changes made here back, "rollback" removes the file.
# Puts the VFIO modules and the list of functions into the initial ram disk. Runs inside mkinitramfs.

case "${1:-}" in
prereqs)
	echo ""
	exit 0
	;;
esac

# shellcheck source=/dev/null
. /usr/share/initramfs-tools/hook-functions

manual_add_modules vfio_pci
manual_add_modules vfio_iommu_type1

if [ -f /etc/neuron/vfio-functions ]; then
	mkdir -p "${DESTDIR}/etc/neuron"
	cp -p /etc/neuron/vfio-functions "${DESTDIR}/etc/neuron/vfio-functions"
fi
