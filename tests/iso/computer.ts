/** A computer with the medium in it, or with the disk alone: firmware of its own, a screen, a serial line, a network. */
import { disguise } from "../machine/cards.ts";
import { until, within } from "../machine/deadline.ts";
import { accelerator, type Hardware } from "../machine/pc.ts";
import { Qmp } from "../machine/qmp.ts";
import { Serial } from "./serial.ts";

export interface ComputerOptions {
  /** For sockets, logs and the firmware's variables, which stay from start to start. */
  readonly folder: string;
  readonly firmware: "bios" | "uefi-secure-boot";
  readonly disk: { readonly path: string; readonly bus: "virtio" | "nvme" };
  /** The ISO, and how it is attached; absent: the computer starts from its disk. */
  readonly medium?: { readonly path: string; readonly as: "cd" | "usb-stick" };
  /** One more volume, read-only: with answers, or with a guest. */
  readonly volume?: string;
  /** Cards and an IOMMU, as the emulated PC has them. */
  readonly hardware?: Hardware;
}

/**
 * Where programs lie in memory is not chosen at random: QEMU translates a program anew for each address it was seen at,
 * and a page with thousands of dead translations on it takes seconds to write to. Told by a credential among the
 * firmware's strings; the system itself is not changed. The emulated PC of tests/machine, whose image is our own, has a
 * kernel parameter for it. Sources: systemd.system-credentials(7), sysctl.extra; SMBIOS type 11.
 */
const sameAddresses = ["-smbios", "type=11,value=io.systemd.credential:sysctl.extra=kernel.randomize_va_space=0"];

/** It begins only behind the initial RAM disk, whose translations are thrown away early. */
const TRANSLATIONS_MIB = 128;

const ovmf = "/usr/share/OVMF";

export class Computer implements AsyncDisposable {
  private constructor(
    readonly process: Deno.ChildProcess,
    readonly serial: Serial,
    readonly qmp: Qmp,
    readonly onMs: number,
  ) {}

  /** Switches it on. */
  static async on(options: ComputerOptions): Promise<Computer> {
    const { folder, hardware, firmware } = options;
    for (const socket of ["qmp", "serial"]) await Deno.remove(`${folder}/${socket}`).catch(() => {});
    const variables = `${folder}/firmware-variables.fd`;
    if (firmware !== "bios" && !await exists(variables)) await Deno.copyFile(`${ovmf}/OVMF_VARS_4M.ms.fd`, variables);
    const process = new Deno.Command("qemu-system-x86_64", {
      args: computerArguments(options, variables),
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    let ended = false;
    process.status.then(() => ended = true);
    await until(30_000, "QEMU listens", async () => {
      if (ended) throw new Error("QEMU has ended at once; it said why");
      return await exists(`${folder}/qmp`) && await exists(`${folder}/serial`) || null;
    });
    const qmp = await Qmp.connect(`${folder}/qmp`);
    const serial = await Serial.connect(`${folder}/serial`);
    await disguise(process.pid, hardware?.cards ?? []);
    await qmp.execute("cont");
    return new Computer(process, serial, qmp, performance.now());
  }

  /** Since it was switched on. */
  get upMs(): number {
    return performance.now() - this.onMs;
  }

  async switchedOff(deadlineMs: number): Promise<void> {
    await within(deadlineMs, "the computer has switched itself off", this.process.status).catch((error) => {
      throw new Error(`${error.message}\n${this.serial.text.slice(-1500)}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.process.status;
    this.qmp.close();
    this.serial.close();
  }
}

function computerArguments(options: ComputerOptions, variables: string): string[] {
  const { folder, firmware, disk, medium, volume, hardware } = options;
  const secure = firmware === "uefi-secure-boot";
  const vendor = hardware === undefined ? "" : `,vendor=${hardware.vendor}`;
  const drive = (id: string, file: string, format: string, more = "") => [
    "-drive",
    `id=${id},if=none,file=${file},format=${format}${more}`,
  ];
  const system = disk.bus === "nvme" ? "nvme,serial=neuron-test" : "virtio-blk-pci";
  const media = medium === undefined ? [] : [
    ...drive("medium", medium.path, "raw", ",readonly=on"),
    ...(medium.as === "cd" ? ["-device", "ide-cd,drive=medium,bootindex=0"] : [
      "-device",
      "qemu-xhci,id=usb,bus=pcie.0,addr=0x1d",
      "-device",
      "usb-storage,drive=medium,bus=usb.0,bootindex=0",
    ]),
  ];
  return [
    ...["-machine", `q35,kernel-irqchip=split${secure ? ",smm=on" : ""}`, ...accelerator.arguments(TRANSLATIONS_MIB)],
    ...sameAddresses,
    ...["-cpu", `${accelerator.cpu}${vendor}`, "-m", `${hardware?.memoryMib ?? 2048}`],
    // One where nothing asks for more: cases run side by side, and emulated processors that share a real one wait for
    // each other.
    ...["-smp", hardware?.processors ?? "1"],
    ...["-nodefaults", "-display", "none", "-S", "-audiodev", "none,id=silence"],
    ...(secure
      ? [
        ...["-global", "driver=cfi.pflash01,property=secure,value=on"],
        ...["-drive", `if=pflash,format=raw,readonly=on,file=${ovmf}/OVMF_CODE_4M.secboot.fd`],
        ...["-drive", `if=pflash,format=raw,file=${variables}`],
      ]
      : []),
    ...drive("system", disk.path, "qcow2", ",cache=unsafe"),
    ...["-device", `${system},drive=system,bus=pcie.0,addr=0x18,bootindex=1`],
    ...media,
    ...(volume === undefined ? [] : [
      ...drive("volume", volume, "raw", ",readonly=on"),
      "-device",
      "virtio-blk-pci,drive=volume,bus=pcie.0,addr=0x19",
    ]),
    ...["-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net,romfile=,bus=pcie.0,addr=0x1a"],
    ...[
      "-chardev",
      `socket,id=console,path=${folder}/serial,server=on,wait=off,logfile=${folder}/console.log,logappend=on`,
    ],
    ...["-serial", "chardev:console", "-qmp", `unix:${folder}/qmp,server=on,wait=off`],
    // What a small monitor has: a picture of it can be read.
    ...["-global", "VGA.xres=1024", "-global", "VGA.yres=768"],
    ...(hardware === undefined ? ["-device", "VGA,bus=pcie.0,addr=0x1"] : ["-vga", "none", ...hardware.arguments]),
  ];
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
