/** A small machine and steps that want one of everything: to be failed, killed and cut off at every single call. */
import type { HostSpec } from "../../../model/host_spec.ts";
import { apply, rollback } from "../../../provision/engine.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import type { Host } from "../../../provision/host/host.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import type { Step } from "../../../provision/step.ts";

export const spec: HostSpec = {
  gpu: null,
  gpuHandover: false,
  iommu: { cpuVendor: "intel", needsIntelParameter: false },
  hugepages: null,
  isolatedCpus: [],
  acsOverride: false,
  lookingGlass: null,
  identity: { hostname: "machine", listen: "127.0.0.1:8443" },
};

const command = { reason: "bring up to date", due: false, derives: [] } as const;

export const steps: readonly Step[] = [
  {
    name: "kernel_parameters",
    title: "creates files in new folders, and derives another",
    phase: "host",
    inspect: () => Promise.resolve(null),
    wants: () => ({
      nodes: [
        { kind: "file", path: "/etc/a/b/new", text: "new\n", reason: "r", triggers: ["derive"], needs: "reboot" },
        { kind: "file", path: "/etc/a/script", text: "#!/bin/sh\n", mode: 0o755, reason: "r", triggers: ["derive"] },
      ],
      commands: [{ ...command, id: "derive", argv: ["derive"], derives: ["/boot/derived"], needs: "reboot" }],
    }),
    verify: () => [],
  },
  {
    name: "initramfs",
    title: "replaces, removes, makes",
    phase: "host",
    inspect: (host: Host) => Promise.resolve(host.readText("/etc/key") === "KEY"),
    wants: (_spec, valid) => ({
      nodes: [
        { kind: "file", path: "/etc/replaced", text: "ours\n", mode: 0o640, reason: "r", triggers: ["derive"] },
        { kind: "absent", path: "/etc/removed", reason: "r" },
        {
          kind: "made",
          path: "/etc/key",
          valid: valid === true,
          mode: 0o600,
          what: "a key",
          reason: "r",
          make: () => Promise.resolve(new TextEncoder().encode("KEY")),
        },
      ],
      commands: [{ ...command, id: "derive", argv: ["derive"], derives: ["/boot/derived"], reveals: true }],
    }),
    verify: () => [],
  },
  {
    name: "libvirt",
    title: "links, a command with an inverse of its own, and a file that only shows when the derived one is there",
    phase: "host",
    inspect: (host: Host) => Promise.resolve(host.readText("/boot/derived")?.includes("ours") === true),
    wants: (_spec, revealed) => ({
      nodes: [
        ...(revealed === true ? [{ kind: "file", path: "/etc/revealed", text: "seen\n", reason: "r" } as const] : []),
        { kind: "link", path: "/etc/wants/unit", target: "/lib/unit", reason: "r", triggers: ["start"] },
        { kind: "link", path: "/etc/moved", target: "/lib/new", reason: "r" },
      ],
      commands: [{ ...command, id: "start", argv: ["start"], undo: ["stop"] }],
    }),
    verify: () => [],
  },
];

export type Kind = "running machine" | "copy";

export interface Machine {
  readonly disk: MemoryDisk;
  readonly kind: Kind;
  /** Commands that ran, on a running machine. */
  readonly ran: string[];
}

export function newMachine(kind: Kind): Machine {
  const top = kind === "copy" ? "/machine" : "";
  const disk = MemoryDisk.from({
    [`${top}/etc/replaced`]: { text: "theirs\n", mode: 0o600, extended: { "user.note": btoa("kept") } },
    [`${top}/etc/removed`]: "gone soon\n",
    [`${top}/etc/moved`]: { link: "/lib/old" },
    [`${top}/etc/other`]: "untouched\n",
    [`${top}/boot/derived`]: { text: "derived from nothing", mode: 0o400 },
    "/state/keep": "",
  });
  return { disk, kind, ran: [] };
}

/** Opens the machine anew, as each run of the program does. */
export function open({ disk, kind, ran }: Machine): Host {
  const run = ([word]: readonly string[]) => {
    ran.push(word!);
    // The command is another program: its writes are not ours to fail.
    if (word === "derive") derive(disk);
  };
  return fakeHost(disk, kind === "copy" ? { root: "/machine" } : { run });
}

function derive(disk: MemoryDisk): void {
  const { before } = disk;
  disk.before = () => {};
  const sources = ["/etc/a/b/new", "/etc/a/script", "/etc/replaced"].filter((path) => path in disk.snapshot());
  disk.replaceDurably("/boot/derived", `derived from ${sources.map((path) => disk.snapshot()[path]).join()}`);
  disk.before = before;
}

export const applyTo = (machine: Machine) =>
  apply(open(machine), { steps, spec, phase: "host", origin: null, tell: () => {} });

export const rollBack = (machine: Machine) => rollback(open(machine), steps, null);

/** All but the state folder. */
export const treeOf = ({ disk }: Machine) => disk.snapshot("/state");

/** What tells a cut of power from an error: nothing in the program may catch it and go on. */
export class Killed extends Error {}

/** The process dies at its `n`th changing call: that one and every later call throws. */
export function killAt({ disk }: Machine, n: number): void {
  let calls = 0;
  disk.before = (_call, _path, changes) => {
    if (changes) calls++;
    if (calls >= n) throw new Killed();
  };
}

/** How many changing calls `work` makes. */
export async function countCalls(machine: Machine, work: (machine: Machine) => Promise<unknown>): Promise<number> {
  let calls = 0;
  machine.disk.before = (_call, _path, changes) => void (changes && calls++);
  await work(machine);
  machine.disk.before = () => {};
  return calls;
}
