/** The real steps on random machines: apply leaves nothing to plan, and rollback is its exact inverse. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { HostSpec } from "../../../model/host_spec.ts";
import { AppError } from "../../../model/errors.ts";
import { apply, plan, rollback } from "../../../provision/engine.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk, type TreeEntry } from "../../../provision/host/memory_disk.ts";
import { steps as allSteps } from "../../../provision/steps.ts";
import { card, function_, spec } from "../steps/machine.ts";

// What a machine must have is preflight's matter, and tried on the machines of the fixtures.
const steps = allSteps.filter(({ name }) => name !== "preflight");

const unit = "[Install]\nWantedBy=sockets.target\n";
const files: Readonly<Record<string, readonly string[]>> = {
  "/etc/default/grub": ['GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n', "GRUB_CMDLINE_LINUX='iommu=pt'\n"],
  "/etc/default/grub.d/zz-neuron.cfg": ["# a stranger's\n"],
  "/etc/default/grub.d/50-image.cfg": ['GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT neuron.vfio=1"\n'],
  "/etc/initramfs-tools/hooks/neuron-vfio": ["old"],
  "/etc/modprobe.d/neuron-vfio.conf": ["softdep x pre: y\n"],
  "/etc/neuron/vfio-functions": ["", "0000:09:00.0 1002 73bf\n"],
  "/etc/neuron/tls/server.pem": ["damaged"],
  "/etc/tmpfiles.d/neuron-hugepages.conf": ["w /x - - - - 1\n"],
  "/lib/systemd/system/libvirtd.service": ["[Install]\nWantedBy=multi-user.target\n"],
  "/lib/systemd/system/libvirtd.socket": [unit],
  "/usr/lib/systemd/system/virtqemud.socket": [unit],
  "/etc/libvirt/qemu/networks/default.xml": ["<network/>\n"],
  "/etc/libvirt/qemu/networks/autostart/default.xml": ["<network/>\n"],
};
const links: Readonly<Record<string, readonly string[]>> = {
  "/etc/modprobe.d": ["/data/modprobe.d"],
  "/etc/systemd/system/sockets.target.wants/libvirtd.socket": ["/lib/systemd/system/libvirtd.socket", "/dev/null"],
  "/etc/neuron/vfio-functions": ["/somewhere/else"],
};

const mode = fc.constantFrom(0o600, 0o640, 0o644, 0o755);
const extended = fc.constantFrom({}, { "user.note": "eA==" });
const entries = [
  ...Object.entries(files).map(([path, texts]) =>
    fc.tuple(fc.constant(path), fc.record({ text: fc.constantFrom(...texts), mode, extended }))
  ),
  ...Object.entries(links).map(([path, targets]) =>
    fc.tuple(fc.constant(path), fc.record({ link: fc.constantFrom(...targets) }))
  ),
];
const tree = fc.subarray(entries).chain((some) => fc.tuple(...some));

const wish: fc.Arbitrary<HostSpec> = fc.record({
  gpu: fc.constantFrom(card, null),
  needsIntelParameter: fc.boolean(),
  hugepages: fc.constantFrom<HostSpec["hugepages"]>(
    null,
    { sizeKib: 2048, pagesByNode: [{ node: 0, pages: 8 }] },
    { sizeKib: 1048576, pagesByNode: [{ node: 0, pages: 1 }] },
  ),
  isolatedCpus: fc.constantFrom([], [1, 2]),
}).map(({ gpu, needsIntelParameter, hugepages, isolatedCpus }) => ({
  ...spec,
  gpu,
  hugepages,
  isolatedCpus,
  iommu: { cpuVendor: "intel", needsIntelParameter },
}));

function machineOf(random: readonly (readonly [string, TreeEntry])[]): MemoryDisk {
  const disk = MemoryDisk.from({
    "/machine/data/modprobe.d/keep.conf": "",
    "/machine/proc/meminfo": "MemTotal:       33554432 kB\n",
    ...Object.fromEntries(
      [
        ...Object.entries(function_("0000:01:00.0", "10de", "2206", null)),
        ...Object.entries(function_("0000:01:00.1", "10de", "1aef", null)),
      ]
        .map(([path, entry]) => [`/machine${path}`, entry]),
    ),
  });
  // A file below what another draw made a link would be another machine: it goes where the link leads.
  const linked = random.some(([path]) => path === "/etc/modprobe.d");
  for (const [path, entry] of random) {
    disk.put(linked ? `/machine${path.replace("/etc/modprobe.d/", "/data/modprobe.d/")}` : `/machine${path}`, entry);
  }
  return disk;
}

Deno.test("on random machines and wishes, apply leaves nothing to do and rollback is its inverse", async () => {
  let applied = 0;
  await fc.assert(
    fc.asyncProperty(tree, fc.array(wish, { minLength: 1, maxLength: 3 }), async (random, wishes) => {
      const disk = machineOf(random);
      const original = disk.snapshot("/state");
      const open = (state = "/state") => fakeHost(disk, { root: "/machine", state, now: Date.now });
      for (const wanted of wishes) {
        await apply(open(), { steps, spec: wanted, phase: "host", origin: null, tell: () => {} });
        for (const state of ["/state", "/forgotten"]) {
          const { plan: again } = await plan(open(state), steps, wanted, "host");
          assertEquals(again.steps.flatMap(({ changes }) => changes), []);
        }
        applied++;
      }
      assertEquals((await rollback(open(), steps, null)).kept, []);
      assertEquals(disk.snapshot("/state"), original);
    }),
    { numRuns: 60 },
  );
  assert(applied >= 60);
});

Deno.test("where something else lies in the way of a folder, it is told before anything is written", async () => {
  const disk = machineOf([["/etc/modprobe.d", { link: "/nowhere" }], ["/etc/neuron", { text: "a file" }]]);
  const before = disk.snapshot();
  const host = fakeHost(disk, { root: "/machine", now: Date.now });
  const { blockers } = await plan(host, steps, spec, "host");
  assertEquals([...new Set(blockers.map(({ target }) => target))].sort(), ["/etc/modprobe.d", "/etc/neuron"]);
  const refused = await apply(host, { steps, spec, phase: "host", origin: null, tell: () => {} }).catch((error) =>
    error
  );
  assert(refused instanceof AppError);
  assertEquals(disk.snapshot("/state"), before);
});
