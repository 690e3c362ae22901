#!/bin/sh
# usage: unshare --mount --net --pid --fork sh live_enter.sh FOLDER MACHINE COMMAND...
# Runs COMMAND as root of a throw-away copy of this machine: an overlay over /, with the hardware and the boot files of
# MACHINE (a folder of fixtures/hosts.ts) and with stand-ins for the programs that would change the kernel or systemd.
set -eu
folder=$1
machine=$2
shift 2

mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/top" "$folder/bin"
top=$folder/top
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$top"

rm -rf "$top/boot" "$top/etc/default/grub.d" "$top/etc/neuron" "$top/var/lib/neuron" "$top/etc/grub.d"
cp -a "$machine/boot" "$top/boot"
cp -a "$machine/etc/default/." "$top/etc/default/"
cp -a "$machine/etc/initramfs-tools" "$top/etc/"
mkdir -p "$top/etc/tmpfiles.d" "$top/etc/sysusers.d" "$top/etc/modprobe.d"

# What the stand-ins write lies on a tmpfs: /sys is the fixture's, and may be written to.
cp -a "$machine/sys" "$folder/sys"
mkdir -p "$folder/sys/devices/system/node/node0/hugepages/hugepages-2048kB"
echo 0 >"$folder/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"

program() {
	cat >"$top/usr/sbin/$1"
	chmod 755 "$top/usr/sbin/$1"
}
mv "$top/usr/bin/systemd-tmpfiles" "$top/usr/bin/real-systemd-tmpfiles"
rm -f "$top/usr/bin/systemctl" "$top/sbin/sysctl" "$top/usr/sbin/sysctl"
program update-grub <<'EOF'
#!/bin/sh
echo update-grub >>/ran
. /etc/default/grub
for file in /etc/default/grub.d/*.cfg; do [ ! -e "$file" ] || . "$file"; done
export GRUB_CMDLINE_LINUX GRUB_CMDLINE_LINUX_DEFAULT
for script in 10_linux 42_neuron; do [ ! -x /etc/grub.d/$script ] || /etc/grub.d/$script; done >/boot/grub/grub.cfg
EOF
program grub-reboot <<'EOF'
#!/bin/sh
echo grub-reboot "$@" >>/ran
echo "next_entry=$1" >/boot/grub/grubenv
EOF
program grub-editenv <<'EOF'
#!/bin/sh
echo grub-editenv "$@" >>/ran
[ "$2 $3" != "unset next_entry" ] || : >"$1"
EOF
mkdir "$top/etc/grub.d"
cat >"$top/etc/grub.d/10_linux" <<'EOF'
#!/bin/sh
echo "menuentry 'Linux' \$menuentry_id_option 'linux' {
	linux	/boot/vmlinuz root=/dev/sda2 ro $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT
	initrd	$(echo /boot/initrd.img-*)
}"
EOF
chmod 755 "$top/etc/grub.d/10_linux"
: >"$top/boot/grub/grubenv"
program update-initramfs <<'EOF'
#!/bin/sh
echo update-initramfs "$@" >>/ran
[ ! -e /fail-update-initramfs ] || { echo half >"$(echo /boot/initrd.img-*)"; echo "no room" >&2; exit 1; }
for initrd in /boot/initrd.img-*; do
	find /etc/initramfs-tools /etc/modprobe.d /etc/neuron/vfio-functions -type f | sort | xargs sha256sum >"$initrd"
done
EOF
program systemctl <<'EOF'
#!/bin/sh
echo systemctl "$@" >>/ran
case "$*" in
"reload-or-restart libvirtd.service") [ -S /run/libvirt/libvirt-sock ] || { virtlogd -d && libvirtd -d; } ;;
esac
EOF
program systemd-tmpfiles <<'EOF'
#!/bin/sh
echo systemd-tmpfiles "$@" >>/ran
case "$2" in *hugepages*) ;; *) exec real-systemd-tmpfiles "$@" ;; esac
while read -r kind path _ _ _ _ value; do [ "$kind" != w ] || echo "$value" >"$path"; done <"$2"
EOF
program sysctl <<'EOF'
#!/bin/sh
echo sysctl "$@" >>/ran
EOF
# Somebody administers this machine.
echo "zoe:x:1001:61001::/home/zoe:/bin/sh" >>"$top/etc/passwd"
echo "admin:x:61001:" >>"$top/etc/group"

# libvirt and two tools are not installed yet: the package manager brings them.
mkdir "$top/packages"
mv "$top"/lib/systemd/system/libvirtd*.socket "$top/lib/systemd/system/libvirtd.service" "$top/packages/"
rm -f "$top/usr/bin/xorriso" "$top/usr/bin/wimlib-imagex" "$top/usr/bin/apt-get"
program apt-get <<'EOF'
#!/bin/sh
echo apt-get "$@" >>/ran
case " $* " in *" install "*) ;; *) exit 0 ;; esac
[ ! -e /fail-apt-get ] || { echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by 7" >&2; exit 100; }
mv /packages/* /lib/systemd/system/
for name in xorriso wimlib-imagex; do printf '#!/bin/sh\n' >/usr/bin/$name && chmod 755 /usr/bin/$name; done
EOF
mv "$top/usr/sbin/apt-get" "$top/usr/bin/apt-get"
program mkinitramfs <<'EOF'
#!/bin/sh
EOF

mount --bind /dev "$top/dev"
mount -t tmpfs tmpfs "$top/dev/shm"
mount --bind /dev/pts "$top/dev/pts"
mount -t proc proc "$top/proc"
mount --bind "$folder/sys" "$top/sys"
mount -t tmpfs tmpfs "$top/run"
mkdir "$top/run/lock" "$top/run/libvirt"
: >"$top/ran"
echo "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda2 ro quiet" >"$top/cmdline"
echo first >"$top/boot_id"
mount --bind "$top/cmdline" "$top/proc/cmdline"
# As on a PC whose IOMMU remaps interrupts, whatever this machine's does.
echo " 16:  0  IR-IO-APIC  16-fasteoi  i801_smbus" >"$top/interrupts"
mount --bind "$top/interrupts" "$top/proc/interrupts"
mount --bind "$top/boot_id" "$top/proc/sys/kernel/random/boot_id"
exec chroot "$top" "$@"
