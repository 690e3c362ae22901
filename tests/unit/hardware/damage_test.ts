/** Whatever the files hold, detection answers: damaged, unreadable, missing; and it asks for each only once. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Detection } from "../../../model/detection.ts";
import { AppError } from "../../../model/errors.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import type { MachineFiles } from "../../../provision/hardware/reading.ts";
import { openHost } from "../../../provision/host/open.ts";
import { withHost } from "../../fixtures/hosts.ts";
import { filesOf, machine } from "./machine.ts";

type Damage = "none" | "eio" | "gone" | "empty" | "cut" | "zeros" | "garbage" | "huge";

/** Does to each answer what `damageOf` says of its path. */
function damaged(files: MachineFiles, damageOf: (path: string) => Damage, garbage: string): MachineFiles {
  const text = (path: string, whole: string | null): string | null => {
    switch (damageOf(path)) {
      case "none":
        return whole;
      case "eio":
        throw new AppError("file-access", `Cannot read ${path}: Input/output error (os error 5)`);
      case "gone":
        return null;
      case "empty":
        return "";
      case "cut":
        return whole === null ? null : whole.slice(0, Math.floor(whole.length / 2));
      case "zeros":
        return "\0".repeat(whole?.length ?? 64);
      case "garbage":
        return garbage;
      case "huge":
        return `0x${"f".repeat(400)}`;
    }
  };
  return {
    readText: (path) => text(path, files.readText(path)),
    readBytes: (path) => {
      const whole = files.readBytes(path);
      const changed = text(path, whole === null ? null : new TextDecoder("latin1").decode(whole));
      return changed === null ? null : new TextEncoder().encode(changed);
    },
    list: (path) => {
      const changed = text(path, files.list(path)?.join("\n") ?? null);
      return changed === null ? null : changed.split("\n");
    },
    stat: (path) => text(path, "") === null ? null : files.stat(path),
    readLink: (path) => text(path, files.readLink(path)),
  };
}

/** What every reader of the document relies on, whatever was read. */
function assertSound(seen: Detection): void {
  assertEquals(JSON.parse(JSON.stringify(seen)), seen);
  const addresses = new Set(seen.pci.map((device) => device.address));
  for (const { vendorId, deviceId, classCode } of seen.pci) {
    for (const id of [vendorId, deviceId, classCode]) assert(/^[0-9a-f]{4}$/.test(id), id);
  }
  for (const gpu of seen.gpus) {
    assert(gpu.functions.includes(gpu.address));
    for (const address of gpu.functions) assert(addresses.has(address), address);
    assert(!gpu.conflicts.some((address) => gpu.functions.includes(address)));
    assert(gpu.reasons.length > 0);
  }
  const { topology, threads, cores, sockets } = seen.cpu;
  assertEquals(threads, topology.length);
  assert(cores <= threads && sockets <= Math.max(cores, 0));
  for (const kib of [seen.memory.totalKib, seen.memory.availableKib]) assert(Number.isSafeInteger(kib) && kib >= 0);
}

Deno.test("detect() answers soundly whatever happens to any of the files", async () => {
  await withHost("full-nvidia-numa", (root) => {
    const files = openHost({ root });
    const damage = fc.constantFrom<Damage>(
      "none",
      "none",
      "none",
      "eio",
      "gone",
      "empty",
      "cut",
      "zeros",
      "garbage",
      "huge",
    );
    fc.assert(
      fc.property(
        fc.array(damage, { minLength: 7, maxLength: 61 }),
        fc.string({ unit: "binary" }),
        (kinds, garbage) => {
          const damageOf = (path: string) => kinds[hash(path) % kinds.length]!;
          assertSound(detect(damaged(files, damageOf, garbage)));
        },
      ),
      { numRuns: 60 },
    );
  });
});

function hash(text: string): number {
  let sum = 7;
  for (const char of text) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return sum;
}

Deno.test("detect() of an empty folder tells that nothing is known", () => {
  const seen = detect(filesOf({}));
  assertSound(seen);
  assertEquals([seen.pci, seen.gpus, seen.usb, seen.storage, seen.displays], [[], [], [], [], []]);
  assertEquals(seen.memory.numaNodes, [{ node: 0, totalKib: 0 }]);
  const codes = seen.findings.map((finding) => finding.code);
  for (const code of ["iommu-absent", "cpu-unknown", "no-gpu", "memory-unknown", "boot-files-unknown"]) {
    assert(codes.includes(code), code);
  }
});

Deno.test("a file that cannot be read is told, and what it would have said is unknown", () => {
  const files = machine([{ at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1 }]);
  const seen = detect(damaged(files, (path) => path.endsWith("/vendor") ? "eio" : "none", ""));
  assertEquals(seen.pci[0]?.vendorId, "ffff");
  assertEquals(seen.gpus[0]?.vendor, "other");
  const finding = seen.findings.find((found) => found.code === "unreadable-files");
  assert(finding?.title.includes("/sys/bus/pci/devices/0000:01:00.0/vendor"), JSON.stringify(finding));
});

Deno.test("dangling and circular links are as good as missing", () => {
  const seen = detect(machine([], {
    "/sys/bus/pci/devices/0000:01:00.0": { link: "../../../devices/pci0000:00/0000:01:00.0" },
    "/sys/bus/pci/devices/0000:02:00.0": { link: "0000:02:00.0" },
    "/proc/cpuinfo": { link: "/proc/cpuinfo" },
  }));
  assertSound(seen);
  assertEquals(seen.pci.map((device) => device.address), ["0000:01:00.0", "0000:02:00.0"]);
});

Deno.test("ids come from modalias where a file of theirs is damaged", () => {
  const seen = detect(machine([{ at: "0000:01:00.0", ids: "10de:zz", class: "0300" }], {
    "/sys/devices/pci0000:00/0000:01:00.0/modalias": "pci:v000010DEd00002484sv00001458sd0000404Cbc03sc00i00\n",
  }));
  assertEquals(seen.pci[0]?.deviceId, "2484");
});

/** Counts the readings of every path. */
function counting(files: MachineFiles): { files: MachineFiles; counts: Map<string, number> } {
  const counts = new Map<string, number>();
  const count = <T>(call: string, read: (path: string) => T) => (path: string): T => {
    counts.set(`${call} ${path}`, (counts.get(`${call} ${path}`) ?? 0) + 1);
    return read(path);
  };
  return {
    counts,
    files: {
      readText: count("read", (path) => files.readText(path)),
      readBytes: count("read", (path) => files.readBytes(path)),
      list: count("list", (path) => files.list(path)),
      stat: count("stat", (path) => files.stat(path)),
      readLink: count("readLink", (path) => files.readLink(path)),
    },
  };
}

for (const name of ["intel-spr-xeon-bmc-only", "full-nvidia-numa"]) {
  Deno.test(`detect() asks for every file of ${name} at most once and never for config space`, async () => {
    await withHost(name, (root) => {
      const { files, counts } = counting(openHost({ root }));
      detect(files);
      assertEquals([...counts].filter(([, times]) => times > 1), []);
      // Reading it wakes a sleeping card.
      assertEquals([...counts.keys()].filter((path) => /\/config$|link_(speed|width)$/.test(path)), []);
      assert(counts.size > 100);
    });
  });
}
