/**
 * The rules of docs/cli.md once more, written down as literally as possible, against the product on thousands of random
 * flat machines. No refinements here (no tree, no APU): rules_test.ts has those.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { detect } from "../../../provision/hardware/detect.ts";
import { chooseGpu } from "../../../provision/hardware/choose_gpu.ts";
import { machine, type MadeUpDevice } from "./machine.ts";

const CLASSES = ["0300", "0300", "0302", "0380", "0403", "0c03", "0108", "0200", "0600", "0601", "0604", "1200"];
const IDS = ["10de:2484", "10de:228b", "1002:73bf", "1002:5046", "8086:56a0", "1a03:2000", "1234:1111", "144d:a808"];

const address = fc.tuple(fc.constantFrom("0000", "10000"), fc.nat(3), fc.nat(2), fc.nat(3))
  .map(([domain, bus, slot, fn]) => `${domain}:0${bus}:0${slot}.${fn}`);

const devices = fc.uniqueArray(
  fc.record({
    at: address,
    ids: fc.constantFrom(...IDS),
    class: fc.constantFrom(...CLASSES),
    group: fc.option(fc.nat(6), { nil: undefined }),
    bootVga: fc.boolean(),
  }),
  { selector: (device) => device.at, maxLength: 14 },
).map((list) => list.map(({ group, ...device }): MadeUpDevice => group === undefined ? device : { ...device, group }));

interface Judged {
  readonly address: string;
  readonly role: string;
  readonly functions: readonly string[];
  readonly conflicts: readonly string[];
  readonly verdict: string;
}

function judgeLiterally(list: readonly MadeUpDevice[]): Judged[] {
  const slot = (device: MadeUpDevice) => device.at.split(".")[0];
  const order = (a: MadeUpDevice, b: MadeUpDevice) =>
    Number(a.at.startsWith("1")) - Number(b.at.startsWith("1")) || (a.at < b.at ? -1 : 1);
  const sorted = [...list].sort(order);
  const gpus = sorted.filter((device) => ["0300", "0302", "0380"].includes(device.class));
  const marked = gpus.filter((device) => device.class === "0300" && device.bootVga);
  const intel = gpus.filter((device) => device.ids.startsWith("8086") && slot(device) === "0000:00:02");
  const boot = marked.length > 0 ? marked : [
    ...intel.filter((device) => device.class !== "0302"),
    ...gpus.filter((device) => device.ids.startsWith("1a03") && device.class !== "0302"),
    ...gpus.filter((device) => device.class === "0300"),
    ...gpus.filter((device) => device.class === "0380"),
  ].slice(0, 1);
  return gpus.map((gpu) => {
    const functions = sorted.filter((device) => slot(device) === slot(gpu));
    const groups = functions.map((device) => device.group).filter((group) => group !== undefined);
    const conflicts = sorted.filter((device) =>
      device.group !== undefined && groups.includes(device.group) && !functions.includes(device) &&
      device.class !== "0600" && device.class !== "0604"
    );
    const screens = gpus.filter((other) => other.class !== "0302" && !functions.includes(other));
    const verdict = gpu.group === undefined
      ? "no-iommu"
      : conflicts.length > 0
      ? "shared-group"
      : gpu.class !== "0302" && screens.length === 0
      ? "only-gpu"
      : "ready";
    return {
      address: gpu.at,
      role: boot.includes(gpu) ? "boot" : "secondary",
      functions: functions.map((device) => device.at),
      conflicts: conflicts.map((device) => device.at),
      verdict,
    };
  });
}

Deno.test("on random machines detect() says what the contract says, word by word", () => {
  fc.assert(
    fc.property(devices, (list) => {
      const seen = detect(machine(list));
      const judged = seen.gpus.map(({ address, role, functions, conflicts, verdict }) => {
        return { address, role, functions, conflicts, verdict };
      });
      assertEquals<unknown>(judged, judgeLiterally(list));
      const chosen = chooseGpu(seen);
      if (chosen !== null) assert(chosen.verdict === "ready" && chosen.role === "secondary");
    }),
    { numRuns: 1000 },
  );
});
