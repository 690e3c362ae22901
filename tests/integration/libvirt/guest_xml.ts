/** The smallest domains that QEMU runs by TCG, for tests. */
export interface GuestSpec {
  name: string;
  /** More devices, as XML. */
  devices?: string;
  /** No screen; the firmware talks on the serial line and shows its boot menu on ESC. */
  serial?: boolean;
}

const MENU = "<bootmenu enable='yes' timeout='60000'/><bios useserial='yes'/>";
const LINE = "<serial type='pty'/><console type='pty'/><video><model type='none'/></video>";
const SCREEN = "<video><model type='vga'/></video>";

/** A guest without a disk: its firmware finds nothing to boot and stays. */
export function guestXml({ name, devices = "", serial = false }: GuestSpec): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type>${serial ? MENU : ""}</os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${serial ? LINE : SCREEN}${devices}</devices></domain>`;
}
