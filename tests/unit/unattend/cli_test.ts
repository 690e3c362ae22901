/** `vm answer-medium` as a person or a script calls it, on copies of machines: recorded, never made. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Terminal } from "../../../cli/command.ts";
import { runCommandLine } from "../../../cli/run.ts";
import { withHost } from "../../fixtures/hosts.ts";

async function medium(root: string, answers: object | null, ...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const print = (line: string) => void out.push(line);
  const terminal: Terminal = { columns: 80, color: false, interactive: false, print, note: (line) => err.push(line) };
  const file = `${root}/answers.json`;
  if (answers !== null) await Deno.writeTextFile(file, JSON.stringify(answers));
  const words = answers === null ? [] : ["--answers", file];
  const code = await runCommandLine(["vm", "answer-medium", ...words, ...args, "--root", root], terminal);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const host = { gpu: "none" };
const account = { name: "ada", password: { file: "/no/such/file" } };

Deno.test("on a copy the command is recorded, no secret is read and nothing else is written", () =>
  withHost("igpu-plus-dgpu", async (root) => {
    const out = `${root}/medium.iso`;
    const { code, err } = await medium(root, { host, windows: { account } }, "--out", out);
    assertEquals(code, 0, err);
    const [line] = Deno.readTextFileSync(`${root}/var/lib/neuron/commands.jsonl`).trim().split("\n");
    assertEquals(JSON.parse(line!).argv, [
      "neuron-setup",
      "vm",
      "answer-medium",
      "--answers",
      `${root}/answers.json`,
      "--out",
      out,
    ]);
    assertEquals([...Deno.readDirSync(root)].some((entry) => entry.name === "medium.iso"), false);
  }));

Deno.test("--json says what would be on it, without the answer file's digest", () =>
  withHost("igpu-plus-dgpu", async (root) => {
    const { out } = await medium(root, { host, windows: { account } }, "--out", "/x.iso", "--json");
    const { made, label, windows, files } = JSON.parse(out);
    assertEquals([made, label, windows.title, windows.account], [false, "NEURON", "Windows 11 Pro", "ada"]);
    assertEquals(files[0], { path: "Autounattend.xml", sizeBytes: files[0].sizeBytes, sha256: null });
    assert(files.slice(1).every((file: { sha256: string }) => /^[0-9a-f]{64}$/.test(file.sha256)));
  }));

Deno.test("missing answers are exit 5, wrong ones exit 1, wrong words exit 2; each with a hint", () =>
  withHost("igpu-plus-dgpu", async (root) => {
    for (
      const [answers, args, code] of [
        [{ host }, ["--out", "/x.iso"], 5],
        [{ host, windows: { account: { name: "ada" } } }, ["--out", "/x.iso"], 5],
        [{ host, windows: { account: { password: { env: "X" } } } }, ["--out", "/x.iso"], 5],
        [{ host, windows: { account, edition: "Ultimate" } }, ["--out", "/x.iso"], 1],
        [{ host, vm: { os: "linux" }, windows: { account } }, ["--out", "/x.iso"], 1],
        [{ host, windows: { account } }, [], 2],
        [{ host, windows: { account } }, ["--out", "/x.iso", "word"], 2],
        [{ host, windows: { account } }, ["--out", "/x.iso", "--boot", "hd"], 2],
      ] as const
    ) {
      const result = await medium(root, answers, ...args);
      assertEquals(result.code, code, `${JSON.stringify(answers)} ${args}: ${result.err}`);
      assertStringIncludes(result.err, "\nhint: ");
    }
  }));
