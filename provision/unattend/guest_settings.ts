/** What first-logon.ps1 shall do: data in settings.json beside it. Pure. */
import { AppError } from "../../model/errors.ts";
import type { VmSpec } from "../../model/vm_spec.ts";

export interface GuestSettings {
  readonly schema: "neuron.guest-settings/1";
  /** The folder of this Windows on the virtio-win medium. */
  readonly driverFolder: string;
  /** Drivers to add one by one when the guest tools fail. */
  readonly drivers: readonly string[];
  readonly guestTools: boolean;
  readonly guestAgent: boolean;
  readonly spiceAgent: boolean;
  readonly lookingGlass: boolean;
  /** Command lines, started at each sign-in. */
  readonly startupApps: readonly string[];
  /** The first startup program takes the desktop's place. */
  readonly kiosk: boolean;
}

/** Folders of the virtio-win medium. smbus is left out: Server 2025 refuses it (virtio-win-pkg-scripts#122). */
const drivers = [
  "vioserial",
  "viostor",
  "vioscsi",
  "NetKVM",
  "Balloon",
  "viorng",
  "vioinput",
  "viogpudo",
  "viofs",
  "fwcfg",
  "pvpanic",
  "qemupciserial",
];

/** Windows starts no longer command line from a Run key (Microsoft Learn "Run and RunOnce Registry Keys"). */
const longestStartupApp = 260;

/** @throws AppError `answer-invalid` for startup programs Windows would not start */
export function guestSettings(spec: VmSpec, driverFolder: string): GuestSettings {
  const tooLong = spec.startupApps.find((line) => line.length > longestStartupApp);
  if (tooLong !== undefined) {
    throw new AppError(
      "answer-invalid",
      `vm.startupApps has a line of ${tooLong.length} characters; Windows starts up to ${longestStartupApp}`,
      { hint: "Put the long command into a script in the guest and name that" },
    );
  }
  if (spec.startupApps.some((line) => line.trim() === "")) {
    throw new AppError("answer-invalid", "vm.startupApps has an empty line", { hint: "Remove it" });
  }
  if (spec.kiosk && spec.startupApps.length === 0) {
    throw new AppError("answer-invalid", "vm.kiosk is true, but vm.startupApps names no program to show", {
      hint: "Name one, or set vm.kiosk to false",
    });
  }
  return {
    schema: "neuron.guest-settings/1",
    driverFolder,
    drivers,
    guestTools: true,
    guestAgent: spec.guestAgent,
    spiceAgent: spec.display.spice,
    lookingGlass: spec.display.lookingGlass.enabled,
    startupApps: spec.startupApps,
    kiosk: spec.kiosk,
  };
}
