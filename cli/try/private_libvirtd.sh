#!/bin/sh
# First process of the namespaces in which the try-out's own libvirtd lives; see private_libvirtd.ts.
# usage: unshare --mount --net --pid --fork --mount-proc sh private_libvirtd.sh HOME SOCKETS
# Ends, and with it every process in its PID namespace, when standard input closes: the kernel closes it when the
# program that started us dies, however it dies.
set -eu
home=$1
sockets=$2

ip link set lo up
# The folders libvirt has compiled in are covered by ours, in this namespace only.
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt /run/lock
for folder in etc/libvirt var/lib/libvirt var/cache/libvirt var/log/libvirt; do
  mkdir -p "$home/$folder" "/$folder"
  mount --bind "$home/$folder" "/$folder"
done
mkdir -p /var/lib/libvirt/images /var/lib/libvirt/qemu

cat > "$home/libvirtd.conf" <<CONF
unix_sock_dir = "$sockets"
auth_unix_rw = "none"
auth_unix_ro = "none"
CONF
# libvirtd will not start without the accounts it was built for, which only its system package makes: here they are, for
# this namespace alone (Debian's own numbers).
for file in passwd group; do
  cp "/etc/$file" "$home/$file"
  grep -q '^libvirt-qemu:' "$home/$file" || case $file in
    passwd) echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin' >> "$home/passwd" ;;
    group) echo 'libvirt-qemu:x:64055:' >> "$home/group" ;;
  esac
  mount --bind "$home/$file" "/etc/$file"
done

# Its guests run as root of this try-out only; no security driver, cgroup or user of the machine is involved.
cat > /etc/libvirt/qemu.conf <<CONF
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
remember_owner = 0
CONF

virtlogd -d
libvirtd -f "$home/libvirtd.conf" -p /run/libvirtd.pid 2> "$home/libvirtd.log" &
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
