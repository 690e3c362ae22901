/** The launcher, read back by the rules of the Desktop Entry Specification, for names and titles of any letters. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import {
  ensureLauncher,
  fileNameOf,
  launcherPaths,
  removeLauncher,
  renderAutostart,
  renderEntry,
} from "../../../provision/looking_glass_client/launcher.ts";

const place = { dataFolder: "/home/ada/.local/share", configFolder: "/home/ada/.config" };
const launched = {
  name: "windows11",
  title: "Windows 11",
  argv: ["/usr/bin/neuron-setup", "vm", "x"],
  autostart: false,
};

/** A value as a desktop reads it: escapes of strings. */
function valueOf(text: string, key: string, group = 0): string {
  const lines = text.split(/^\[.*\]$/m)[group + 1]!.split("\n");
  const raw = lines.find((line) => line.startsWith(`${key}=`))!.slice(key.length + 1);
  const escapes: Record<string, string> = { s: " ", n: "\n", t: "\t", r: "\r", "\\": "\\" };
  return raw.replace(/\\(.)/g, (_, letter) => escapes[letter]!);
}

/** An Exec value as a desktop takes it apart: quotes, backslashes in quotes, then field codes. */
function wordsOf(exec: string): string[] {
  const words = [...exec.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"]+)/g)]
    .map(([, quoted, plain]) => quoted?.replace(/\\(["`$\\])/g, "$1") ?? plain!);
  return words.map((word) => {
    assert(!/(^|[^%])(%%)*%[^%]|(^|[^%])(%%)*%$/.test(word), `a field code in ${word}`);
    return word.replaceAll("%%", "%");
  });
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const word = fc.oneof(
  text,
  fc.constantFrom("%f", "%%", '"', "\\", "$(id)", "`id`", "a b", "'", ";", "\\n", "&", "~", "#"),
);

Deno.test("any name and any argument arrives as it was, through both layers of escapes", () => {
  const clean = (one: string) =>
    // deno-lint-ignore no-control-regex -- these have no place in an entry
    !/[\x00-\x1f\x7f]/.test(one) && one.isWellFormed();
  fc.assert(fc.property(fc.array(word.filter(clean), { minLength: 1 }), text.filter(clean), (argv, title) => {
    const entry = renderEntry({ ...launched, argv, title });
    assertEquals(wordsOf(valueOf(entry, "Exec")), argv);
    assertEquals(valueOf(entry, "Name"), title);
    assertEquals(wordsOf(valueOf(entry, "Exec", 1)), [...argv, "--full-screen"]);
    assertEquals(wordsOf(valueOf(entry, "Exec", 2)), [...argv, "--window"]);
    assertEquals(wordsOf(valueOf(renderAutostart({ ...launched, argv, title }), "Exec")), [...argv, "--follow"]);
  }));
});

Deno.test("control characters cannot begin a line of their own", () => {
  const entry = renderEntry({ ...launched, name: "a\nExec=evil", title: "x\n[Desktop Entry]\nExec=evil\x00\x1b[31m" });
  assertEquals(entry.split("\n").filter((line) => line.startsWith("Exec=")).length, 3);
  assertEquals(entry.split("\n").filter((line) => line.startsWith("[")).length, 3);
});

Deno.test("file names are plain, and no two VMs share one", () => {
  assertEquals(fileNameOf("windows11"), "windows11");
  assertEquals(fileNameOf("../é b_"), "_2e__2e__2f__e9__20_b_5f_");
  fc.assert(fc.property(text, text, (one, other) => {
    assert(/^[A-Za-z0-9_-]+$/.test(fileNameOf(one)));
    assertEquals(fileNameOf(one) === fileNameOf(other), one === other);
  }));
});

Deno.test("twice changes nothing; autostart comes and goes with the VM's wish; removed without a trace", () => {
  const host = fakeHost(MemoryDisk.from({ "/home/ada": { folder: true } }));
  const { entry, autostart, icon } = launcherPaths("windows11", place);
  assertEquals(ensureLauncher(host, launched, place), [icon, entry]);
  assertEquals(ensureLauncher(host, launched, place), []);
  assertEquals(ensureLauncher(host, { ...launched, autostart: true }, place), [autostart]);
  assertEquals(ensureLauncher(host, launched, place), [autostart]);
  assertEquals(host.stat(autostart), null);
  ensureLauncher(host, { ...launched, name: "other", autostart: true }, place);
  assertEquals(removeLauncher(host, "windows11", place), [entry]);
  assertEquals(host.stat(icon)?.kind, "file");
  assertEquals(removeLauncher(host, "windows11", place), []);
  assertEquals(removeLauncher(host, "other", place).length, 3);
  assertEquals([host.list(`${place.dataFolder}/applications`), host.list(`${place.configFolder}/autostart`)], [[], []]);
});
