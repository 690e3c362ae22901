#!/bin/sh
# Written by neuron-setup. "apply" puts changes made here back, "rollback" removes the file.
# Gives the functions listed in /etc/neuron/vfio-functions to vfio-pci before a driver of the host can take them.
# Acts only when the kernel command line holds neuron.vfio=1, and only when every function is found at its address with
# its ids: a card that was moved, or another device at its place, is reported and left alone. Never stops the boot.

case "${1:-}" in
prereqs)
	echo ""
	exit 0
	;;
esac

# A test sets another root; in the initial ram disk it is empty.
root="${NEURON_ROOT:-}"
devices="$root/sys/bus/pci/devices"

say() {
	echo "neuron: $*" >>"$root/dev/kmsg"
}

asked() {
	read -r parameters <"$root/proc/cmdline" || [ -n "$parameters" ] || return 1
	case " $parameters " in
	*" neuron.vfio=1 "*) return 0 ;;
	*) return 1 ;;
	esac
}

# Prints "vendor device" of a function as four hex digits each; nothing when it is not there.
ids_of() {
	[ -r "$devices/$1/vendor" ] && [ -r "$devices/$1/device" ] || return 0
	read -r vendor <"$devices/$1/vendor"
	read -r device <"$devices/$1/device"
	echo "${vendor#0x} ${device#0x}"
}

functions() {
	while read -r address vendor device _; do
		case "$address" in
		"" | "#"*) ;;
		*) echo "$address $vendor $device" ;;
		esac
	done <"$root/etc/neuron/vfio-functions"
}

# Fails when a function is missing or another device is at its address.
all_in_place() {
	functions | {
		failed=0
		while read -r address wanted; do
			found="$(ids_of "$address")"
			if [ -z "$found" ]; then
				say "no device at $address, where $wanted was: the card is left alone"
				failed=1
			elif [ "$found" != "$wanted" ]; then
				say "$found at $address, where $wanted was: the card is left alone"
				failed=1
			fi
		done
		[ "$failed" -eq 0 ]
	}
}

give() {
	echo vfio-pci >"$devices/$1/driver_override"
	if [ -e "$devices/$1/driver" ]; then
		case "$(readlink "$devices/$1/driver")" in
		*/vfio-pci) return ;;
		esac
		echo "$1" >"$devices/$1/driver/unbind"
	fi
	echo "$1" >"$root/sys/bus/pci/drivers_probe"
}

[ -r "$root/etc/neuron/vfio-functions" ] || exit 0
asked || exit 0
all_in_place || exit 0
modprobe vfio-pci || say "the module vfio-pci cannot be loaded here: the card waits for it"
functions | while read -r address _; do
	give "$address"
done
exit 0
