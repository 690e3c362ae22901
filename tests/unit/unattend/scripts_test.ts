/**
 * The scripts of the answer medium. PowerShell through a real parser; cmd by the rules of its own that a script of ours
 * must keep (it really runs in tests/integration/unattend/winpe_test.ts, in Wine's cmd.exe).
 */
import { assert, assertEquals } from "@std/assert";
import type { VmSpec } from "../../../model/vm_spec.ts";
import { stages } from "../../../provision/unattend/stages.ts";
import { guestSettings } from "../../../provision/unattend/guest_settings.ts";
import { parseErrors, powershellParser } from "./powershell.ts";
import { planFor, textOf } from "./wishes.ts";

const powershell = textOf("neuron/first-logon.ps1");
const session = textOf("neuron/session.ps1");
const cmd = textOf("neuron/winpe.cmd");
const parse = await powershellParser();

/** Commands of Windows PowerShell 5.1 the scripts may use; none of them runs text as code. */
const cmdlets = [
  "Add-Content",
  "ConvertFrom-Json",
  "Copy-Item",
  "Get-Date",
  "Get-ItemProperty",
  "Get-Service",
  "Join-Path",
  "New-Item",
  "New-ItemProperty",
  "New-Object",
  "New-ScheduledTaskAction",
  "New-ScheduledTaskPrincipal",
  "New-ScheduledTaskSettingsSet",
  "New-ScheduledTaskTrigger",
  "Register-ScheduledTask",
  "Remove-Item",
  "Remove-ItemProperty",
  "Set-ItemProperty",
  "Set-StrictMode",
  "Start-Process",
  "Start-Sleep",
  "Test-Path",
];

for (const [name, script] of [["first-logon.ps1", powershell], ["session.ps1", session]] as const) {
  Deno.test(`${name} is PowerShell, and the parser would see what is not`, () => {
    assertEquals(parseErrors(parse(script)), []);
    for (const broken of ["if (1) {", "function X( {}", "$a = 'x", "foreach ($x in ) {}"]) {
      assert(parse(broken).hasError, broken);
    }
    // Each closing bracket is needed: the parser reads the whole script, not its beginning.
    const end = script.lastIndexOf("}");
    assert(parseErrors(parse(script.slice(0, end) + script.slice(end + 1))).length > 0);
  });

  Deno.test(`${name} calls its own functions and harmless commands, and runs no text as code`, () => {
    const tree = parse(script);
    const own = tree.descendantsOfType("function_name").map((node) => node!.text);
    const called = new Set(tree.descendantsOfType("command_name").map((node) => node!.text));
    assertEquals([...called].filter((name) => !own.includes(name) && !cmdlets.includes(name)), []);
    assertEquals(own.filter((name) => !called.has(name)), []);
    // Texts in double quotes are expanded: none may hold a variable or a command.
    for (const node of tree.descendantsOfType("expandable_string_literal")) {
      assert(!node!.text.includes("$"), node!.text);
    }
    assert(!/Invoke-Expression|\biex\b|ScriptBlock\]::Create|Restart-Computer|shutdown/i.test(script));
  });
}

Deno.test("session.ps1 starts programs in one place alone, from the settings' own fields, without a command line", () => {
  assertEquals([...session.matchAll(/\[System\.Diagnostics\.Process\]::Start\(\$info\)/g)].length, 1);
  assert(!/Start-Process|cmd(\.exe)?\b|& /.test(session.replace(/^#.*$/gm, "")));
  const fields = new Set([...session.matchAll(/\$(?:App|apps?|settings)\.([A-Za-z]+)/g)].map((match) => match[1]!));
  assertEquals([...fields].sort(), ["Count", "arguments", "kiosk", "line", "program", "startupApps"]);
});

Deno.test("first-logon.ps1 knows each setting it is given, and each stage it reports", () => {
  const settings = Object.keys(planFor().settings).filter((key) => key !== "schema");
  const read = new Set([...powershell.matchAll(/\$settings\.([A-Za-z]+)/gi)].map((match) => match[1]!));
  assertEquals([...read].sort(), settings.sort());
  const reported = [...powershell.matchAll(/(?:Send-Stage|Invoke-Part) '([a-z-]+)'/g)].map((match) => match[1]!);
  const inCmd = [...cmd.matchAll(/call :stage ([a-z-]+)/g)].map((match) => match[1]!);
  assertEquals([...new Set([...reported, ...inCmd, "specialize"])].sort(), Object.keys(stages).sort());
});

Deno.test("scripts are ASCII with the line ends of DOS", () => {
  for (const text of [powershell, session, cmd]) {
    assert(/^[\t\r\n\x20-\x7e]*$/.test(text));
    assert(!/[^\r]\n|\r[^\n]/.test(text));
  }
});

Deno.test("winpe.cmd: every label it goes to is there, quotes are even, and only RELEASE comes from outside", () => {
  const lines = cmd.split("\r\n");
  const labels = lines.filter((line) => line.startsWith(":")).map((line) => line.slice(1));
  assertEquals(new Set(labels).size, labels.length);
  const targets = [...cmd.matchAll(/(?:call :|goto )(\w+)/g)].map((match) => match[1]!);
  assertEquals([...new Set(targets)].sort(), labels.sort());
  for (const line of lines.filter((one) => !one.startsWith("rem"))) {
    assertEquals((line.match(/"/g) ?? []).length % 2, 0, line);
    const variables = [...line.replace(/%%[a-z]/g, "").matchAll(/%(?:(~?\d)|(\w+)%)/g)].map((match) =>
      match[1] ?? match[2]!
    );
    for (const name of variables) {
      assert(["~1", "1", "log", "release", "from", "source", "target"].includes(name), line);
    }
  }
  // Each part ends by itself: none runs into the next.
  for (const label of labels.filter((one) => one !== "wait")) {
    const before = lines.slice(0, lines.indexOf(`:${label}`)).findLast((line) =>
      line !== "" && !line.startsWith("rem")
    )!;
    assert(/^(exit \/b 0|goto \w+)$/.test(before), `${label}: ${before}`);
  }
});

Deno.test("a virtual machine with Looking Glass gets it installed", () => {
  const spec = { startupApps: [], kiosk: false, display: { spice: true, lookingGlass: { enabled: true } } };
  assertEquals(guestSettings(spec as unknown as VmSpec, "w11").lookingGlass, true);
});
