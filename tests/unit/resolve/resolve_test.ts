import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseAnswers } from "../../../model/answers.ts";
import { AppError } from "../../../model/errors.ts";
import { vmSpecSchema } from "../../../model/vm_spec.ts";
import { shippedProfiles } from "../../../provision/profiles.ts";
import { resolve } from "../../../provision/resolve.ts";
import { cores, gpu, machine, type MachineShape } from "./machine.ts";

function resolved(answers: object, shape: MachineShape = {}) {
  return resolve(parseAnswers(JSON.stringify(answers), "test"), machine(shape));
}

function refused(answers: object, shape: MachineShape = {}): AppError {
  return assertThrows(() => resolved(answers, shape), AppError);
}

const onlyGpu = gpu({
  role: "boot",
  verdict: "only-gpu",
  reasons: [{ code: "only-gpu", message: "It is the only screen.", hint: "Add a second card" }],
});
const sharedGpu = gpu({
  verdict: "shared-group",
  conflicts: ["0000:02:00.0"],
  reasons: [{ code: "shared-group", message: "It shares its group.", hint: "Try another slot" }],
});

Deno.test("resolve() without answers gives Windows 11 with the ready card", () => {
  const { hostSpec, vmSpec } = resolved({});
  assertEquals(vmSpec.name, "windows11");
  assertEquals(vmSpec.devices.gpu, { mode: "passthrough", address: "0000:01:00.0", audio: true });
  assertEquals(hostSpec.gpu?.functions.map((one) => one.address), ["0000:01:00.0", "0000:01:00.1"]);
  assertEquals(hostSpec.identity, { hostname: "forge", listen: "127.0.0.1:8443" });
  assertEquals(hostSpec.acsOverride, false);
  assertEquals(vmSpec.firmware, { uefi: true, secureBoot: true, tpm: true });
});

Deno.test("resolve() puts media that are named by their paths into drives, unless drives are named", () => {
  const media = { windows: { iso: "/srv/windows.iso" }, virtio: { iso: "/srv/virtio-win.iso" } };
  const paths = (answers: object) => resolved(answers).vmSpec.cdroms.map(({ path }) => path);
  assertEquals(paths(media), ["/srv/windows.iso", "/srv/virtio-win.iso"]);
  assertEquals(paths({ ...media, windows: { iso: "auto" } }), ["/srv/virtio-win.iso"]);
  assertEquals(paths({ ...media, vm: { cdroms: [{ path: "/srv/other.iso" }] } }), ["/srv/other.iso"]);
  assertEquals(paths({ ...media, vm: { cdroms: [] } }), []);
  assertEquals(paths({ ...media, vm: { os: "linux" } }), []);
  assertEquals(paths({}), []);
});

Deno.test("resolve() names the sizes of each profile on a machine that has them", () => {
  const big: MachineShape = { topology: cores(16, { threads: 2 }), memoryGib: 128 };
  const sizes = shippedProfiles.map(({ name }) => {
    const { vmSpec, notes } = resolved({ vm: { profile: name } }, big);
    assertEquals(notes.filter((note) => note.severity === "warning"), []);
    const { lookingGlass } = vmSpec.display;
    return [
      name,
      vmSpec.memory.mib / 1024,
      vmSpec.memory.hugepages,
      vmSpec.cpu.vcpus,
      vmSpec.disks[0]!.sizeGib,
      lookingGlass.enabled,
      lookingGlass.borderless,
      lookingGlass.fullScreen,
    ];
  });
  assertEquals(sizes, [
    ["adobe-creative", 32, "1G", 12, 200, true, true, false],
    ["office-productivity", 8, "none", 4, 60, false, false, false],
    ["gaming", 16, "1G", 8, 500, true, false, true],
    ["general", 16, "1G", 6, 120, true, false, false],
    ["development", 16, "none", 8, 250, true, false, false],
  ]);
});

Deno.test("resolve() cuts memory and vCPUs to what the host has, and says so", () => {
  const { vmSpec, notes } = resolved({ vm: { profile: "adobe-creative" } }, {
    memoryGib: 16,
    topology: cores(6, { threads: 2 }),
  });
  assertEquals(vmSpec.memory.mib, 12 * 1024);
  assertEquals(vmSpec.cpu.vcpus, 8);
  assertEquals(notes.filter((note) => note.severity === "warning").map((note) => note.code), [
    "vcpus-cut",
    "memory-cut",
  ]);
});

Deno.test("resolve() stops with exit 4's reason when auto finds no ready card", () => {
  const error = refused({}, { gpus: [onlyGpu] });
  assertEquals(error.code, "hardware-unsuitable");
  assertStringIncludes(error.message, "It is the only screen.");
  assertStringIncludes(error.hint!, '"host.gpu": "none"');
  assertStringIncludes(refused({}, { gpus: [] }).hint!, '"host.gpu": "none"');
});

Deno.test("resolve() refuses a named card that is not ready with its verdict's reason, and one that does not exist", () => {
  const shared = refused({ host: { gpu: "0000:01:00.0" } }, { gpus: [sharedGpu] });
  assertEquals(shared.code, "hardware-unsuitable");
  assertStringIncludes(shared.message, "It shares its group.");
  assertStringIncludes(shared.hint!, "Try another slot");
  const missing = refused({ host: { gpu: "0000:09:00.0" } });
  assertEquals(missing.code, "answer-invalid");
  assertStringIncludes(missing.hint!, "0000:01:00.0 (Test Card)");
  assertStringIncludes(refused({ host: { gpu: "0000:01:00.1" } }).message, "a part of the card 0000:01:00.0");
});

Deno.test("resolve() hands the only card over when the answers ask for it, and a shared one with the ACS override", () => {
  const lent = resolved({ host: { gpuHandover: true }, vm: { profile: "gaming" } }, { gpus: [onlyGpu] });
  assertEquals(lent.hostSpec.gpu?.address, "0000:01:00.0");
  assertEquals(lent.vmSpec.display.lookingGlass.enabled, false, "the host has no screen for its window");
  const { hostSpec, notes } = resolved({ host: { acsOverride: true, gpu: "0000:01:00.0" } }, { gpus: [sharedGpu] });
  assertEquals(hostSpec.gpu?.address, "0000:01:00.0");
  assert(notes.some((note) => note.code === "acs-override"));
});

Deno.test("resolve() with host.gpu none needs no card and gives a virtual display without Looking Glass", () => {
  const { hostSpec, vmSpec } = resolved({ host: { gpu: "none" }, vm: { profile: "gaming" } }, { gpus: [onlyGpu] });
  assertEquals(hostSpec.gpu, null);
  assertEquals(hostSpec.hugepages, null);
  assertEquals(hostSpec.lookingGlass, null);
  assertEquals(vmSpec.devices.gpu, { mode: "virtio", address: null, audio: true });
  assertEquals(vmSpec.cpu.pinning, "none");
});

for (
  const [answers, words] of [
    [{ host: { gpu: "none" }, vm: { devices: { gpu: { mode: "passthrough" } } } }, "vm.devices.gpu.mode"],
    [
      { host: { gpu: "0000:01:00.0" }, vm: { devices: { gpu: { address: "0000:00:02.0" } } } },
      "vm.devices.gpu.address",
    ],
    [{ host: { hugepages: "2M" }, vm: { memory: { hugepages: "1G" } } }, "vm.memory.hugepages"],
    [
      { host: { lookingGlass: "kvmfr" }, vm: { display: { lookingGlass: { enabled: false } } } },
      "vm.display.lookingGlass",
    ],
    [{ windows: { version: "10" }, vm: { os: "linux" } }, "vm.os"],
    [{ vm: { cpu: { vcpus: 6, topology: { cores: 4, threads: 2 } } } }, "vm.cpu.topology"],
    [{ vm: { cpu: { pinning: [1, 1] } } }, "names a CPU twice"],
    [{ vm: { cpu: { pinning: [1, 99] } } }, "CPU 99"],
    [{ vm: { cpu: { vcpus: 3, pinning: [1, 2] } } }, "2 CPUs for 3 vCPUs"],
    [{ vm: { profile: "gamin" } }, "gamin"],
    [{ vm: { firmware: { uefi: false } } }, "secureBoot"],
    [{ vm: { disks: [{ volume: "a.img" }, { volume: "a.img" }] } }, "twice"],
  ] as const
) {
  Deno.test(`resolve() refuses ${JSON.stringify(answers)}`, () => {
    const error = refused(answers);
    assertEquals(error.code, "answer-invalid");
    assertStringIncludes(error.message, words);
    assert(error.hint !== undefined);
  });
}

Deno.test("resolve() puts huge pages on the card's node when that node can spare them, else on all in proportion", () => {
  const two = [...cores(8, { numaNode: 0, l3: 0 }), ...cores(8, { firstCpu: 8, firstCore: 8, numaNode: 1, l3: 1 })];
  const near = resolved({ vm: { memory: { mib: 16384 } } }, {
    topology: two,
    memoryGib: 64,
    nodesGib: [32, 32],
    gpuNode: 1,
  });
  assertEquals(near.hostSpec.hugepages, { sizeKib: 1048576, pagesByNode: [{ node: 1, pages: 16 }] });
  const both = resolved({ vm: { memory: { mib: 49152 } } }, {
    topology: two,
    memoryGib: 64,
    nodesGib: [32, 32],
    gpuNode: 1,
  });
  assertEquals(both.hostSpec.hugepages?.pagesByNode, [{ node: 0, pages: 24 }, { node: 1, pages: 24 }]);
});

Deno.test("resolve() falls back to 2 MiB pages and refuses sizes the machine does not offer", () => {
  const shape: MachineShape = { pageSizesKib: [2048] };
  assertEquals(resolved({}, shape).hostSpec.hugepages?.sizeKib, 2048);
  assertEquals(refused({ host: { hugepages: "1G" } }, shape).code, "hardware-unsuitable");
  assertEquals(resolved({ host: { hugepages: "none" } }).hostSpec.hugepages, null);
  assertEquals(resolved({ vm: { memory: { mib: 5000 } }, host: { hugepages: "1G" } }).vmSpec.memory.mib, 4096);
});

Deno.test("resolve() wants intel_iommu=on only where the kernel needs it, and goes on wanting it once it is there", () => {
  const needs = (shape: MachineShape) => resolved({}, shape).hostSpec.iommu.needsIntelParameter;
  assertEquals(needs({ vendor: "amd" }), false);
  assertEquals(needs({ vendor: "intel", kernel: "6.7.12" }), true);
  assertEquals(needs({ vendor: "intel", kernel: "6.8.0-31-generic" }), false);
  assertEquals(needs({ vendor: "intel", kernel: "6.12.1" }), false);
  assertEquals(needs({ vendor: "intel", kernel: "6.12.1", iommuEnabled: false }), true);
  assertEquals(needs({ vendor: "intel", kernel: "6.12.1", kernelCommandLine: "ro intel_iommu=on iommu=pt" }), true);

  const debian = { vendor: "intel", kernel: "6.1.0-44-amd64", iommuOnByDefault: true } as const;
  assertEquals(needs(debian), false, "built to switch it on, and there are groups");
  assertEquals(needs({ ...debian, iommuEnabled: false }), true, "built so, and yet there are none");
  assertEquals(needs({ ...debian, kernelCommandLine: "ro intel_iommu=on" }), true, "the person's own stays");
  assertEquals(needs({ ...debian, kernel: "6.12.1", iommuOnByDefault: false }), true, "forced on by the firmware");
});

Deno.test("resolve() isolates the pinned CPUs, and notes when there are none", () => {
  assertEquals(resolved({ host: { isolateCpus: true } }).hostSpec.isolatedCpus, [10, 11, 12, 13, 14, 15]);
  const small = resolved({ host: { isolateCpus: true } }, { topology: cores(2) });
  assertEquals(small.hostSpec.isolatedCpus, []);
  assert(small.notes.some((note) => note.code === "cpus-not-isolated"));
});

Deno.test("resolve() sizes Looking Glass' memory by its resolution", () => {
  const size = (lookingGlass: object) =>
    resolved({ vm: { display: { lookingGlass: { enabled: true, ...lookingGlass } } } }).hostSpec.lookingGlass?.sizeMib;
  assertEquals(size({ width: 1920, height: 1080 }), 32);
  assertEquals(size({ width: 2560, height: 1440 }), 64);
  assertEquals(size({ width: 3840, height: 2160 }), 128);
  assertEquals(size({ width: 1920, height: 1080, hdr: true }), 64);
});

Deno.test("resolve() gives other systems their own small defaults", () => {
  const { vmSpec } = resolved({ host: { gpu: "none" }, vm: { os: "other", name: "demo" } });
  assertEquals(vmSpec.memory.mib, 256);
  assertEquals(vmSpec.cpu.vcpus, 1);
  assertEquals(vmSpec.firmware, { uefi: false, secureBoot: false, tpm: false });
  assertEquals(vmSpec.disks, [{
    pool: "default",
    volume: "demo.qcow2",
    sizeGib: 8,
    format: "qcow2",
    bus: "sata",
    cache: "none",
    discard: "unmap",
  }]);
});

Deno.test("resolve() says that startup programs and kiosk come to nothing where the guest is not Windows", () => {
  const codes = (vm: object) => resolved({ host: { gpu: "none" }, vm }).notes.map(({ code }) => code);
  for (const part of [{ startupApps: ["gimp"] }, { kiosk: true }]) {
    for (const os of ["linux", "other"]) assertEquals(codes({ os, ...part }).includes("startup-apps-not-taken"), true);
    assertEquals(codes(part).includes("startup-apps-not-taken"), false);
  }
  assertEquals(codes({ os: "linux" }).includes("startup-apps-not-taken"), false);
});

Deno.test("resolve() does not move when what it asked for has been done", () => {
  const before = machine({ vendor: "intel", kernel: "6.12.1", iommuEnabled: false });
  const answers = parseAnswers("{}", "test");
  const after = {
    ...machine({ vendor: "intel", kernel: "6.12.1", kernelCommandLine: "ro intel_iommu=on iommu=pt" }),
    pci: before.pci.map((one) => ({ ...one, driver: "vfio-pci" })),
    memory: {
      ...before.memory,
      availableKib: 1,
      hugepages: before.memory.hugepages.map((one) => ({ ...one, total: 16 })),
    },
  };
  assertEquals(resolve(answers, after), resolve(answers, before));
});

Deno.test("resolve() on any machine gives a whole spec that leaves the host its reserve, or refuses with a hint", () => {
  const shapes = fc.record({
    memoryGib: fc.integer({ min: 1, max: 512 }),
    topology: fc.tuple(fc.integer({ min: 0, max: 32 }), fc.integer({ min: 1, max: 2 })).map(([count, threads]) =>
      cores(count, { threads })
    ),
    pageSizesKib: fc.subarray([2048, 1048576]),
    gpus: fc.subarray([gpu({ address: "0000:00:02.0", role: "boot" }), gpu({}), onlyGpu, sharedGpu]),
  });
  const wishes = fc.record({
    profile: fc.constantFrom(...shippedProfiles.map((profile) => profile.name)),
    gpu: fc.constantFrom("auto", "none"),
    mib: fc.option(fc.integer({ min: 512, max: 1_000_000 }), { nil: undefined }),
    vcpus: fc.option(fc.integer({ min: 1, max: 128 }), { nil: undefined }),
  });
  fc.assert(fc.property(shapes, wishes, (shape, { profile, gpu, mib, vcpus }) => {
    let result;
    try {
      result = resolved({ host: { gpu }, vm: { profile, memory: { mib }, cpu: { vcpus } } }, shape);
    } catch (error) {
      assert(
        error instanceof AppError && error.code === "hardware-unsuitable" && error.hint !== undefined,
        String(error),
      );
      return;
    }
    const { vmSpec, hostSpec } = result;
    assert(vmSpecSchema.safeParse(vmSpec).success);
    assert(vmSpec.memory.mib <= shape.memoryGib * 1024);
    assert(shape.topology.length === 0 || vmSpec.cpu.vcpus <= shape.topology.length);
    const { sockets, cores, threads } = vmSpec.cpu.topology;
    assertEquals(sockets * cores * threads, vmSpec.cpu.vcpus);
    const pagesKib = (hostSpec.hugepages?.pagesByNode ?? []).reduce((sum, one) => sum + one.pages, 0) *
      (hostSpec.hugepages?.sizeKib ?? 0);
    assertEquals(pagesKib, vmSpec.memory.hugepages === "none" ? 0 : vmSpec.memory.mib * 1024);
  }));
});

Deno.test("a card that is named is taken where Intel's IOMMU only wants its parameter, and not otherwise", () => {
  const off = { verdict: "no-iommu", iommuGroup: null } as const;
  const boot = gpu({ address: "0000:00:02.0", role: "boot", ...off });
  const shape = { vendor: "intel", kernel: "6.1.0", iommuEnabled: false, gpus: [boot, gpu(off)] } as const;
  const named = (changed: Parameters<typeof machine>[0]) =>
    resolve({ schema: "neuron.answers/1", host: { gpu: gpu(off).address } }, machine({ ...shape, ...changed }));
  const { hostSpec } = named({});
  assertEquals([hostSpec.gpu?.address, hostSpec.iommu.needsIntelParameter], [gpu(off).address, true]);
  assertThrows(() => resolve({ schema: "neuron.answers/1" }, machine(shape)), AppError, "No card can be handed");
  for (const kernelCommandLine of ["ro intel_iommu=off", "ro iommu=off", "ro intel_iommu=on"]) {
    assertThrows(() => named({ kernelCommandLine }), AppError, "Cannot hand");
  }
  assertThrows(() => named({ vendor: "amd" }), AppError, "Cannot hand");
  assertThrows(() => named({ gpus: [gpu(off)] }), AppError, "Cannot hand");
});
