import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { AppError } from "../../../model/errors.ts";
import { parseBootKinds } from "../../../provision/vm/patch/boot.ts";
import { parseUsbId } from "../../../provision/vm/patch/hostdevs.ts";
import { type DomainPatch, patchDomain, patchFindings } from "../../../provision/vm/patch/patch.ts";
import { parseXml } from "../../../provision/vm/xml.ts";

const folder = `${import.meta.dirname}/../../fixtures/domains`;
const byHand = Deno.readTextFileSync(`${folder}/by_hand.xml`);
const deviceOrders = Deno.readTextFileSync(`${folder}/device_orders.xml`);
const crlf = Deno.readTextFileSync(`${folder}/crlf.xml`);
const oneLine = Deno.readTextFileSync(`${folder}/one_line.xml`);
const all = { byHand, deviceOrders, crlf, oneLine };

/** The lines that are gone and those that are new, in order. */
function changes(before: string, patch: DomainPatch): { gone: string[]; added: string[] } {
  const [old, now] = [before.split("\n"), patchDomain(before, patch).split("\n")];
  const lengths = old.map(() => now.map(() => 0)).concat([now.map(() => 0)]).map((row) => [...row, 0]);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      lengths[i]![j] = old[i] === now[j]
        ? lengths[i + 1]![j + 1]! + 1
        : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const gone: string[] = [];
  const added: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) [i, j] = [i + 1, j + 1];
    else if (i < old.length && (j === now.length || lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      gone.push(old[i++]!.trim());
    } else added.push(now[j++]!.trim());
  }
  return { gone, added };
}

for (const [name, text] of Object.entries(all)) {
  Deno.test(`patchDomain() with nothing to do returns ${name} character for character`, () => {
    assertEquals(patchDomain(text, {}), text);
  });
}

Deno.test("patchDomain() changes memory, what the balloon gives and the NUMA cells, each in its own unit", () => {
  assertEquals(changes(byHand, { memoryMib: 8192 }), {
    gone: [
      "<memory unit='KiB'>4194304</memory>",
      "<currentMemory>2097152</currentMemory>   <!-- ballooned -->",
      "<cell id='0' cpus='0-3' memory='3' unit='GiB'/>",
      "<cell id='1' cpus='4-7' memory='1048576'/>",
    ],
    added: [
      "<memory unit='KiB'>8388608</memory>",
      "<currentMemory>8388608</currentMemory>   <!-- ballooned -->",
      "<cell id='0' cpus='0-3' memory='6' unit='GiB'/>",
      "<cell id='1' cpus='4-7' memory='2097152'/>",
    ],
  });
});

Deno.test("patchDomain() raises maxMemory with memory, and leaves a unit that cannot say the size", () => {
  assertStringIncludes(
    patchDomain(byHand, { memoryMib: 10000 }),
    "<maxMemory slots='4' unit='KiB'>10240000</maxMemory>",
  );
  assertStringIncludes(patchDomain(byHand, { memoryMib: 10000 }), "memory='7680000' unit='KiB'");
  assertStringIncludes(patchDomain(oneLine, { memoryMib: 100 }), "<memory unit='bytes'>104857600</memory>");
});

Deno.test("patchDomain() changes vCPUs with topology, cells and what names a vCPU that is gone", () => {
  assertEquals(changes(byHand, { vcpus: 4 }), {
    gone: [
      "<vcpu placement='static' cpuset=\"1-7\" current='2'>8</vcpu>",
      "<vcpupin vcpu='5' cpuset='3'/>",
      "<vcpusched vcpus='0-1,6' scheduler='fifo' priority='1'/>",
      "<topology sockets='1' cores='4' threads='2'/>",
      "<cell id='0' cpus='0-3' memory='3' unit='GiB'/>",
      "<cell id='1' cpus='4-7' memory='1048576'/>",
    ],
    added: [
      "<vcpu placement='static' cpuset=\"1-7\" current='4'>4</vcpu>",
      "<vcpusched vcpus='0-1' scheduler='fifo' priority='1'/>",
      "<topology sockets='1' cores='2' threads='2'/>",
      "<cell id='0' cpus='0-1' memory='3' unit='GiB'/>",
      "<cell id='1' cpus='2-3' memory='1048576'/>",
    ],
  });
  assertStringIncludes(patchDomain(byHand, { vcpus: 9 }), "<topology sockets='1' cores='9' threads='1'/>");
  assertStringIncludes(patchDomain(byHand, { vcpus: 10 }), "cpus='4-9'");
});

Deno.test("patchDomain() turns every vCPU on, those that can be unplugged last and ordered without gaps", () => {
  const lines = (vcpus: number, ...states: string[]) => {
    const text = `<domain>\n  <vcpu current='2'>4</vcpu>\n  <vcpus>\n    ${
      states.join("\n    ")
    }\n  </vcpus>\n</domain>`;
    return patchDomain(text, { vcpus }).split("\n").map((line) => line.trim()).filter((line) => /id=/.test(line));
  };
  const states = [
    "<vcpu id='0' enabled='yes' hotpluggable='no' order='1'/>",
    "<vcpu id='1' enabled='no' hotpluggable='yes'/>",
    "<vcpu id='2' enabled='no'/>",
    "<vcpu id='3' enabled='yes' hotpluggable='yes' order='2'/>",
  ];
  assertEquals(lines(5, ...states), [
    "<vcpu id='0' enabled='yes' hotpluggable='no' order='1'/>",
    "<vcpu id='1' enabled='yes' hotpluggable='yes' order='3'/>",
    "<vcpu id='2' enabled='yes' hotpluggable='yes' order='4'/>",
    "<vcpu id='3' enabled='yes' hotpluggable='yes' order='2'/>",
    "<vcpu id='4' enabled='yes' hotpluggable='yes' order='5'/>",
  ]);
  assertEquals(lines(2, ...states).at(-1), "<vcpu id='1' enabled='yes' hotpluggable='yes' order='2'/>");
  assertEquals(lines(2, "<vcpu id='0' enabled='yes'/>"), [
    "<vcpu id='0' enabled='yes'/>",
    "<vcpu id='1' enabled='yes' hotpluggable='no'/>",
  ]);
});

Deno.test("patchDomain() keeps one of the monitors that watch the same vCPUs after it", () => {
  const tune = "<cachetune vcpus='0-3'><monitor level='3' vcpus='0-1'/><monitor level='3' vcpus='0'/></cachetune>";
  const text = `<domain><vcpu>4</vcpu><cputune>${tune}</cputune></domain>`;
  assertStringIncludes(
    patchDomain(text, { vcpus: 1 }),
    "<cachetune vcpus='0'><monitor level='3' vcpus='0'/></cachetune>",
  );
});

Deno.test("patchDomain() refuses less memory than the memory devices are", () => {
  const device = "<memory model='dimm'><target><size unit='MiB'>512</size></target></memory>";
  const text = `<domain><memory unit='MiB'>1024</memory><devices>${device}</devices></domain>`;
  assertThrows(() => patchDomain(text, { memoryMib: 512 }), AppError, "512 MiB of it are memory devices");
  assertStringIncludes(patchDomain(text, { memoryMib: 600 }), "<memory unit='MiB'>600</memory>");
});

Deno.test("patchDomain() adds a USB device behind the host devices, once", () => {
  const patch = { addUsb: [parseUsbId("1D6B:0002")] };
  assertEquals(changes(byHand, patch), {
    gone: [],
    added: [
      "<hostdev mode='subsystem' type='usb' managed='yes'>",
      "<source>",
      "<vendor id='0x1d6b'/>",
      "<product id='0x0002'/>",
      "</source>",
      "</hostdev>",
    ],
  });
  const once = patchDomain(byHand, patch);
  assertEquals(patchDomain(once, patch), once);
  assertEquals(patchDomain(byHand, { addUsb: [parseUsbId("046d:c52b")] }), byHand);
});

Deno.test("patchDomain() adds a CD drive with a medium at a free place, once, and removes it without a trace", () => {
  const path = "/srv/it's <b> & c.iso";
  const { gone, added } = changes(byHand, { addCdrom: [path] });
  assertEquals([gone, added.length], [[], 6]);
  const patched = patchDomain(byHand, { addCdrom: [path] });
  const sources = [...parseXml(patched).getElementsByTagName("source")].map((one) => one.getAttribute("file"));
  assert(sources.includes(path));
  const targets = [...patched.matchAll(/<target dev=['"](\w+)['"]/g)].map((match) => match[1]);
  assertEquals(new Set(targets).size, targets.length, "no place twice");
  assertEquals(patchDomain(patched, { addCdrom: [path] }), patched);
  assertEquals(patchDomain(patched, { removeCdrom: [path] }), byHand);
  const error = assertThrows(() => patchDomain(byHand, { removeCdrom: ["/srv/none.iso"] }), AppError);
  assertEquals([error.code, error.hint !== undefined], ["not-found", true]);
});

Deno.test("patchDomain() puts a CD drive on IDE where the machine has no SATA, and says when all is taken", () => {
  const old = "<domain><os><type machine='pc-i440fx-7.2'>hvm</type></os><devices/></domain>";
  let now = old;
  for (const medium of ["a", "b", "c", "d"]) now = patchDomain(now, { addCdrom: [`/srv/${medium}.iso`] });
  assertEquals([...now.matchAll(/dev='(\w+)' bus='(\w+)'/g)].map(([, dev, bus]) => `${dev} ${bus}`), [
    "hda ide",
    "hdb ide",
    "hdc ide",
    "hdd ide",
  ]);
  assertEquals(assertThrows(() => patchDomain(now, { addCdrom: ["/srv/e.iso"] }), AppError).code, "unsupported");
});

Deno.test("patchDomain() removes host devices with their lines, and what was added leaves no trace", () => {
  assertEquals(changes(byHand, { removeUsb: [parseUsbId("046d:c52b")] }).added, []);
  assertEquals(changes(byHand, { removePci: ["0000:01:00.0"] }).gone.length, 3);
  const usb = [parseUsbId("1234:5678")];
  assertEquals(
    patchDomain(patchDomain(byHand, { addUsb: usb, addPci: ["0000:41:00.1"] }), {
      removeUsb: usb,
      removePci: ["0000:41:00.1"],
    }),
    byHand,
  );
});

Deno.test("patchDomain() names what is there when there is nothing to remove", () => {
  const error = assertThrows(() => patchDomain(byHand, { removeUsb: [parseUsbId("1111:2222")] }), AppError);
  assertEquals(error.code, "not-found");
  assertStringIncludes(error.hint!, "046d:c52b");
});

Deno.test("patchDomain() keeps the way a domain says what it boots from", () => {
  assertEquals(changes(byHand, { boot: ["cdrom", "hd"] }), { gone: [], added: ["<boot dev='cdrom'/>"] });
  assertStringIncludes(patchDomain(byHand, { boot: ["network"] }), "<boot dev='network'/>\n    <bootmenu");
  const orders = patchDomain(deviceOrders, { boot: ["cdrom", "hd"] });
  assertEquals(changes(deviceOrders, { boot: ["cdrom", "hd"] }), {
    gone: ["<boot order='1'/>", "<boot order='2'/>"],
    added: ["<boot order='2'/>", "<boot order='1'/>", "<boot order='3'/>"],
  });
  assert(!orders.includes("<boot dev="));
  assertEquals(patchDomain(orders, { boot: ["hd", "network"] }).match(/order='\d'/g), [
    "order='1'",
    "order='3'",
    "order='2'",
  ]);
  assertThrows(() => patchDomain(deviceOrders, { boot: ["fd"] }), AppError, "no such device");
});

Deno.test("patchDomain() refuses a boot order where no firmware boots", () => {
  for (const type of ["exe", "linux", "xenpvh"]) {
    const text = `<domain type='lxc'><name>c</name><os><type>${type}</type></os><devices/></domain>`;
    const error = assertThrows(() => patchDomain(text, { boot: ["hd"] }), AppError, "does not boot by firmware");
    assertEquals(error.code, "unsupported");
  }
});

Deno.test("patchFindings() warns of a boot device that is not there and of USB that is turned off", () => {
  assertEquals(patchFindings(deviceOrders, { boot: ["fd", "hd"] }).map((one) => one.code), ["boot-device-missing"]);
  const off = deviceOrders.replace("<devices>", "<devices><controller type='usb' model='none'/>");
  assertEquals(patchFindings(off, { addUsb: [parseUsbId("1111:2222")] }).map((one) => one.code), ["usb-turned-off"]);
  assertEquals(patchFindings(byHand, { boot: ["hd"], memoryMib: 1 }), []);
});

Deno.test("patchDomain() writes titles escaped, in their place, with the document's line ends", () => {
  assertStringIncludes(
    patchDomain(byHand, { title: '<b> & "x"' }),
    "\n  <title>&lt;b&gt; &amp; &quot;x&quot;</title>\n  <metadata>",
  );
  const patched = patchDomain(crlf, { title: "t", addPci: ["0000:01:00.0"] });
  assertStringIncludes(patched, "<name>crlf</name>\r\n\t<title>t</title>\r\n\t<memory>");
  assertStringIncludes(patched, "<devices>\r\n");
  assertEquals(patched.replaceAll("\r\n", "").includes("\n"), false);
  assertEquals(patched.endsWith("</domain>"), true);
  assertStringIncludes(patchDomain(oneLine, { addPci: ["0000:01:00.0"] }), "<devices>");
});

Deno.test("patchDomain() refuses what is no domain and what declares entities", () => {
  const bomb = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><domain><name>&b;</name></domain>';
  for (
    const text of [
      "",
      "x",
      "<network/>",
      "<domain>",
      "<domain></domain><domain/>",
      bomb,
      "<domain><a b=1/></domain>",
      "<domain>\u0001</domain>",
    ]
  ) {
    const error = assertThrows(() => patchDomain(text, { memoryMib: 1 }), AppError);
    assertEquals(error.code, "xml-invalid", text);
    assert(error.hint !== undefined);
  }
});

Deno.test("parseBootKinds() and parseUsbId() take their words and nothing else", () => {
  assertEquals(parseBootKinds("cdrom, hd"), ["cdrom", "hd"]);
  for (const text of ["", "cd", "hd,hd", "hd,"]) assertThrows(() => parseBootKinds(text), AppError);
  for (const text of ["46d:c52b", "046dc52b", "046d:c52b:1", "zzzz:0000"]) {
    assertThrows(() => parseUsbId(text), AppError);
  }
});

const anyPatch: fc.Arbitrary<DomainPatch> = fc.record({
  memoryMib: fc.integer({ min: 64, max: 100_000 }),
  vcpus: fc.integer({ min: 1, max: 64 }),
  title: fc.string({ unit: "grapheme-ascii" }).filter((text) => text.trim() === text && text !== ""),
  boot: fc.subarray(["cdrom", "hd", "network"] as const, { minLength: 1 }),
  addUsb: fc.array(fc.constantFrom("1111:2222", "046d:c52b").map(parseUsbId)),
  addPci: fc.array(fc.constantFrom("0000:01:00.0", "0000:41:00.1")),
  addCdrom: fc.array(fc.constantFrom("/srv/a.iso", '/srv/it\'s <b> & "c".iso')),
}, { requiredKeys: [] });

Deno.test("patchDomain() with any patch gives well-formed XML that a second patch leaves alone", () => {
  fc.assert(fc.property(fc.constantFrom(byHand, deviceOrders, crlf), anyPatch, (text, { boot, ...patch }) => {
    // Only domains with such devices can boot from them.
    const whole = { ...patch, ...(boot === undefined || text === crlf ? {} : { boot }) };
    const once = patchDomain(text, whole);
    parseXml(once);
    assertEquals(patchDomain(once, whole), once);
    const comments = (xml: string) =>
      xml.match(/<!--.*?-->|<!\[CDATA\[.*?\]\]>|<future-device[^>]*>|<my:thing[^>]*>/gs);
    assertEquals(comments(once), comments(text));
  }));
});
