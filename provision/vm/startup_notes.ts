/** What comes of startup programs and kiosk in which guest. Pure. */
import type { Finding } from "../../model/errors.ts";
import type { VmSpec } from "../../model/vm_spec.ts";

/** Only Windows' answer medium takes them into the guest. */
export function startupNotes({ os, startupApps, kiosk }: VmSpec): Finding[] {
  if (os === "windows11" || os === "windows10" || (startupApps.length === 0 && !kiosk)) return [];
  return [{
    code: "startup-apps-not-taken",
    severity: "warning",
    title: `vm.startupApps and vm.kiosk are kept with the VM, but nothing in a guest of the kind "${os}" reads them`,
    hint: "Set the programs up in the guest itself, such as with an entry in ~/.config/autostart",
  }];
}
