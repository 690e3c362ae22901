#!/bin/sh
# First process of the namespaces in which the try-out's own libvirtd lives; see private_libvirtd.ts.
# usage: unshare --mount --net --pid --fork --mount-proc sh private_libvirtd.sh HOME SOCKETS
# Ends, and with it every process in its PID namespace, when standard input closes: the kernel closes it when the
# program that started us dies, however it dies.
set -eu
here=$(dirname "$0")
home=$1
sockets=$2

ip link set lo up
mkdir -p "$home/etc/libvirt" "$home/var/cache/libvirt" "$home/var/log/libvirt" "$home/var/tmp" \
  "$home/var/lib/libvirt/images" "$home/var/lib/libvirt/qemu"
ln -sfn /run "$home/var/run"
cat > "$home/libvirtd.conf" <<CONF
unix_sock_dir = "/run/sockets"
auth_unix_rw = "none"
auth_unix_ro = "none"
CONF
# Its guests run as root of this try-out only; no security driver, cgroup, device namespace or user of the machine is
# involved.
cat > "$home/etc/libvirt/qemu.conf" <<CONF
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
CONF
accounts=$home
. "$here/libvirt_accounts.sh"

# What libvirt has compiled in is covered by what is ours, in this namespace only. The two folders are given other names
# first: they may lie below /var themselves.
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt /run/lock /run/home /run/sockets
mount --bind "$home" /run/home
mount --bind "$sockets" /run/sockets
mount --bind /run/home/etc/libvirt /etc/libvirt
mount --bind /run/home/var /var

virtlogd -d
libvirtd -f /run/home/libvirtd.conf -p /run/libvirtd.pid 2> /run/home/libvirtd.log &
daemon=$!
# Nobody says goodbye to libvirtd: its files are complete at any moment, and its orderly end can take minutes.
exec 3<&0
{
  read -r _ <&3 || true
  kill -KILL "$daemon"
} &
# As first process we are the parent of every orphan, and only `wait` reaps them: libvirt's probes of QEMU are done when
# their process is gone, not when it is a zombie.
wait "$daemon" || true
