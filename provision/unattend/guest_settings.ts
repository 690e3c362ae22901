/**
 * What first-logon.ps1 shall do, and what session.ps1 does at each sign-in: data in settings.json beside them. Pure.
 * docs/windows.md describes the file: whoever else reads or writes it in the guest keeps to that.
 */
import { AppError } from "../../model/errors.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { parseStartupApp, type StartupApp } from "./startup_apps.ts";

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
  /** Started in this order at each sign-in, unless the account is a kiosk. */
  readonly startupApps: readonly StartupApp[];
  /** The first startup program takes the desktop's place, and is the only one. */
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

/** @throws AppError `answer-invalid` for startup programs Windows would not start as they are meant */
export function guestSettings(spec: VmSpec, driverFolder: string): GuestSettings {
  const startupApps = spec.startupApps.map(parseStartupApp);
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
    startupApps,
    kiosk: spec.kiosk,
  };
}
