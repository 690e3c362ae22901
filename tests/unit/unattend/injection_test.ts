/** Whatever people write, it reaches Windows as they wrote it and becomes code in no language on the way. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseAnswers } from "../../../model/answers.ts";
import { AppError } from "../../../model/errors.ts";
import { mediumContents } from "../../../provision/unattend/contents.ts";
import type { StartupApp } from "../../../provision/unattend/startup_apps.ts";
import { checkPassword, checkProductKey } from "../../../provision/unattend/secrets.ts";
import { parseXml } from "../../../provision/vm/xml.ts";
import { planFor, type Wish } from "./wishes.ts";

const nasty = fc.constantFrom(
  "]]>",
  "&amp;",
  "<Path>",
  "%PATH%",
  "%i",
  "$(calc)",
  "`n",
  "'; calc; '",
  '"',
  "^&calc",
  "\\",
  "é",
  "日本",
  "😀",
  "<!--",
  "&#10;",
);
const text = fc.array(fc.oneof(nasty, fc.string({ unit: "grapheme", maxLength: 6 })), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(""));
const line = text.filter((one) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(one) && one.isWellFormed());

/** The commands of an answer file and the scripts: what must never depend on a person's words. */
function code(wish: Wish): readonly string[] {
  const files = mediumContents(planFor(wish));
  const read = (path: string) => new TextDecoder().decode(files.get(path));
  const document = parseXml(read("Autounattend.xml"));
  const commands = ["Path", "CommandLine", "Description"].flatMap((tag) =>
    [...document.getElementsByTagName(tag)].map((one) => one.textContent ?? "")
  );
  return [...commands, read("neuron/winpe.cmd"), read("neuron/first-logon.ps1"), read("neuron/session.ps1")];
}

const plainCode = code({});

Deno.test("any password arrives letter by letter, and is nowhere in the clear", () => {
  fc.assert(fc.property(line.filter((one) => one.trim() !== "" && one.length <= 127), (password) => {
    const files = mediumContents(planFor({ password }));
    const xml = parseXml(new TextDecoder().decode(files.get("Autounattend.xml")));
    const values = [...xml.getElementsByTagName("Value")].map((one) => one.textContent!);
    assertEquals(values.length, 2);
    for (const value of values) {
      const bytes = Uint8Array.from(atob(value), (unit) => unit.charCodeAt(0));
      assertEquals(new TextDecoder("utf-16le").decode(bytes), `${password}Password`);
    }
  }));
});

Deno.test("any account name Windows allows arrives as it is", () => {
  const allowed = line.map((one) => one.replace(/["/\\[\]:;|=,+*?<>@]/g, "").slice(0, 20)).filter((one) =>
    // Blanks of any kind alone are no name.
    one.trim() !== "" && one.isWellFormed() && !/^[. ]|[. ]$/.test(one)
  );
  fc.assert(fc.property(allowed, (name) => {
    const wish = { windows: { account: { name, password: { env: "P" } } } };
    const xml = parseXml(new TextDecoder().decode(mediumContents(planFor(wish)).get("Autounattend.xml")));
    for (const tag of ["Name", "Username", "FullName"]) {
      assertEquals(xml.getElementsByTagName(tag)[0]!.textContent, name);
    }
    assertEquals(code(wish), plainCode);
  }));
});

/** Lines as the model takes them: up to 1,024 characters, without control characters. */
const startupLine = fc.oneof(
  line,
  line.map((rest) => `app.exe ${rest}`),
  line.map((rest) => `"C:\\Program Files\\a b\\app.exe" ${rest}`),
  line.map((rest) => `app.exe ${rest.repeat(1024)}`.slice(0, 1024)),
).filter((one) => one.trim() !== "" && one.isWellFormed());

Deno.test("startup programs are data: they arrive as they are or are refused, and no script or command changes", () => {
  let arrived = 0;
  fc.assert(fc.property(fc.array(startupLine, { maxLength: 5 }), (startupApps) => {
    const wish = { vm: { startupApps } };
    let settings: Uint8Array;
    try {
      settings = mediumContents(planFor(wish)).get("neuron/settings.json")!;
    } catch (error) {
      assert(error instanceof AppError && error.code === "answer-invalid", String(error));
      return;
    }
    assert(settings.every((byte) => byte < 0x80));
    const apps: StartupApp[] = JSON.parse(new TextDecoder().decode(settings)).startupApps;
    assertEquals(apps.map((app) => app.line), startupApps);
    for (const { line, program, arguments: words } of apps) {
      // Nothing is lost and nothing is added but the quotes of the program and blanks around.
      const whole = line.trim();
      assert(whole.endsWith(words) && whole.replace(/^"/, "").startsWith(program), line);
      assertEquals(whole.slice(0, whole.length - words.length).trim().replaceAll('"', ""), program.trim());
    }
    assertEquals(code(wish), plainCode);
    arrived += apps.length;
  }));
  assert(arrived > 50, `${arrived} lines were not refused`);
});

Deno.test("what no language on the way could carry is refused, and a refusal never shows the secret", () => {
  for (const bad of ["", "\n", "two\nlines", "a\0b", "x".repeat(128), "\ud800x", "tab\tbed"]) {
    const error = assertThrows(() => checkPassword(bad, "a file"), AppError);
    if (bad.trim() !== "") assert(!error.message.includes(bad));
  }
  assertEquals(checkPassword("a b \r\n", "a file"), "a b ");
  const error = assertThrows(() => checkProductKey("ABCDE-12345", "a file"), AppError);
  assert(!error.message.includes("ABCDE"));
  assertEquals(checkProductKey(" vk7jg-nphtm-c97jm-9mpgt-3v66t\n", "a file"), "VK7JG-NPHTM-C97JM-9MPGT-3V66T");
  for (const name of ["a\nb", "a<b", 'a"b', "a@b", ".a", "", "x".repeat(21), "a\u0007"]) {
    assertThrows(() => parseAnswers(JSON.stringify({ windows: { account: { name } } }), "a test"), AppError);
  }
  for (const app of ["a\nb", "a\u202eb", "\0"]) {
    assertThrows(() => parseAnswers(JSON.stringify({ vm: { startupApps: [app] } }), "a test"), AppError);
  }
});
