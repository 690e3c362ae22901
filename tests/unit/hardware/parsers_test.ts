/** The formats one by one: what they mean, and that nothing throws on what they are not. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareVersions, parseChassis, parseLoaderInfo, parseSecureBoot } from "../../../provision/hardware/boot.ts";
import { parseCpuInfo } from "../../../provision/hardware/cpu.ts";
import { parseEdid } from "../../../provision/hardware/edid.ts";
import { parseInterruptRemapping } from "../../../provision/hardware/iommu.ts";
import { parseLargestPrefetchableBar, parseModalias, parseParent } from "../../../provision/hardware/pci.ts";
import { parseIdNames } from "../../../provision/hardware/pci_ids.ts";
import { parseMounts } from "../../../provision/hardware/storage.ts";
import {
  parseAssignments,
  parseCpuList,
  parseHex,
  parseInteger,
  parseLine,
  parseMeminfo,
} from "../../../provision/hardware/values.ts";

Deno.test("no parser throws, whatever the text", () => {
  const pieces = fc.constantFrom(
    "0x",
    "-",
    ",",
    "=",
    ":",
    "\t",
    "\n",
    "\0",
    "processor\t: 0",
    "/dev/sda / ext4",
    "kB",
    '"',
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.oneof(pieces, fc.string(), fc.nat().map(String)))
      .map((parts) => parts.join("")),
  );
  fc.assert(fc.property(text, (any) => {
    parseLine(any);
    parseInteger(any);
    parseHex(any, 4);
    parseCpuList(any);
    parseAssignments(any);
    parseMeminfo(any);
    parseCpuInfo(any);
    parseModalias(any);
    parseParent(any);
    parseLargestPrefetchableBar(any);
    parseMounts(any);
    parseInterruptRemapping(any);
    parseChassis(any);
    compareVersions(any, "6.1");
    const names = parseIdNames(any);
    for (const id of ["10de", any]) {
      names.vendor(id);
      names.device(id, id);
      names.className(id);
    }
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    parseEdid(bytes);
    parseSecureBoot(bytes);
    parseLoaderInfo(bytes);
  }));
});

Deno.test("parseCpuList() reads back every list it is given, and refuses absurd ones", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.nat(512), { minLength: 1 }), (cpus) => {
    const sorted = [...cpus].sort((a, b) => a - b);
    assertEquals(parseCpuList(`${cpus.join(",")}\n`), sorted);
  }));
  assertEquals(parseCpuList("0-3,8,10-11\n"), [0, 1, 2, 3, 8, 10, 11]);
  for (const bad of ["", "\n", "3-1", "0-999999", "a", "1,,2", "1-", "99999999"]) assertEquals(parseCpuList(bad), null);
});

Deno.test("parseHex() gives exactly so many lower-case digits or nothing", () => {
  fc.assert(fc.property(fc.nat(0xffff), (id) => {
    assertEquals(parseHex(`0x${id.toString(16).toUpperCase()}\n`, 4), id.toString(16).padStart(4, "0"));
  }));
  for (const bad of ["", "0x", "0x12345", "xyz", "0x1\u00002"]) assertEquals(parseHex(bad.replace("\0", "g"), 4), null);
});

Deno.test("parseInteger() refuses what a double cannot hold", () => {
  assertEquals(parseInteger("9007199254740991\n"), Number.MAX_SAFE_INTEGER);
  assertEquals(parseInteger("9007199254740993\n"), null);
  assertEquals(parseInteger("-1\n"), -1);
});

Deno.test("parseAssignments() takes quotes off and skips the rest", () => {
  const values = parseAssignments('# x\nID=debian\nPRETTY_NAME="Debian \\"12\\""\nNAME=\'a b\'\nbroken\n');
  assertEquals([...values], [["ID", "debian"], ["PRETTY_NAME", 'Debian "12"'], ["NAME", "a b"]]);
});

Deno.test("the largest prefetchable BAR is found among memory, I/O and ROM", () => {
  const resource = [
    "0x00000000fb000000 0x00000000fbffffff 0x0000000000040200",
    "0x0000006000000000 0x00000061ffffffff 0x000000000014220c",
    "0x0000000000000000 0x0000000000000000 0x0000000000000000",
    "0x0000006200000000 0x0000006201ffffff 0x000000000014220c",
    "0x000000000000e000 0x000000000000e07f 0x0000000000040101",
    "0x0000000000000000 0x0000000000000000 0x0000000000000000",
    "0x0000007000000000 0x000000ffffffffff 0x000000000014220c", // not a BAR: behind the first six
  ].join("\n");
  assertEquals(parseLargestPrefetchableBar(resource), 8 * 2 ** 30);
  assertEquals(parseLargestPrefetchableBar("garbage"), null);
  assertEquals(parseLargestPrefetchableBar("0x0 0xffffffffffffffff 0x14220c\n"), null);
});

Deno.test("the parent is the PCI function directly above, and nothing else", () => {
  const below = "../../../devices/pci0000:00/";
  assertEquals(parseParent(`${below}0000:00:01.0/0000:01:00.0`), "0000:00:01.0");
  assertEquals(parseParent(`${below}0000:00:01.0`), null);
  assertEquals(parseParent(`${below}0000:00:0e.0/pci10000:e0/10000:e0:06.0`), null);
  assertEquals(parseParent(null), null);
});

Deno.test("pci.ids: vendors, devices below them only, classes with and without a subclass", () => {
  const names = parseIdNames(
    "# comment\n10de  NVIDIA Corporation\n\t2484  GA104 [GeForce RTX 3070]\n\t\t10de 1234  Board\n\t2488  GA104\n" +
      "1002  AMD\n\t2484  Not NVIDIA's\n\nC 03  Display controller\n\t00  VGA compatible controller\n",
  );
  assertEquals(names.vendor("10de"), "NVIDIA Corporation");
  assertEquals(names.device("10de", "2484"), "GA104 [GeForce RTX 3070]");
  assertEquals(names.device("10de", "2488"), "GA104");
  assertEquals(names.device("1002", "2484"), "Not NVIDIA's");
  assertEquals(names.device("1002", "2488"), null);
  assertEquals(names.vendor("2484"), null);
  assertEquals(names.className("0300"), "VGA compatible controller");
  assertEquals(names.className("0399"), "Display controller");
  assertEquals(names.className("0c03"), null);
});

Deno.test("interrupts are remapped when a chip says so, not when none does, unknown when none is there", () => {
  assertEquals(parseInterruptRemapping("  0:  9  IR-IO-APIC   2-edge  timer\n"), true);
  assertEquals(parseInterruptRemapping(" 24:  9  PCI-MSI 1-edge nvme\n"), false);
  assertEquals(parseInterruptRemapping(" 24:  9  DMAR-MSI 0-edge dmar0\n"), null);
  assertEquals(parseInterruptRemapping(null), null);
});

Deno.test("Secure Boot is the fifth byte, and only of five", () => {
  assertEquals(parseSecureBoot(Uint8Array.of(6, 0, 0, 0, 1)), true);
  assertEquals(parseSecureBoot(Uint8Array.of(6, 0, 0, 0, 0)), false);
  for (const bytes of [null, Uint8Array.of(), Uint8Array.of(6, 0, 0, 0), Uint8Array.of(6, 0, 0, 0, 9)]) {
    assertEquals(parseSecureBoot(bytes), null);
  }
});

Deno.test("the boot loader's own word is UTF-16 behind four bytes of attributes", () => {
  const text = [..."systemd-boot 255\0"].flatMap((char) => [char.charCodeAt(0), 0]);
  assertEquals(parseLoaderInfo(Uint8Array.of(6, 0, 0, 0, ...text)), "systemd-boot 255");
});

Deno.test("6.10 is newer than 6.9, and a release candidate older than nothing behind it", () => {
  assertEquals(["6.9.1", "6.10.0", "6.1.0-18-amd64", "5.10.0"].sort(compareVersions), [
    "5.10.0",
    "6.1.0-18-amd64",
    "6.9.1",
    "6.10.0",
  ]);
});

Deno.test("mount points belong to their device, with blanks decoded", () => {
  const mounts = parseMounts(
    "proc /proc proc rw 0 0\n/dev/sda2 / ext4 rw 0 0\n/dev/sda2 /mnt/my\\040disk ext4 rw 0 0\n",
  );
  assertEquals([...mounts], [["sda2", ["/", "/mnt/my disk"]]]);
});

/** A monitor's EDID with this name and preferred mode. */
function edid(name: string, widthPx: number, heightPx: number): Uint8Array {
  const bytes = new Uint8Array(128);
  bytes.set([0, 255, 255, 255, 255, 255, 255, 0]);
  bytes.set([1, 2, widthPx & 255, 0, (widthPx >> 8) << 4, heightPx & 255, 0, (heightPx >> 8) << 4], 54);
  bytes.set([0, 0, 0, 0xfc, 0, ...new TextEncoder().encode(`${name}\n`.padEnd(13))], 72);
  return bytes;
}

Deno.test("parseEdid() finds the name and the preferred mode", () => {
  assertEquals(parseEdid(edid("DELL U2723QE", 3840, 2160)), {
    monitor: "DELL U2723QE",
    preferredMode: { widthPx: 3840, heightPx: 2160 },
  });
  assertEquals(parseEdid(edid("\x1b[31m\u202e", 0, 0))?.preferredMode, null);
  assert(!parseEdid(edid("a\x1bb", 1, 1))?.monitor?.includes("\x1b"));
  assertEquals(parseEdid(new Uint8Array(128)), null);
  assertEquals(parseEdid(edid("x", 1, 1).subarray(0, 127)), null);
});
