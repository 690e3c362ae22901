import config from "../deno.json" with { type: "json" };
import { builtAs } from "../provision/host/program.ts";
import type { Command } from "./command.ts";
import { refuseWords } from "./machine.ts";

const forms = { "compiled": "one compiled file", "self-extracting": "one file that unpacks itself" };

export const versionCommand: Command = {
  name: "version",
  summary: "print the version, and what kind of file this is",
  usage: ["version [--json]"],
  flags: [],
  examples: [],
  run(invocation) {
    refuseWords("version", invocation);
    const { options, terminal } = invocation;
    const version = config.version;
    const built = builtAs();
    terminal.print(
      options.json ? JSON.stringify({ version, deno: Deno.version.deno, built }) : `neuron-setup ${version}`,
    );
    if (!options.json && built !== "sources") terminal.print(`${forms[built]}, with Deno ${Deno.version.deno}`);
    return Promise.resolve(0);
  },
};
