#!/bin/bash
# usage: RELEASE=… SOURCE_DATE_EPOCH=… TARGET_MIRROR=… TARGET_SECURITY_MIRROR=… 20-clean.sh ROOT-OF-THE-IMAGE
# What no two machines may share, and what would make two builds differ.
set -euo pipefail
root=$1

: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_* "$root/var/lib/systemd/random-seed"
rm -f "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin "$root/var/cache/ldconfig/aux-cache"
rm -rf "$root"/var/log/apt "$root"/var/log/*.log "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old
find "$root/var/log" -type f -delete

# Where the installed system gets its updates from.
rm -f "$root"/etc/apt/sources.list.d/*
printf 'deb %s %s main non-free-firmware\n' \
	"$TARGET_MIRROR" "$RELEASE" "$TARGET_MIRROR" "$RELEASE-updates" "$TARGET_SECURITY_MIRROR" "$RELEASE-security" \
	>"$root/etc/apt/sources.list"
echo neuron >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 neuron\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"

# Nothing that systemd makes anew after an update of /usr is missing in the image, and no file of it is newer: neither a
# start from the medium nor the first from the disk has to. Source: systemd-update-done.service(8).
for folder in etc var; do touch --date="@$SOURCE_DATE_EPOCH" "$root/$folder/.updated"; done
