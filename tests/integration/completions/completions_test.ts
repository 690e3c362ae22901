/** Completion as a person meets it: bash, zsh and fish themselves get a line and a Tab. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { commands } from "../../../cli/commands.ts";
import { globalFlags } from "../../../cli/parse.ts";
import { vmCommand } from "../../../cli/vm.ts";
import { call } from "../provision/command_line.ts";

const here = import.meta.dirname!;

/** What the shell offers for the line, sorted. `folder` holds the three files. */
type Offer = (folder: string, line: string) => Promise<string[]>;

const shells: Readonly<Record<string, Offer>> = {
  bash: (folder, line) => offered(["zsh", "-f", `${here}/bash_complete.zsh`, `${folder}/bash`, line]),
  zsh: (folder, line) => offered(["zsh", "-f", `${here}/zsh_complete.zsh`, folder, line]),
  fish: (folder, line) =>
    offered(["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", `${folder}/fish`, line]),
};

async function offered([program, ...args]: readonly [string, ...string[]]): Promise<string[]> {
  const output = await new Deno.Command(program, { args, stdin: "null", env: { LC_ALL: "C.UTF-8" } }).output()
    .catch((error) => {
      throw new Error(`${program} is missing: apt install ${program}`, { cause: error });
    });
  const words = new TextDecoder().decode(output.stdout).split("\n").map((line) => line.split("\t")[0]!.trim());
  return [...new Set(words.filter((word) => word !== ""))].sort();
}

async function withFiles(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "completions-" });
  try {
    for (const [shell, file] of [["bash", "bash"], ["zsh", "_neuron-setup"], ["fish", "fish"]]) {
      const { code, stdout } = await call("completions", shell!);
      assertEquals(code, 0);
      Deno.writeTextFileSync(`${folder}/${file}`, `${stdout}\n`);
    }
    await use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const names = [...Object.keys(commands), "help"];
const vmVerbs = [...new Set(vmCommand.usage.map((line) => line.split(" ")[1]!))];
const vmFlags = [...vmCommand.flags, ...globalFlags].map(({ name }) => `--${name}`);
const beginning = (words: readonly string[], prefix: string) => words.filter((word) => word.startsWith(prefix));

const cases: readonly { readonly line: string; readonly offers: readonly string[] }[] = [
  { line: "neuron-setup ", offers: names },
  { line: "neuron-setup ver", offers: ["verify", "version"] },
  { line: "neuron-setup vm re", offers: beginning(vmVerbs, "re") },
  { line: "neuron-setup --root /tmp vm p", offers: beginning(vmVerbs, "p") },
  { line: "neuron-setup completions ", offers: ["bash", "fish", "zsh"] },
  { line: "neuron-setup vm render --r", offers: beginning(vmFlags, "--r") },
  { line: "neuron-setup help d", offers: beginning(names, "d") },
];

for (const [shell, offer] of Object.entries(shells)) {
  Deno.test(`${shell} completes commands, verbs, flags and paths`, async () => {
    await withFiles(async (folder) => {
      for (const { line, offers } of cases) assertEquals(await offer(folder, line), [...offers].sort(), line);
      for (const line of ["neuron-setup apply --answers /etc/host", "neuron-setup vm patch /etc/host"]) {
        assertStringIncludes((await offer(folder, line)).join(" "), "hostname", line);
      }
    });
  });
}

Deno.test("a shell that is not known is refused with the nearest one", async () => {
  const refused = await call("completions", "fisch");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, 'Did you mean "fish"');
  assertEquals((await call("completions")).code, 2);
});
