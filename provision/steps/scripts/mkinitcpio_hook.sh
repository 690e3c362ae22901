#!/usr/bin/ash
# Written by neuron-setup. "apply" puts changes made here back, "rollback" removes the file.
# Sourced by the initial ram disk's init, before it loads a module or tells udev of the devices.

run_earlyhook() {
	sh /etc/neuron/vfio-hand-over || :
}
