import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { isWithoutMarkers, readShared, wantedBlock, withBlock, withoutBlock } from "../../provision/block.ts";
import { fakeHost } from "../../provision/host/fake.ts";
import { MemoryDisk } from "../../provision/host/memory_disk.ts";

const about = "kernel parameters";
const body = 'A="$A iommu=pt"\n';

Deno.test("the block goes to the end, everything else stays byte for byte", () => {
  const theirs = "# mine\r\nA='x'\n\n\tB=1   \n";
  const text = withBlock(theirs, about, body);
  assertEquals(text.slice(0, theirs.length), theirs);
  assertEquals(isWithoutMarkers(text), false);
  assertStringIncludes(text, body);
  assertEquals(withoutBlock(text, about), theirs);
});

Deno.test("with, again with, and without it are stable for every text", () => {
  const piece = fc.constantFrom(
    "A=1",
    "\n",
    "# <<< neuron-setup: other",
    "# >>> neuron-setup: other",
    "é",
    "\r\n",
    " ",
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const theirs = pieces.join("");
    const once = withBlock(theirs, about, body);
    assertEquals(withBlock(once, about, body), once);
    const newline = theirs === "" || theirs.endsWith("\n") ? "" : "\n";
    assertEquals(withoutBlock(once, about), theirs + newline);
    assertEquals(withBlock(once, about, "A=2\n").replace("A=2\n", body), once);
  }));
});

Deno.test("a missing file is made of the block alone", () => {
  const text = withBlock(null, about, body);
  assertStringIncludes(text, body);
  assertEquals(withoutBlock(text, about), "");
});

Deno.test("what a person writes behind the block stays behind it", () => {
  const text = withBlock("A=1\n", about, body) + "C=3\n";
  assertEquals(withBlock(text, about, "A=2\n").endsWith("C=3\n"), true);
  assertEquals(withoutBlock(text, about), "A=1\nC=3\n");
});

Deno.test("any one byte of the block that is altered comes back, and nothing is doubled", () => {
  const theirs = "A=1\n";
  const text = withBlock(theirs, about, body) + "C=3\n";
  for (let at = theirs.length; at < text.length - 4; at++) {
    const altered = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
    assertEquals(withBlock(altered, about, body), text, `byte ${at}`);
    assertEquals(withoutBlock(altered, about), "A=1\nC=3\n", `byte ${at}`);
  }
});

Deno.test("a file that is no plain text, or a link, is told; its mode is kept", () => {
  const disk = MemoryDisk.from({
    "/etc/latin": "x",
    "/etc/link": { link: "latin" },
    "/etc/grub": { text: "A=1\n", mode: 0o600 },
  });
  const host = fakeHost(disk);
  host.writeFile("/etc/latin", new Uint8Array([0xfc, 0x0a]));
  assertEquals(readShared(host, "/etc/latin").trouble, "is no UTF-8 text");
  assertEquals(readShared(host, "/etc/link").trouble, "is a link");
  assertEquals(readShared(host, "/etc/none"), { path: "/etc/none", text: null, mode: null, trouble: null });
  const wanted = wantedBlock(readShared(host, "/etc/grub"), about, body);
  assertEquals([wanted.mode, wanted.text], [0o600, `A=1\n${wanted.block}`]);
});
