/**
 * One PCI function and the driver that has it, as sysfs shows it and lets it be changed. Every change is one write,
 * followed by a look whether the kernel did it.
 * Sources: Documentation/ABI/testing/sysfs-bus-pci (driver_override, bind, unbind), drivers/pci/pci-driver.c,
 * drivers/base/bus.c (drivers_probe).
 */
import { AppError } from "../../model/errors.ts";
import { baseName, parseHex, parseLine } from "../hardware/values.ts";
import type { Host, HostFiles } from "../host/host.ts";

const DEVICES = "/sys/bus/pci/devices";
const DRIVERS = "/sys/bus/pci/drivers";

/** What a function was before it was taken; enough to know it again and to give it back. */
export interface FunctionBefore {
  readonly address: string;
  /** `10de:2206` */
  readonly ids: string;
  readonly driver: string | null;
  /** Somebody's own driver_override; null: none. */
  readonly override: string | null;
}

/** Null when there is no device at this address. */
export function readFunction(files: HostFiles, address: string): FunctionBefore | null {
  const text = (name: string) => parseLine(files.readText(`${DEVICES}/${address}/${name}`));
  const vendor = parseHex(text("vendor"), 4);
  const device = parseHex(text("device"), 4);
  if (vendor === null || device === null) return null;
  const override = text("driver_override");
  return {
    address,
    ids: `${vendor}:${device}`,
    driver: driverOf(files, address),
    override: override === "(null)" ? null : override,
  };
}

export function driverOf(files: HostFiles, address: string): string | null {
  const link = files.readLink(`${DEVICES}/${address}/driver`);
  return link === null ? null : baseName(link);
}

/** @throws AppError `conflict` when another device is at the address than was seen there */
export function refuseStranger(files: HostFiles, { address, ids }: FunctionBefore): void {
  const now = readFunction(files, address)?.ids ?? null;
  if (now === ids) return;
  throw new AppError(
    "conflict",
    now === null
      ? `There is no device at ${address} any more, where ${ids} was`
      : `At ${address} is ${now}, where ${ids} was`,
    { hint: "It is left alone. neuron-setup vm gpu list shows what is there now" },
  );
}

/** From whatever driver to vfio-pci: the override first, so that nothing else can take it in between. */
export function giveToVfio(host: Host, before: FunctionBefore): void {
  const { address } = before;
  refuseStranger(host, before);
  if (readFunction(host, address)?.override !== "vfio-pci") {
    host.tellKernel(`${DEVICES}/${address}/driver_override`, "vfio-pci\n");
  }
  if (driverOf(host, address) === "vfio-pci") return;
  unbind(host, address);
  host.tellKernel("/sys/bus/pci/drivers_probe", address);
  expectDriver(host, address, "vfio-pci");
}

/** Back to the driver it had; where that is not known, to the one the kernel chooses. */
export async function giveBack(host: Host, before: FunctionBefore | { address: string; ids: string }): Promise<void> {
  const { address } = before;
  const known = "driver" in before ? before : null;
  refuseStranger(host, known ?? { ...before, driver: null, override: null });
  const override = known?.override ?? null;
  if ((readFunction(host, address)?.override ?? null) !== override) {
    // An empty line takes an override away.
    host.tellKernel(`${DEVICES}/${address}/driver_override`, `${override ?? ""}\n`);
  }
  const now = driverOf(host, address);
  if (known !== null && now === known.driver) return;
  if (now === "vfio-pci" || known !== null) unbind(host, address);
  if (known?.driver === null) return expectDriver(host, address, null);
  await loadDrivers(host, address, known?.driver ?? null);
  // Loading a driver's module may have bound it already.
  if (driverOf(host, address) === null) {
    const [path] = known === null ? ["/sys/bus/pci/drivers_probe"] : [`${DRIVERS}/${known.driver}/bind`];
    host.tellKernel(path, address);
  }
  if (known !== null) expectDriver(host, address, known.driver);
}

function unbind(host: Host, address: string): void {
  const driver = driverOf(host, address);
  if (driver !== null) host.tellKernel(`${DRIVERS}/${driver}/unbind`, address);
}

/** Modules that say they can drive it, where the wanted one is not loaded. That none can be is no failure. */
async function loadDrivers(host: Host, address: string, driver: string | null): Promise<void> {
  if (driver !== null && host.list(`${DRIVERS}/${driver}`) !== null) return;
  const modalias = parseLine(host.readText(`${DEVICES}/${address}/modalias`));
  if (modalias === null) return;
  const reason = `load the driver that ${address} goes back to`;
  await host.run({ argv: ["modprobe", "-qb", modalias], step: "vm_gpu", reason });
}

function expectDriver(host: Host, address: string, wanted: string | null): void {
  const now = driverOf(host, address);
  if (now === wanted) return;
  const words = (driver: string | null) => driver === null ? "no driver" : `"${driver}"`;
  throw new AppError("conflict", `The kernel did not give ${address} to ${words(wanted)}: ${words(now)} has it`, {
    hint: `Its messages may say why: dmesg | grep ${address}`,
  });
}
