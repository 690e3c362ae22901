/**
 * A machine in memory whose sysfs acts on writes as the kernel's does: driver_override, bind, unbind, drivers_probe
 * (drivers/pci/pci-driver.c, drivers/base/bus.c). Two cards; the second, of 0000:02:00, is the spare one.
 */
import type { Detection, Gpu } from "../../../model/detection.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import type { Host } from "../../../provision/host/host.ts";
import { failure, MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { machineTree, type MadeUpDevice, type Tree } from "../hardware/machine.ts";

const devices = "/sys/bus/pci/devices";
const drivers = "/sys/bus/pci/drivers";
/** What the kernel would choose by itself. */
const usual: Readonly<Record<string, string>> = {
  "0000:00:02.0": "i915",
  "0000:02:00.0": "nouveau",
  "0000:02:00.1": "snd_hda_intel",
};

export const machine: readonly MadeUpDevice[] = [
  { at: "0000:00:02.0", ids: "8086:4680", class: "0300", group: 0, bootVga: true, driver: "i915" },
  { at: "0000:00:01.0", ids: "8086:460d", class: "0604", group: 1 },
  { at: "0000:02:00.0", ids: "10de:2206", class: "0300", group: 2, driver: "nouveau" },
  { at: "0000:02:00.1", ids: "10de:1aef", class: "0403", group: 2, driver: "snd_hda_intel" },
];

export class Kernel extends MemoryDisk {
  static boot(extra: Tree = {}, list: readonly MadeUpDevice[] = machine): Kernel {
    const kernel = new Kernel();
    const tree: Tree = {
      "/proc/sys/kernel/random/boot_id": "first\n",
      [`${drivers}/i915/bind`]: "",
      [`${drivers}/nouveau/bind`]: "",
      [`${drivers}/snd_hda_intel/bind`]: "",
      "/sys/bus/pci/drivers_probe": "",
      ...machineTree(list),
      ...extra,
    };
    for (const { at } of list) tree[`${devices}/${at}/driver_override`] ??= "(null)\n";
    for (const [path, entry] of Object.entries(tree)) kernel.put(kernel.#real(path), entry);
    kernel.settle();
    return kernel;
  }

  /** `put` follows no links: what lies below a device goes to its real folder. */
  #real(path: string): string {
    const [, address, rest] = /^\/sys\/bus\/pci\/devices\/([^/]+)\/(.*)$/.exec(path) ?? [];
    return address === undefined ? path : `/sys/devices/pci0000:00/${address}/${rest}`;
  }

  override writeOnce(path: string, bytes: Uint8Array): void {
    this.before("write", path, true);
    const text = new TextDecoder().decode(bytes).trim();
    if (path.endsWith("/driver_override")) {
      return this.put(this.#real(path), text === "" ? "(null)\n" : `${text}\n`);
    }
    const driver = /drivers\/([^/]+)\/(?:un)?bind$/.exec(path)?.[1];
    if (driver !== undefined && !this.#has(`${drivers}/${driver}`)) throw failure("ENOENT", path);
    if (path.endsWith("/unbind")) {
      if (this.driver(text) !== driver) throw failure("ENODEV", path);
      return this.unlink(`${devices}/${text}/driver`);
    }
    const override = new TextDecoder().decode(this.readFile(`${devices}/${text}/driver_override`)).trim();
    const chosen = override === "(null)" ? usual[text] : override;
    if (this.driver(text) !== null || chosen === undefined || !this.#has(`${drivers}/${chosen}`)) return;
    if (driver !== undefined && driver !== chosen) throw failure("ENODEV", path);
    this.put(this.#real(`${devices}/${text}/driver`), { link: `${drivers}/${chosen}` });
  }

  driver(address: string): string | null {
    const path = `${devices}/${address}/driver`;
    return this.#has(path) ? this.readlink(path).split("/").at(-1)! : null;
  }

  #has(path: string): boolean {
    try {
      this.lstat(path);
      return true;
    } catch {
      return false;
    }
  }

  host(options: { modprobe?: () => number } = {}): Host {
    return fakeHost(this, {
      run: ([program, module]) => {
        if (program !== "modprobe" || module !== "vfio-pci") return 1;
        const code = options.modprobe?.() ?? 0;
        if (code === 0) this.put(`${drivers}/vfio-pci/bind`, "");
        return code;
      },
    });
  }

  look(address = "0000:02:00.0"): { host: Host; detection: Detection; gpu: Gpu } {
    const host = this.host();
    const detection = detect(host);
    return { host, detection, gpu: detection.gpus.find((gpu) => gpu.address === address)! };
  }

  /** Drivers and overrides of the spare card's functions. */
  card(): Record<string, string> {
    return Object.fromEntries(["0000:02:00.0", "0000:02:00.1"].map((address) => {
      const override = new TextDecoder().decode(this.readFile(`${devices}/${address}/driver_override`)).trim();
      return [address, `${this.driver(address)} ${override}`];
    }));
  }
}
