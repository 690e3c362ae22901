/** The catalogue keeps its own rules, and the line on the terminal its width. */
import { assert, assertEquals } from "@std/assert";
import { lineOf, MediaLine } from "../../../cli/media/line.ts";
import { catalogue } from "../../../provision/media/catalogue.ts";
import { checkName, kindByName } from "../../../provision/media/shelf.ts";
import { nextVirtioWin, virtioWin, virtioWinVersion } from "../../../provision/media/virtio_win.ts";

Deno.test("every row can be asked for, trusted for a named reason, and downloaded by our own rules", () => {
  for (const row of catalogue) {
    assertEquals(checkName(row.file), row.file);
    assertEquals(kindByName(row.file), row.kind);
    assertEquals(row.sha256 === undefined, row.hashFrom === undefined, row.name);
    if (row.sha256 !== undefined) assert(/^[0-9a-f]{64}$/.test(row.sha256), row.name);
    if (row.link === null || row.sha256 === undefined) assert(row.note !== undefined, row.name);
    if (row.link !== null) assertEquals(new URL(row.link).protocol, "https:");
    assert(row.source.length > 10 && (row.sizeBytes === undefined || row.sizeBytes > 1e8), row.name);
  }
  for (const key of ["name", "file", "sha256", "link"] as const) {
    const values = catalogue.map((row) => row[key]).filter((value) => typeof value === "string");
    assertEquals(new Set(values).size, values.length, key);
  }
});

Deno.test("progress on a terminal is one line that fits, elsewhere a line now and then", () => {
  const progress = {
    what: "downloading x.iso",
    done: 3e9,
    total: 6e9,
    unit: "bytes" as const,
    bytesPerSecond: 5e7,
    etaMs: 61_000,
  };
  assertEquals(
    lineOf(progress),
    "  [##########----------]  50 %  2.8 GiB of 5.6 GiB  48 MiB/s  1 min 1 s left  downloading x.iso",
  );
  assertEquals(lineOf({ ...progress, total: null, etaMs: null, bytesPerSecond: null }), "  2.8 GiB  downloading x.iso");
  const drawn: string[] = [];
  const noted: string[] = [];
  const terminal = {
    columns: 40,
    color: false,
    interactive: true,
    print: () => {},
    note: (line: string) => void noted.push(line),
  };
  {
    using line = new MediaLine({ ...terminal, redraw: (text) => void drawn.push(text) });
    line.show(progress);
  }
  assertEquals([drawn[0]!.length, drawn[1]], [39, ""]);
  let nowMs = 0;
  using plain = new MediaLine(terminal, () => nowMs);
  for (; nowMs <= 60_000; nowMs += 250) plain.show(progress);
  assertEquals(noted.length, 3);
});

Deno.test("when one version of virtio-win has failed there is another, until all were tried", () => {
  assertEquals(nextVirtioWin()?.name, "virtio-win");
  assertEquals(nextVirtioWin("0.1.285")?.name, "virtio-win-0.1.271");
  assertEquals(nextVirtioWin("/var/lib/libvirt/images/virtio-win-0.1.285.iso")?.name, "virtio-win-0.1.271");
  assertEquals(nextVirtioWin("virtio-win", "virtio-win-0.1.271")?.name, "virtio-win-0.1.302");
  assertEquals(nextVirtioWin("my own drivers.iso")?.name, "virtio-win");
  const tried: string[] = [];
  for (let next = nextVirtioWin(); next !== null; next = nextVirtioWin(...tried)) tried.push(next.file);
  assertEquals(tried, virtioWin.map(({ file }) => file));
  assert(virtioWin.length >= 5 && virtioWin.every(({ sha256 }) => sha256 !== undefined));
  for (const text of ["0.1.262-2", "virtio-win-0.1.262.iso", "/a/virtio-win-0.1.262-2.iso", "virtio-win-0.1.262"]) {
    assertEquals(virtioWinVersion(text), "0.1.262", text);
  }
  assertEquals(virtioWinVersion("virtio-win.iso"), null);
});
