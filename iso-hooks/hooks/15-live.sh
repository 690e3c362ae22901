#!/bin/bash
# usage: WORK=FOLDER 15-live.sh ROOT-OF-THE-IMAGE
# The medium starts with live-boot in its initial RAM disk, what it installs without: the one for the disk is made here,
# so that no installation has to make it.
set -euo pipefail
root=$1

cp "$root"/boot/initrd.img-* "$WORK/live-initrd.img"
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
chroot "$root" dpkg --purge live-boot live-boot-initramfs-tools
