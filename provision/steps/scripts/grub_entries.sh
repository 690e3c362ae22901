#!/bin/sh
# Written by neuron-setup. "apply" puts changes made here back, "rollback" removes the file.
# Adds to GRUB's menu what the system's own 10_linux makes of other kernel parameters: "Start without passthrough", which
# stays for ever, and while a trial boot is wanted the entry for it. Run by grub-mkconfig; never makes that fail, since a
# kernel update depends on it.
#
# The trial: as long as /etc/neuron/boot-trial is there, every start that nobody steers is one without passthrough, but
# for the one that grub-reboot asked for.

# A test sets another root.
root="${NEURON_ROOT:-}"
saved="$root/boot/neuron"

[ -n "${NEURON_CMDLINE_BEFORE+set}" ] || exit 0
[ -x "$root/etc/grub.d/10_linux" ] || exit 0

# Saved initial ram disks that fit the kernel they were made for: one that is older than its kernel does not.
usable() {
	for path in "$saved"/*; do
		name="${path##*/}"
		version="${name#initrd.img-}"
		version="${version#initrd-}"
		version="${version#initramfs-}"
		version="${version%.img}"
		kernel="$root/boot/vmlinuz-$version"
		[ -f "$path" ] && [ -f "$kernel" ] && ! [ "$kernel" -nt "$path" ] && printf '%s ' "$name"
	done
	return 0
}

# entry TITLE ID PARAMETERS [SAVED INITIAL RAM DISKS]: the newest kernel's entry; where there is one whose initial ram
# disk was saved, that, with the saved one.
entry() {
	GRUB_CMDLINE_LINUX_DEFAULT="$3" GRUB_DISABLE_SUBMENU=true GRUB_DISABLE_RECOVERY=true \
		"$root/etc/grub.d/10_linux" 2>/dev/null |
		awk -v title="$1" -v id="$2" -v saved="$4" '
			function base(path) { sub(/.*\//, "", path); return path }
			BEGIN { split(saved, list, " "); for (i in list) fits[list[i]] = 1 }
			/^menuentry / { count++; open = 1 }
			open {
				if ($1 == "initrd") for (i = 2; i <= NF; i++) if (base($i) in fits) {
					if (!chosen) chosen = count
					$i = substr($i, 1, length($i) - length(base($i))) "neuron/" base($i)
				}
				text[count] = text[count] $0 "\n"
			}
			/^}/ { open = 0 }
			END {
				if (!count) exit
				one = text[chosen ? chosen : 1]
				system_name = one
				sub(/^menuentry \047/, "", system_name)
				sub(/\047.*/, "", system_name)
				sub(/^menuentry \047[^\047]*\047/, "menuentry \047" title " (" system_name ")\047", one)
				sub(/\$menuentry_id_option \047[^\047]*\047/, "$menuentry_id_option \047" id "\047", one)
				printf "%s", one
			}'
}

without="$(entry "Start without passthrough" neuron-without-passthrough "$NEURON_CMDLINE_BEFORE" "$(usable)")" || exit 0
[ -n "$without" ] || exit 0
printf '%s\n' "$without"
[ -e "$root/etc/neuron/boot-trial" ] || exit 0

trial="$(entry "Trial start with passthrough" neuron-trial \
	"$GRUB_CMDLINE_LINUX_DEFAULT neuron.trial=1 panic=30 rd.shell=0 rd.emergency=reboot")" || exit 0
[ -n "$trial" ] || exit 0
printf '%s\n' "$trial"
# Where GRUB cannot write its environment block (btrfs, LVM, RAID) it would start the trial again and again: then
# next_entry is still there, and only a person can choose the trial.
cat <<'END'
load_env next_entry
if [ "${boot_once}" != "true" -o -n "${next_entry}" ]; then
	set default="neuron-without-passthrough"
fi
set timeout_style=menu
set timeout=10
END
