/** How a line of vm.startupApps is taken apart, row by row, and what is refused because Windows would take it otherwise. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { parseStartupApp } from "../../../provision/unattend/startup_apps.ts";
import { textOf } from "./wishes.ts";

Deno.test("program and arguments, as Windows takes a command line apart", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["notepad.exe", "notepad.exe", ""],
    ["notepad", "notepad", ""],
    ["notepad.exe C:\\a.txt", "notepad.exe", "C:\\a.txt"],
    ["C:\\apps\\a.exe --x", "C:\\apps\\a.exe", "--x"],
    ["C:\\apps\\a", "C:\\apps\\a", ""],
    ['"C:\\Program Files\\a b\\a.exe"', "C:\\Program Files\\a b\\a.exe", ""],
    ['"C:\\Program Files\\a.exe"  --x="a b" "c"', "C:\\Program Files\\a.exe", '--x="a b" "c"'],
    // No backslash is special in a program's name.
    ['"C:\\dir\\" x', "C:\\dir\\", "x"],
    ['a.exe "C:\\dir\\\\" \\"', "a.exe", '"C:\\dir\\\\" \\"'],
    ["%LOCALAPPDATA%\\a\\a.exe %PATH% & del | < > ^ ! (x)", "%LOCALAPPDATA%\\a\\a.exe", "%PATH% & del | < > ^ ! (x)"],
    ["a.exe $(calc) `calc` ';calc;' \"unclosed", "a.exe", "$(calc) `calc` ';calc;' \"unclosed"],
    ["https://example.org/?a=b&c=%20 x", "https://example.org/?a=b&c=%20", "x"],
    ["ms-settings:display", "ms-settings:display", ""],
    ["\\\\server\\share\\a.lnk x", "\\\\server\\share\\a.lnk", "x"],
    ['C:\\a.cmd "a b" c', "C:\\a.cmd", '"a b" c'],
    ["日本.exe é 😀", "日本.exe", "é 😀"],
    ["  a.exe  b  ", "a.exe", "b"],
    [`a.exe ${"x".repeat(1018)}`, "a.exe", "x".repeat(1018)],
  ];
  for (const [line, program, words] of rows) {
    assertEquals(parseStartupApp(line), { line, program, arguments: words });
    // And on the medium, byte for byte.
    const settings = JSON.parse(textOf("neuron/settings.json", { vm: { startupApps: [line] } }));
    assertEquals(settings.startupApps, [{ line, program, arguments: words }]);
  }
});

Deno.test("what Windows would take otherwise than it is meant is refused, each with a cure", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["C:\\Program Files\\a.exe", "does not say where the program's name ends"],
    ["C:\\Program Files\\a.exe --x", "does not say where"],
    ["C:\\apps\\a --x", "does not say where"],
    ['"C:\\a.exe', "not closed"],
    ['"C:\\a.exe"x', "right behind"],
    ['"C:\\a.exe""b"', "right behind"],
    ['""', "names no program"],
    ['" " x', "names no program"],
    ['C:\\a"b.exe', "no file of Windows has"],
    ["a|b", "no file of Windows has"],
    [`"${"x".repeat(260)}"`, "260 characters"],
    ["C:\\a.ps1", "opens in an editor"],
    ["C:\\a.cmd a&b", '"&", which cmd.exe takes'],
    ['C:\\a.bat "a&b"', '"&"'],
    ["C:\\a.cmd %PATH%", '"%"'],
    ["a.cmd a^b", '"^"'],
    ['a.cmd "a', "odd number"],
  ];
  for (const [line, word] of rows) {
    const error = assertThrows(() => parseStartupApp(line), AppError, word);
    assert(error.code === "answer-invalid" && error.hint !== undefined && error.message.length < 200);
  }
});
