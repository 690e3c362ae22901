#!/bin/bash
# usage: OVERLAY=FOLDER 10-neuron.sh ROOT-OF-THE-IMAGE
set -euo pipefail
root=$1

cp --recursive --no-preserve=ownership,timestamps --preserve=mode "$OVERLAY/." "$root"

mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
chroot "$root" sh -c 'dpkg --install /tmp/neuron-setup_*.deb && rm /tmp/neuron-setup_*.deb'
# Unpacked here, a start from the medium needs neither time nor memory for it.
chroot "$root" neuron-setup version
rm -rf "$root"/var/lib/neuron/runtime/*/cache
chroot "$root" systemctl enable neuron-manager.service
chroot "$root" systemctl disable ssh.service ssh.socket
# NetworkManager has the network; Debian's own way is a second one that waits for it, too.
chroot "$root" dpkg --purge ifupdown
