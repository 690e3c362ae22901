#!/bin/bash
# Written by neuron-setup. "apply" puts changes made here back, "rollback" removes the file.
# Puts the VFIO modules, the list of functions and the script that hands them over into the initial ram disk.
# Sourced by dracut while it builds one; source of the calls: dracut.modules(7).

check() {
	return 0
}

installkernel() {
	# The machine that builds it may not use them yet.
	hostonly='' instmods vfio_pci vfio_iommu_type1
}

install() {
	inst_multiple sh modprobe readlink
	# shellcheck disable=SC2154
	inst_simple "$moddir/neuron-vfio.sh" /usr/bin/neuron-vfio
	inst_hook pre-udev 01 "$moddir/neuron-pre-udev.sh"
	if [[ -f /etc/neuron/vfio-functions ]]; then
		inst_simple /etc/neuron/vfio-functions
	fi
}
