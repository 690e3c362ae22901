#!/bin/bash
# usage: SOURCE_DATE_EPOCH=… 12-console.sh ROOT-OF-THE-IMAGE
# The console's font and keyboard are compiled here, and not at each start from the medium.
set -euo pipefail
root=$1

chroot "$root" setupcon --save-only
# console-setup.sh compiles anew unless what it finds is newer than these; in the image no file is newer than the rest.
touch --date="@$((SOURCE_DATE_EPOCH - 1))" "$root/etc/default/keyboard" "$root/etc/default/console-setup"
