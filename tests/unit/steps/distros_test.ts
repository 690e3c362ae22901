/** Every boot loader and every tool for the initial ram disk: what is written, run, repaired and taken back. */
import { assert, assertEquals } from "@std/assert";
import { apply, plan, rollback, status } from "../../../provision/engine.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import type { Host } from "../../../provision/host/host.ts";
import type { HostSpec } from "../../../model/host_spec.ts";
import { initramfs } from "../../../provision/steps/initramfs.ts";
import { kernelParameters } from "../../../provision/steps/kernel_parameters.ts";
import { vfioBinding } from "../../../provision/steps/vfio_binding.ts";
import { type Distro, distros } from "../../fixtures/distros.ts";
import { function_, spec, type Tree } from "./machine.ts";

const steps = [kernelParameters, initramfs, vfioBinding];
const wanted = ["intel_iommu=on", "iommu=pt", "neuron.vfio=1"];

type Kind = "copy" | "running machine";

class Machine {
  readonly disk: MemoryDisk;
  readonly ran: string[] = [];
  readonly #top: string;

  constructor(readonly distro: Distro, readonly kind: Kind, extra: Tree = {}) {
    this.#top = kind === "copy" ? "/machine" : "";
    const tree: Tree = {
      "/proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro quiet\n",
      ...function_("0000:01:00.0", "10de", "2206", "nouveau"),
      ...function_("0000:01:00.1", "10de", "1aef", "snd_hda_intel"),
      ...distro.files,
      ...extra,
    };
    const files = Object.entries(tree).map(([path, entry]) => [`${this.#top}${path}`, entry] as const);
    this.disk = MemoryDisk.from({ "/state/keep": "", ...Object.fromEntries(files) });
  }

  host(state = "/state"): Host {
    return fakeHost(
      this.disk,
      this.kind === "copy" ? { root: "/machine", state } : { state, run: (argv) => this.#run(argv) },
    );
  }

  #run(argv: readonly string[]): void {
    this.ran.push(argv.join(" "));
    const host = this.host();
    const paths = Object.keys(this.disk.snapshot("/state"));
    const files = new Map(
      paths.flatMap((path) => host.stat(path)?.kind === "file" ? [[path, host.readText(path)!] as const] : []),
    );
    const before = new Map(files);
    this.distro.run(files, argv);
    for (const [path, text] of files) if (before.get(path) !== text) this.disk.replaceDurably(path, text);
  }

  async plan(state?: string, wish: HostSpec = spec): Promise<string[]> {
    const { work, blockers } = await plan(this.host(state), steps, wish, "host");
    assertEquals(blockers, []);
    return work.map(({ change }) => `${change.action} ${change.target}`);
  }

  apply = (wish: HostSpec = spec) =>
    apply(this.host(), { steps, spec: wish, phase: "host", origin: null, tell: () => {} });
  rollBack = () => rollback(this.host(), steps, null);
  tree = () => this.disk.snapshot("/state");
  text = (path: string) => this.host().readText(path);
}

for (const distro of distros) {
  Deno.test(`${distro.name}: a copy is written once, and goes back byte for byte`, async () => {
    const machine = new Machine(distro, "copy");
    const before = machine.tree();
    const planned = await machine.plan();
    const written = planned.filter((change) => !change.startsWith("run ")).map((change) => change.split(" ")[1]!);
    assertEquals(written.toSorted(), distro.written.toSorted());
    assertEquals(planned.filter((change) => change.startsWith("run ")), distro.commands.map((line) => `run ${line}`));
    await machine.apply();
    assertEquals(await machine.plan(), []);
    assertEquals(await machine.plan("/nowhere"), [], "without the state folder");
    assertEquals((await machine.rollBack()).kept, []);
    assertEquals(machine.tree(), before);
  });

  Deno.test(`${distro.name}: a running machine too, whatever its commands rewrite`, async () => {
    const machine = new Machine(distro, "running machine");
    const before = machine.tree();
    await machine.apply();
    assertEquals(machine.ran, distro.commands);
    assertEquals(await machine.plan(), []);
    assertEquals(await machine.plan("/nowhere"), [], "without the state folder");
    assertEquals((await machine.rollBack()).kept, []);
    assertEquals(machine.tree(), before);
    assertEquals(status(machine.host()).standing, []);
  });

  Deno.test(`${distro.name}: any byte of ours that is altered brings exactly that file back`, async () => {
    const machine = new Machine(distro, "copy");
    const original = new Machine(distro, "copy");
    await machine.apply();
    for (const path of distro.written) {
      const theirs = original.text(path) ?? "";
      const text = machine.text(path)!;
      // The newline behind a kernel command line is the person's.
      const end = path === "/etc/kernel/cmdline" ? text.trimEnd().length : text.length;
      const first = theirs.trimEnd().length + (theirs.endsWith("\n") && end === text.length ? 1 : 0);
      // Every byte of what is short or shared; some of the scripts'.
      const step = theirs !== "" || text.length < 400 ? 1 : 41;
      for (let at = first; at < end; at += step) {
        const altered = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
        const { mode } = machine.host().stat(path)!;
        machine.disk.put(`/machine${path}`, { text: altered, mode });
        assertEquals(await machine.plan(), [`update ${path}`], `${path}, byte ${at}: ${JSON.stringify(altered)}`);
      }
      await machine.apply();
      assertEquals(machine.text(path), text);
    }
    await machine.rollBack();
    assertEquals(machine.tree(), original.tree());
  });

  Deno.test(`${distro.name}: what is there by hand, in whatever form, is not asked for again`, async () => {
    const all = new Machine(distro, "copy", distro.byHand(wanted.join(" ")));
    const untouched = all.tree();
    const others = (await all.plan()).filter((change) => !/initcpio|initramfs|dracut|vfio|systemd/.test(change));
    assertEquals(others, [], "nothing about kernel parameters");
    const some = new Machine(distro, "copy", distro.byHand("iommu.passthrough=1 intel_iommu=on,sm_on"));
    const before = some.tree();
    await some.apply();
    const texts = distro.written.map((path) => some.text(path) ?? "").join("\n");
    assert(!texts.includes("iommu=pt"), "an equivalent counts");
    assertEquals(await some.plan(), []);
    await some.rollBack();
    assertEquals(some.tree(), before);
    assertEquals(all.tree(), untouched);
  });

  Deno.test(`${distro.name}: what is not wanted any more goes, theirs stays`, async () => {
    const none: HostSpec = { ...spec, gpu: null };
    const machine = new Machine(distro, "running machine");
    const before = machine.tree();
    assertEquals(await machine.plan(undefined, none), []);
    await machine.apply();
    await machine.apply(none);
    assertEquals(await machine.plan(undefined, none), []);
    assertEquals(await machine.plan("/nowhere", none), []);
    for (const path of Object.keys(distro.files)) {
      const text = machine.text(path) ?? "";
      assert(!text.includes("neuron"), `${path} still has something of ours: ${text}`);
    }
    await machine.rollBack();
    assertEquals(machine.tree(), before);
  });
}
