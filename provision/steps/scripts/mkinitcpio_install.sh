#!/bin/bash
# Written by neuron-setup. "apply" puts changes made here back, "rollback" removes the file.
# Puts the VFIO modules, the list of functions and the script that hands them over into the initial ram disk.
# Sourced by mkinitcpio while it builds one; source of the calls: mkinitcpio(8).

build() {
	local file program

	add_module vfio_pci
	add_module vfio_iommu_type1

	for file in /etc/neuron/vfio-functions /etc/neuron/vfio-hand-over; do
		[[ -f $file ]] && add_file "$file"
	done

	# Busybox has them all; an image with systemd alone has not.
	for program in sh modprobe readlink; do
		# shellcheck disable=SC2154
		[[ -e $BUILDROOT/usr/bin/$program ]] || add_binary "$program"
	done

	# shellcheck disable=SC2154
	if [[ " ${HOOKS[*]} " == *" systemd "* ]]; then
		add_file /etc/systemd/system/neuron-vfio-initrd.service
		add_file /etc/systemd/system/initrd.target.d/neuron-vfio.conf
	else
		add_runscript
	fi
}

help() {
	echo "Gives the card of a VM to vfio-pci before a driver of the host takes it (neuron-setup)."
}
