#!/bin/busybox sh
# The stand-in for Windows PE: looks at every CD drive for the marker, as winpe.cmd's caller does, and prints the digest
# of each file of the medium, read by its Joliet names as Windows reads them. The kernel's command line says how many
# drives there will be: they appear when their drivers have looked.
busybox mkdir -p /proc /dev /sys /medium
busybox mount -t proc none /proc
busybox mount -t devtmpfs none /dev
while read -r module; do busybox insmod "/modules/$module.ko" || echo "GUEST no module $module"; done </modules/order
for word in $(busybox cat /proc/cmdline); do
  case $word in drives=*) wanted=${word#drives=} ;; esac
done
tries=0
while [ "$(busybox ls /dev | busybox grep -c '^sr[0-9]')" -lt "$wanted" ] && [ $tries -lt 300 ]; do
  busybox usleep 100000
  tries=$((tries + 1))
done
for drive in /dev/sr*; do
  if ! busybox mount -t iso9660 -o ro,norock "$drive" /medium 2>/dev/null; then
    echo "GUEST $drive empty"
    continue
  fi
  if [ -f /medium/neuron/answer-medium.txt ]; then
    echo "GUEST $drive marker"
    cd /medium
    busybox find . -type f | while read -r file; do echo "GUEST file $(busybox sha256sum "$file")"; done
    cd /
  else
    echo "GUEST $drive other"
  fi
  busybox umount /medium
done
echo "GUEST end"
busybox poweroff -f
