#!/bin/sh
# Written by neuron-setup. "apply" puts changes made here back, "rollback" removes the file.
# Lends the host's only card to a VM: before the VM starts it closes the desktop and takes the console off the card, and
# when the VM has ended it brings both back. libvirt itself moves the functions (managed='yes') between the two.
# Called by libvirt (https://libvirt.org/hooks.html) as NAME OPERATION SUBOPERATION EXTRA with the domain's XML on stdin.
# Whatever it printed would replace that XML, so it prints nothing; it never calls libvirt, which waits for it.
# A VM whose devices hold the card listed in /etc/neuron/single-gpu is concerned, no other.
set -u

case "${2:-}/${3:-}" in
prepare/begin | release/end) ;;
*) exit 0 ;;
esac
vm=$1

# A test sets another root; on a machine it is empty.
root="${NEURON_ROOT:-}"
list="$root/etc/neuron/single-gpu"
devices="$root/sys/bus/pci/devices"
consoles="$root/sys/class/vtconsole"
# What was switched off, so that exactly that is switched on again. Dies with the boot, as the need for it does.
state="$root/run/neuron/single-gpu"

say() {
	echo "neuron: $*" >&2
	logger -t neuron-single-gpu -- "$*" </dev/null >/dev/null 2>&1
}

# limit SECONDS COMMAND...: a desktop that hangs must not make libvirt hang.
limit() {
	timeout -k 5 "$@" </dev/null >/dev/null 2>&1
}

functions() {
	grep -v '^#' "$list" | grep .
}

# Succeeds when one of the VM's hostdevs is the card, the first function listed.
has_card() {
	IFS=':. ' read -r domain bus slot fn _ <<-EOF
		$(functions | head -n 1)
	EOF
	[ -n "$domain" ] || return 1
	case "$1" in
	*"<address domain='0x$domain' bus='0x$bus' slot='0x$slot' function='0x$fn'/>"*) return 0 ;;
	*) return 1 ;;
	esac
}

card() {
	functions | {
		read -r address _
		echo "$address"
	}
}

value() {
	[ ! -r "$1" ] || head -n 1 "$1"
}

driver_of() {
	link="$(readlink "$devices/$1/driver")" && echo "${link##*/}"
}

# Fails with a line for each function that is not what and where it was when the card was chosen, or cannot be lent.
all_in_place() {
	functions | {
		failed=0
		while read -r address vendor device _; do
			found="$(value "$devices/$address/vendor") $(value "$devices/$address/device")"
			if [ "$found" != "0x$vendor 0x$device" ]; then
				say "at $address is not $vendor:$device any more: neuron-setup plan"
			elif [ ! -e "$devices/$address/iommu_group" ]; then
				say "$address is in no IOMMU group: was the machine started without passthrough?"
			else
				continue
			fi
			failed=1
		done
		[ "$failed" -eq 0 ]
	}
}

stop_unit() {
	# The name behind the alias: gdm.service, sddm.service …
	unit="$(systemctl show --property=Id --value "$1" </dev/null)"
	systemctl is-active --quiet "$unit" </dev/null || return 0
	echo "$unit" >>"$state/units"
	limit 30 systemctl stop "$unit"
}

# Desktops of users outlive the display manager: Plasma's runs as services of the user.
end_sessions() {
	loginctl list-sessions --no-legend </dev/null 2>/dev/null | while read -r session _; do
		case "$(loginctl show-session "$session" --property=Type --value </dev/null)" in
		x11 | wayland | mir) ;;
		*) continue ;;
		esac
		user="$(loginctl show-session "$session" --property=Name --value </dev/null)"
		limit 10 systemctl --user "--machine=$user@.host" stop graphical-session.target
		limit 10 loginctl terminate-session "$session"
	done
}

# Prints "process PID (NAME)" for whoever has the card's screen open.
holders() {
	set --
	for node in "$devices/$(card)"/drm/card* "$devices/$(card)"/drm/renderD*; do
		[ ! -e "$node" ] || set -- "$@" -o -lname "/dev/dri/${node##*/}"
	done
	for node in "$devices/$(card)"/graphics/fb*; do
		[ ! -e "$node" ] || set -- "$@" -o -lname "/dev/${node##*/}"
	done
	[ "$(driver_of "$(card)")" != nvidia ] || set -- "$@" -o -lname "/dev/nvidia[0-9]*"
	[ $# -gt 0 ] || return 0
	find "$root"/proc/[0-9]*/fd -maxdepth 1 \( -false "$@" \) 2>/dev/null | while read -r path; do
		pid="${path#"$root"/proc/}"
		pid="${pid%%/*}"
		echo "process $pid ($(value "$root/proc/$pid/comm"))"
	done | sort -u
}

wait_until_free() {
	for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		[ -n "$(holders)" ] || return 0
		sleep 1
	done
	say "the card is still in use by $(holders | tr '\n' ' ')after $second seconds"
	return 1
}

# The kernel's text console draws on the card until it is told not to.
unbind_consoles() {
	for console in "$consoles"/vtcon*; do
		case "$(value "$console/name")" in
		*"frame buffer"*) ;;
		*) continue ;;
		esac
		[ "$(value "$console/bind")" = 1 ] || continue
		echo "${console##*/}" >>"$state/consoles"
		echo 0 2>/dev/null >"$console/bind" || return 1
	done
}

# The firmware's frame buffer lies in the card's memory where no driver of its own took over: efifb and vesafb, or
# simpledrm, which calls itself simple-framebuffer (Linux 5.14 and later; drivers/firmware/sysfb.c).
unbind_framebuffers() {
	[ "$(value "$devices/$(card)/boot_vga")" = 1 ] || return 0
	for device in "$root"/sys/bus/platform/drivers/*-framebuffer/*-framebuffer.*; do
		[ -e "$device" ] || continue
		driver="${device%/*}"
		echo "${driver##*/} ${device##*/}" >>"$state/framebuffers"
		echo "${device##*/}" 2>/dev/null >"$driver/unbind" || return 1
	done
}

# NVIDIA's driver does not let go of a card while its upper modules are loaded; asked to, it waits for ever.
unload_drivers() {
	[ "$(driver_of "$(card)")" = nvidia ] || return 0
	for module in nvidia_drm nvidia_modeset nvidia_uvm nvidia; do
		grep -q "^$module " "$root/proc/modules" || continue
		echo "$module" >>"$state/modules"
		limit 20 modprobe -r "$module" || {
			say "the module $module is in use"
			return 1
		}
	done
}

# What was switched off, the last first.
each() {
	[ ! -r "$state/$1" ] || tac "$state/$1"
}

# Goes on after a failure: whatever can come back shall.
restore() {
	each modules | while read -r module; do
		limit 20 modprobe "$module" || say "the module $module could not be loaded"
	done
	functions | while read -r address _; do
		[ ! -d "$devices/$address" ] || [ -e "$devices/$address/driver" ] ||
			echo "$address" 2>/dev/null >"$root/sys/bus/pci/drivers_probe"
	done
	each framebuffers | while read -r driver device; do
		folder="$root/sys/bus/platform/drivers/$driver"
		[ -e "$folder/$device" ] || echo "$device" 2>/dev/null >"$folder/bind" || say "$device did not come back"
	done
	each consoles | while read -r console; do
		echo 1 2>/dev/null >"$consoles/$console/bind" || say "the console $console did not come back"
	done
	[ "$(systemctl is-system-running </dev/null)" = stopping ] || each units | while read -r unit; do
		# Without waiting: what it starts may ask libvirt for something.
		limit 20 systemctl start --no-block "$unit" || say "$unit could not be started"
	done
	rm -rf "$state"
}

fail() {
	say "$1: the VM $vm is not started"
	restore
	exit 1
}

prepare() {
	mkdir -p "${state%/*}"
	if ! mkdir "$state" 2>/dev/null && [ "$(value "$state/vm")" != "$vm" ]; then
		say "the card is lent to the VM $(value "$state/vm"): the VM $vm is not started"
		exit 1
	fi
	echo "$vm" >"$state/vm"
	all_in_place || fail "the card cannot be lent"
	# Before the desktop closes: libvirt would find out only after it.
	limit 20 modprobe vfio-pci || fail "the module vfio-pci cannot be loaded"
	say "closing the desktop: the VM $vm gets the card"
	stop_unit display-manager.service || fail "the display manager $unit did not stop"
	end_sessions
	stop_unit nvidia-persistenced.service || fail "$unit did not stop"
	wait_until_free || fail "the card is in use"
	unbind_consoles || fail "the text console did not let go of the card"
	unbind_framebuffers || fail "the firmware's frame buffer did not let go of the card"
	unload_drivers || fail "the card's driver did not let go"
}

[ -r "$list" ] || exit 0
xml="$(cat)"
if [ "$2" = prepare ]; then
	has_card "$xml" || exit 0
	prepare
elif [ "$(value "$state/vm")" = "$vm" ]; then
	say "the VM $vm has ended: the desktop comes back"
	restore
fi
exit 0
