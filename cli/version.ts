import config from "../deno.json" with { type: "json" };
import type { Command } from "./command.ts";
import { refuseWords } from "./machine.ts";

export const versionCommand: Command = {
  name: "version",
  summary: "print the version",
  usage: ["version [--json]"],
  flags: [],
  examples: [],
  run(invocation) {
    refuseWords("version", invocation);
    const { options, terminal } = invocation;
    const version = config.version;
    terminal.print(options.json ? JSON.stringify({ version, deno: Deno.version.deno }) : `neuron-setup ${version}`);
    return Promise.resolve(0);
  },
};
