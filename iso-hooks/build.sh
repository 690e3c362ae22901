#!/bin/bash
# usage: build.sh OUT.iso
# Makes the ISO. What goes into it and from where is decided by its caller, packaging/iso.ts, by these variables:
#   RELEASE             Debian's name of it: trixie
#   MIRROR SECURITY_MIRROR                 where its packages come from
#   TARGET_MIRROR TARGET_SECURITY_MIRROR   where the installed system gets its updates from
#   PACKAGES            separated by commas
#   DEB                 the neuron-setup package
#   CACHE               folder where downloaded packages are kept
#   WORK                an empty folder with room for 3 GB
#   SOURCE_DATE_EPOCH   seconds since 1970
#   LABEL               of the volume
# Sources: mmdebstrap(1), mksquashfs(1), live-boot(7), grub-mkimage(1), xorrisofs(1), and the shim and GRUB packages of Debian.
set -euo pipefail

out=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
: "${RELEASE:?}" "${MIRROR:?}" "${SECURITY_MIRROR:?}" "${PACKAGES:?}" "${DEB:?}" "${CACHE:?}" "${WORK:?}" "${LABEL:?}"
export RELEASE TARGET_MIRROR="${TARGET_MIRROR:?}" TARGET_SECURITY_MIRROR="${TARGET_SECURITY_MIRROR:?}"
export OVERLAY="$here/overlay" SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:?}"
root=$WORK/root
iso=$WORK/iso

say() { echo "== $SECONDS s: $*"; }

say "$RELEASE is unpacked"
mkdir -p "$CACHE"
mmdebstrap --quiet --mode=root --variant=important --skip=essential/unlink \
	--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
	--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-include=/usr/share/locale/locale.alias' \
	--setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
	--setup-hook="sync-in '$CACHE' /var/cache/apt/archives" \
	--include="$PACKAGES" \
	--customize-hook="sync-out /var/cache/apt/archives '$CACHE'" \
	--customize-hook="copy-in '$DEB' /tmp" \
	--customize-hook="for hook in '$here'/hooks/*.sh; do \"\$hook\" \"\$1\" || exit 1; done" \
	"$RELEASE" "$root" \
	"deb $MIRROR $RELEASE main non-free-firmware" \
	"deb $MIRROR $RELEASE-updates main non-free-firmware" \
	"deb $SECURITY_MIRROR $RELEASE-security main non-free-firmware"
rm -rf "$CACHE/lock" "$CACHE/partial"

say "its file system is compressed"
mkdir -p "$iso/live" "$iso/boot/grub/i386-pc" "$iso/boot/grub/x86_64-efi" "$iso/.disk"
cp "$root"/boot/vmlinuz-* "$iso/live/vmlinuz"
cp "$WORK/live-initrd.img" "$iso/live/initrd.img"
mksquashfs "$root" "$iso/live/filesystem.squashfs" -comp zstd -Xcompression-level 9 -noappend -quiet -no-progress \
	-wildcards -e 'proc/*' 'sys/*' 'dev/*' 'run/*' 'tmp/*'

say "boot loaders"
# The volume is found by a file that no other medium has, whatever it was written to.
id=$(echo "$SOURCE_DATE_EPOCH $LABEL" | sha256sum | cut -c1-16)
: >"$iso/.disk/$id"
echo "$LABEL" >"$iso/.disk/info"
cp "$here/grub.cfg" "$iso/boot/grub/grub.cfg"
find_volume=$WORK/grub.cfg
# normal, not configfile: only that reads which module has which command.
printf 'search --set=root --file /.disk/%s\nset prefix=($root)/boot/grub\nnormal ($root)/boot/grub/grub.cfg\n' "$id" \
	>"$find_volume"

grub=$root/usr/lib/grub
cp "$grub"/i386-pc/*.mod "$grub"/i386-pc/*.lst "$iso/boot/grub/i386-pc/"
cp "$grub"/x86_64-efi/*.mod "$grub"/x86_64-efi/*.lst "$iso/boot/grub/x86_64-efi/"
grub-mkimage --directory="$grub/i386-pc" --format=i386-pc --prefix=/boot/grub --config="$find_volume" \
	--output="$WORK/core.img" biosdisk iso9660 part_gpt part_msdos search search_fs_file configfile normal linux
cat "$grub/i386-pc/cdboot.img" "$WORK/core.img" >"$iso/boot/grub/bios.img"

# UEFI: the shim that Microsoft signed, and Debian's signed GRUB for media, which looks for its settings in /EFI/debian.
efi=$WORK/efi.img
truncate --size=8M "$efi"
mkfs.vfat -i "${id:0:8}" --invariant -n NEURON-EFI "$efi" >/dev/null
cp "$root/usr/lib/shim/shimx64.efi.signed" "$WORK/bootx64.efi"
cp "$root/usr/lib/shim/mmx64.efi.signed" "$WORK/mmx64.efi"
cp "$grub/x86_64-efi-signed/gcdx64.efi.signed" "$WORK/grubx64.efi"
touch --date="@$SOURCE_DATE_EPOCH" "$WORK"/*.efi "$find_volume"
mmd -i "$efi" ::/EFI ::/EFI/boot ::/EFI/debian ::/boot ::/boot/grub
for file in bootx64.efi grubx64.efi mmx64.efi; do mcopy -m -i "$efi" "$WORK/$file" "::/EFI/boot/$file"; done
mcopy -m -i "$efi" "$find_volume" ::/EFI/debian/grub.cfg
mcopy -m -i "$efi" "$find_volume" ::/boot/grub/grub.cfg

say "the ISO"
find "$iso" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
xorriso -report_about WARNING -as mkisofs -quiet -r -J -joliet-long -V "$LABEL" -o "$out" \
	--modification-date="$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S00)" \
	--grub2-mbr "$grub/i386-pc/boot_hybrid.img" -partition_offset 16 --mbr-force-bootable \
	-append_partition 2 C12A7328-F81F-11D2-BA4B-00A0C93EC93B "$efi" -appended_part_as_gpt \
	-c boot/boot.cat -b boot/grub/bios.img -no-emul-boot -boot-load-size 4 -boot-info-table --grub2-boot-info \
	-eltorito-alt-boot -e '--interval:appended_partition_2:all::' -no-emul-boot \
	"$iso"
say "made"
