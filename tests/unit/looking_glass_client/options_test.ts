/** Every wish about Looking Glass's window, argument by argument, for release B7 and for the development line. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { AppError } from "../../../model/errors.ts";
import type { LookingGlassSpec } from "../../../model/vm_spec.ts";
import { parseClientHelp } from "../../../provision/looking_glass_client/client.ts";
import { clientArguments, clientOptions, type WindowWish } from "../../../provision/looking_glass_client/options.ts";
import { defaultVmSpec } from "../../../provision/vm/defaults.ts";
import { helpB7, helpNow, helpText } from "./helps.ts";

const b7 = parseClientHelp(helpB7, "/client");
const now = parseClientHelp(helpNow, "/client");
const spec = defaultVmSpec("windows11").display.lookingGlass;

const wish = (part: Partial<LookingGlassSpec> = {}, more: Partial<WindowWish> = {}): WindowWish => ({
  spec: { ...spec, ...part },
  title: "Windows 11",
  memoryPath: "/dev/shm/looking-glass",
  spice: { host: "127.0.0.1", port: 5901 },
  ...more,
});

Deno.test("a plain wish, whole: what release B7 and the development line are told", () => {
  const rest = [
    "win:title=Windows 11",
    "win:size=1920x1080",
    "win:fullScreen=no",
    "win:borderless=no",
    "win:noScreensaver=no",
    "input:grabKeyboard=yes",
    "input:escapeKey=KEY_SCROLLLOCK",
    "spice:enable=yes",
    "spice:host=127.0.0.1",
    "spice:port=5901",
    "egl:mapHDRtoSDR=yes",
  ];
  assertEquals(clientArguments(wish(), b7), { arguments: ["app:shmFile=/dev/shm/looking-glass", ...rest], notes: [] });
  assertEquals(clientArguments(wish(), now), {
    arguments: ["lgmp:shmDevice=/dev/shm/looking-glass", ...rest],
    notes: [],
  });
});

Deno.test("each wish changes exactly its own arguments, with both clients", () => {
  const rows: readonly (readonly [WindowWish, Readonly<Record<string, string | null>>])[] = [
    [wish({ width: 2560, height: 1440 }), { "win:size": "2560x1440" }],
    [wish({ fullScreen: true }), { "win:fullScreen": "yes" }],
    [wish({ borderless: true }), { "win:borderless": "yes" }],
    [wish({ grabKeyboard: false }), { "input:grabKeyboard": "no" }],
    [wish({ escapeKey: "KEY_RIGHTCTRL" }), { "input:escapeKey": "KEY_RIGHTCTRL" }],
    // The client refuses both together, and a person's client.ini may have the other.
    [wish({ noScreensaver: true }), { "win:noScreensaver": "yes", "win:autoScreensaver": "no" }],
    [wish({ hdr: true }), { "egl:mapHDRtoSDR": null }],
    [wish({}, { title: "a=b, 'c' \"d\" %s" }), { "win:title": "a=b, 'c' \"d\" %s" }],
    [wish({}, { memoryPath: "/dev/kvmfr0" }), { memory: "/dev/kvmfr0" }],
    [wish({}, { spice: { host: "/run/x/spice.sock", port: 0 } }), {
      "spice:host": "/run/x/spice.sock",
      "spice:port": "0",
    }],
    [wish({}, { spice: null }), { "spice:enable": "no", "spice:host": null, "spice:port": null }],
    // The guest's own, no matter of the window.
    [wish({ refreshHz: 144 }), {}],
  ];
  for (const client of [b7, now]) {
    const memory = client === b7 ? "app:shmFile" : "lgmp:shmDevice";
    const plain = byName(clientArguments(wish(), client).arguments);
    for (const [wanted, changes] of rows) {
      const expected: Record<string, string> = { ...plain };
      for (const [key, value] of Object.entries(changes)) {
        const name = key === "memory" ? memory : key;
        if (value === null) delete expected[name];
        else expected[name] = value;
      }
      assertEquals(byName(clientArguments(wanted, client).arguments), expected);
    }
  }
});

function byName(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));
}

Deno.test("HDR: B7 cannot show it and says so; an option that a build lacks is left out and said", () => {
  assertEquals(clientArguments(wish({ hdr: true }), b7).notes.map(({ code }) => code), ["looking-glass-no-hdr"]);
  assertEquals(clientArguments(wish({ hdr: true }), now).notes, []);
  const bare = parseClientHelp(helpText("B6", ["app:shmFile", "spice:enable"]), "/client");
  const { arguments: words, notes } = clientArguments(wish(), bare);
  assertEquals(words, ["app:shmFile=/dev/shm/looking-glass", "spice:enable=yes"]);
  assertEquals(notes.length, 10);
  assert(notes.every(({ code }) => code === "looking-glass-option-missing"));
});

Deno.test("every row of the table is used by a client of today, and says where its names are from", () => {
  for (const { names, source } of clientOptions) {
    assert(now.options.has(names[0]!), names[0]);
    assert(/\.(c|rst)/.test(source), source);
  }
});

Deno.test("versions are taken as they come, also of builds between two releases", () => {
  for (const version of ["B7", "B7-rc1", "B7-188-g53bfb6547f", "4e8201da07", "B7-826-236efcb1+1"]) {
    assertEquals(parseClientHelp(helpText(version, ["app:shmFile"]), "/client").version, version);
  }
  assertEquals(parseClientHelp("  | app:shmFile | -f | x | y |", "/client").version, null);
});

Deno.test("garbage is no client, whatever it is, and its words cannot reach the terminal", () => {
  const bad = [
    "",
    "\0\xff",
    "looking-glass-client: command not found",
    "app:shmFile",
    "| Long |",
    "\x1b[31m| app:x | y |",
  ];
  for (const text of bad) assertThrows(() => parseClientHelp(text, "/client"), AppError, "does not list its options");
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (text) => {
    const error = assertThrows(() => parseClientHelp(text, "/client"), AppError);
    assert(/^[\x20-\x7e]*$/.test(error.message) && error.message.length < 200, error.message);
  }));
});
