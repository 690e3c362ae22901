/**
 * An emulated PC: QEMU with a disk, the product's volume, a network that leads nowhere and a command channel. It boots by
 * its own firmware and boot loader; only the image's first start (image.ts) is given a kernel.
 * KVM where the processor virtualizes in hardware; else QEMU emulates it, and every deadline is longer.
 */
import { Agent, type Ran } from "./agent.ts";
import { type Card, disguise } from "./cards.ts";
import { until, within } from "./deadline.ts";
import { type Lines, openLines } from "./lines.ts";
import { Qmp } from "./qmp.ts";

/** What the PC is made of, beside what every one has. */
export interface Hardware {
  /** QEMU's arguments: IOMMU, buses, cards. */
  readonly arguments: readonly string[];
  /** The cards among them, to be disguised. */
  readonly cards: readonly Card[];
  readonly memoryMib: number;
  /** QEMU's -smp. */
  readonly processors: string;
  readonly vendor: "GenuineIntel" | "AuthenticAMD";
}

export interface PcOptions {
  readonly hardware: Hardware;
  /** For sockets and logs. */
  readonly folder: string;
  readonly disk: {
    readonly path: string;
    readonly format: "raw" | "qcow2";
    /** Default: virtio. */
    readonly bus?: "virtio" | "nvme";
  };
  /** Servers of the test that it reaches in its network, which leads nowhere else. */
  readonly servers?: readonly { readonly address: string; readonly port: number; readonly here: number }[];
  /** A read-only volume, mounted at /opt/neuron. */
  readonly product?: string;
  /** Its serial number, as the firmware tells it: how a start is told what shall happen in it. */
  readonly serial?: string;
  /** Starts this kernel instead of what is on the disk. */
  readonly kernel?: { readonly path: string; readonly initrd: string; readonly parameters: string };
}

interface Accelerator {
  /** @param translationsMib how much translated code is kept, where code is translated */
  arguments(translationsMib: number): readonly string[];
  readonly cpu: string;
  /** How much longer everything may take than on a real machine. */
  readonly patience: number;
}

const forward = new URL("./forward.ts", import.meta.url).pathname;

/** KVM without vmx or svm in cpuinfo is paravirtual and starts no ordinary kernel. */
async function chooseAccelerator(): Promise<Accelerator> {
  const virtualizes = /\b(vmx|svm)\b/.test(await Deno.readTextFile("/proc/cpuinfo"));
  try {
    (await Deno.open("/dev/kvm", { read: true, write: true })).close();
    if (virtualizes) return { arguments: () => ["-accel", "kvm"], cpu: "host", patience: 1 };
  } catch {
    // Then without.
  }
  // Told that strings of bytes are fast, Linux clears and copies by them, and QEMU emulates each byte by itself.
  return {
    arguments: (translationsMib) => ["-accel", `tcg,thread=multi,tb-size=${translationsMib}`],
    cpu: "max,-erms,-fsrm",
    patience: 10,
  };
}

export const accelerator = await chooseAccelerator();

/** A deadline for something that takes a real machine so many seconds at worst. */
export const patient = (seconds: number): number => seconds * 1000 * accelerator.patience;

/** A machine that runs scripts as root: the emulated PC, or one that somebody has signed in to. */
export type Commands = Pick<Pc, "run" | "read">;

export class Pc {
  #options: PcOptions;
  #process: Deno.ChildProcess | null = null;
  #qmp: Qmp | null = null;
  #serial: Lines | null = null;
  #agent: Agent | null = null;

  constructor(options: PcOptions) {
    this.#options = options;
  }

  /** Switches it on and waits until its agent answers. */
  async start(): Promise<void> {
    try {
      await this.powerOn();
      await this.booted(null);
    } catch (error) {
      await this.cutPower();
      throw error;
    }
  }

  /** Switches it on. */
  async powerOn(): Promise<void> {
    const { folder, hardware } = this.#options;
    for (const socket of ["qmp", "agent", "serial"]) await Deno.remove(`${folder}/${socket}`).catch(() => {});
    this.#process = new Deno.Command("qemu-system-x86_64", {
      args: this.#arguments(),
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    let ended = false;
    this.#process.status.then(() => ended = true);
    await until(30_000, "QEMU listens", async () => {
      if (ended) throw new Error("QEMU has ended at once; it said why");
      const there = async (socket: string) => await Deno.stat(`${folder}/${socket}`).then(() => true, () => false);
      return await there("qmp") && await there("agent") || null;
    });
    this.#qmp = await Qmp.connect(`${folder}/qmp`);
    this.#agent = await Agent.connect(`${folder}/agent`);
    await disguise(this.#process.pid, hardware.cards);
    await this.#qmp.execute("cont");
  }

  get bootId(): string {
    const id = this.#agent?.bootId ?? null;
    if (id === null) throw new Error("the PC is not running");
    return id;
  }

  /** Waits for the boot that comes after `before`, and until systemd has started everything or given up. */
  async booted(before: string | null): Promise<void> {
    await this.#agent!.booted(before, patient(60));
    await this.settled();
  }

  /** Waits until systemd has started everything or given up. */
  async settled(): Promise<void> {
    await this.run("systemctl is-system-running --wait || true", 60);
  }

  /** Runs a script, whatever it ends with. */
  async run(script: string, seconds = 30): Promise<Ran> {
    return await this.#agent!.run(script, patient(seconds));
  }

  /** Runs a script that must succeed, and gives what it printed. */
  async read(script: string, seconds = 30): Promise<string> {
    const ran = await this.run(script, seconds);
    if (ran.code !== 0) throw new Error(`${script}\nended with ${ran.code}:\n${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  /** Reboots it as a person would, and waits until it is up. */
  async reboot(): Promise<void> {
    const before = this.bootId;
    await this.beginReboot();
    await this.booted(before);
  }

  /** Asks for a reboot; what comes up, and when, is the caller's to see. */
  async beginReboot(): Promise<void> {
    await this.run("systemctl --no-block reboot").catch(() => {});
  }

  /** The button at the front. */
  async pressReset(): Promise<void> {
    await this.#qmp!.execute("system_reset");
  }

  /** Waits until the console has said it. */
  async untilConsole(words: RegExp): Promise<void> {
    await until(patient(120), `the console says ${words}`, async () => words.test(await this.console()) || null);
  }

  /** Types a line at its serial console. */
  async type(line: string): Promise<void> {
    // Stays open: what the port has not taken yet is lost with the connection.
    this.#serial ??= await openLines(`${this.#options.folder}/serial`, () => {});
    await this.#serial.send(line);
  }

  /** Shuts it down. */
  async shutDown(): Promise<void> {
    await this.run("systemctl --no-block poweroff").catch(() => {});
    await within(patient(30), "the PC has shut down", this.#process!.status);
    this.#forget();
  }

  /** What a person does with a screwdriver; the PC is off. */
  rebuild(hardware: Hardware): void {
    if (this.#process !== null) throw new Error("the PC is on");
    this.#options = { ...this.#options, hardware };
  }

  /** Pulls the plug: what the disk's cache held is lost. */
  async cutPower(): Promise<void> {
    if (this.#process === null) return;
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#process.status;
    this.#forget();
  }

  /** What it said on its serial console since it was first switched on. */
  async console(): Promise<string> {
    return await Deno.readTextFile(`${this.#options.folder}/console.log`).catch(() => "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
  }

  #forget(): void {
    this.#qmp?.close();
    this.#serial?.close();
    this.#serial = null;
    this.#agent?.close();
    this.#process = null;
    this.#qmp = null;
    this.#agent = null;
  }

  #arguments(): string[] {
    const { hardware, folder, disk, product, kernel, serial, servers = [] } = this.#options;
    // Each connection is a process of its own: QEMU's other way has one for all.
    const forwards = servers.map(({ address, port, here }) =>
      `,guestfwd=tcp:${address}:${port}-cmd:${Deno.execPath()} run --allow-net --no-check ${forward} ${here}`
    );
    const volume = (id: string, properties: string, slot: number, device = "virtio-blk-pci", more = "") => [
      "-drive",
      `id=${id},if=none,${properties}`,
      "-device",
      `${device},drive=${id},bus=pcie.0,addr=0x${slot.toString(16)}${more}`,
    ];
    const system = disk.bus === "nvme" ? "nvme,serial=system" : "virtio-blk-pci";
    const { memoryMib, processors, vendor } = hardware;
    const cpu = accelerator.cpu === "host" ? "host" : `${accelerator.cpu},vendor=${vendor},+pdpe1gb`;
    return [
      ...["-machine", "q35,kernel-irqchip=split", ...accelerator.arguments(1024), "-cpu", cpu],
      ...["-m", `${memoryMib}`, "-smp", processors],
      ...(serial === undefined ? [] : ["-smbios", `type=1,serial=${serial}`]),
      ...["-nodefaults", "-display", "none", "-vga", "none", "-S", "-audiodev", "none,id=silence"],
      ...volume("system", `file=${disk.path},format=${disk.format},cache=writeback`, 0x18, system, ",bootindex=1"),
      ...(product === undefined ? [] : volume("product", `file=${product},format=raw,readonly=on`, 0x19)),
      ...[
        "-netdev",
        `user,id=nowhere,restrict=on${forwards.join("")}`,
        "-device",
        "virtio-net-pci,netdev=nowhere,romfile=,bus=pcie.0,addr=0x1a",
      ],
      ...["-device", "virtio-serial-pci,id=channels,bus=pcie.0,addr=0x1b"],
      ...["-chardev", `socket,id=agent,path=${folder}/agent,server=on,wait=off`],
      ...["-device", "virtserialport,bus=channels.0,chardev=agent,name=org.neuron.test"],
      "-chardev",
      `socket,id=console,path=${folder}/serial,server=on,wait=off,logfile=${folder}/console.log,logappend=on`,
      ...["-serial", "chardev:console"],
      ...["-qmp", `unix:${folder}/qmp,server=on,wait=off`],
      ...(kernel === undefined ? [] : ["-kernel", kernel.path, "-initrd", kernel.initrd, "-append", kernel.parameters]),
      ...hardware.arguments,
    ];
  }
}
