import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Terminal } from "../../../cli/command.ts";
import { commands } from "../../../cli/commands.ts";
import { parseFlags, splitCommand } from "../../../cli/parse.ts";
import { runCommandLine } from "../../../cli/run.ts";

/** Runs the command line in this process and keeps what it says. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const terminal: Terminal = {
    columns: 80,
    color: false,
    interactive: false,
    print: (line) => said.out += `${line}\n`,
    note: (line) => said.err += `${line}\n`,
  };
  return { code: await runCommandLine(args, terminal), ...said };
}

Deno.test("every command has a name that finds it, a summary, a usage and examples that begin with the program", async () => {
  for (const [name, load] of Object.entries(commands)) {
    const command = await load();
    assertEquals(command.name, name);
    assertMatch(command.summary, /^[a-z].*[^.]$/);
    for (const usage of command.usage) assertEquals(usage.split(" ")[0], name);
    for (const { line } of command.examples) assertMatch(line, /neuron-setup |deno task start/);
  }
});

Deno.test("--help of every command names its flags and the global ones", async () => {
  for (const [name, load] of Object.entries(commands)) {
    const { code, out, err } = await run(name, "--help");
    assertEquals([code, err], [0, ""]);
    for (const flag of (await load()).flags) assertStringIncludes(out, `--${flag.name}`);
    assertStringIncludes(out, "--root DIR");
  }
});

Deno.test("help fits into 80 columns, but for examples, which are there to be copied", async () => {
  for (const args of [["help"], ...Object.keys(commands).map((name) => [name, "--help"])]) {
    const { out } = await run(...args);
    const long = out.split("Examples:")[0]!.split("\n").filter((line) => line.length > 80);
    assertEquals(long, [], args.join(" "));
  }
});

Deno.test("without a command the overview comes and the exit code says wrong usage; --help and help are asked for", async () => {
  assertEquals((await run()).code, 2);
  assertEquals((await run("--help")).code, 0);
  assertEquals((await run("help", "detect")).out, (await run("detect", "--help")).out);
});

Deno.test("a misspelt command or flag names the nearest known one and ends with 2", async () => {
  const command = await run("detct");
  assertEquals(command.code, 2);
  assertStringIncludes(command.err, 'hint: Did you mean "detect"?');
  const flag = await run("detect", "--jsn");
  assertEquals(flag.code, 2);
  assertStringIncludes(flag.err, "hint: Did you mean --json?");
  assertEquals((await run("constructor")).code, 2);
});

Deno.test("a flag without its value is wrong usage, wherever it stands", async () => {
  for (const args of [["detect", "--root"], ["detect", "--root="], ["--state", "detect", "--json"].slice(0, 1)]) {
    assertEquals((await run(...args)).code, 2, args.join(" "));
  }
});

Deno.test("a failure is one line of what and one line of hint, on stderr only", async () => {
  const { code, out, err } = await run("detect", "--root", "/nonexistent/machine");
  assertEquals([code, out], [1, ""]);
  assertMatch(err, /^error: [^\n]*\/nonexistent\/machine[^\n]*\nhint: [^\n]+\n$/);
});

Deno.test("a failure without a cure of its own has a hint as well", async () => {
  const file = Deno.makeTempFileSync();
  try {
    const { code, err } = await run(
      "rollback",
      "--yes",
      "--root",
      `${import.meta.dirname}`,
      "--state",
      `${file}/state`,
    );
    assertEquals(code, 1);
    assertMatch(err, /^error: [^\n]+\nhint: [^\n]+\n$/);
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("global flags are understood before and after the command", () => {
  assertEquals(splitCommand(["--root", "/x", "--json", "plan", "--quiet"]), {
    before: ["--root", "/x", "--json"],
    name: "plan",
    after: ["--quiet"],
  });
  assertEquals(splitCommand(["--json"]).name, null);
});

Deno.test("values stay text: a number, an empty word after --, many of one flag", () => {
  const flags = [{ name: "memory-mib", value: "N", help: "" }, {
    name: "add",
    value: "X",
    help: "",
    many: true as const,
  }];
  const parsed = parseFlags(["007", "--memory-mib", "0x10", "--add=1", "--add", "2"], flags);
  assertEquals(parsed.words, ["007"]);
  assertEquals(parsed.flags["memory-mib"], "0x10");
  assertEquals(parsed.flags["add"], ["1", "2"]);
});

Deno.test("version prints one line, or JSON", async () => {
  assertMatch((await run("version")).out, /^neuron-setup \d+\.\d+\.\d+\n$/);
  assertEquals(typeof JSON.parse((await run("version", "--json")).out).version, "string");
});
