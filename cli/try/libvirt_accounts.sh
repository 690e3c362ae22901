# Sourced by scripts that start a libvirtd in a mount namespace of its own; $accounts is a folder for two files.
# libvirtd does not start without the accounts it was built for, which only Debian's libvirt-daemon-system makes: here
# they are, for this namespace alone, with Debian's own numbers.
for file in passwd group; do
  cp "/etc/$file" "$accounts/$file"
  grep -q '^libvirt-qemu:' "$accounts/$file" || case $file in
    passwd) echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin' >> "$accounts/passwd" ;;
    group) echo 'libvirt-qemu:x:64055:' >> "$accounts/group" ;;
  esac
  mount --bind "$accounts/$file" "/etc/$file"
done
