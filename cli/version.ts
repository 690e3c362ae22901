import config from "../deno.json" with { type: "json" };
import type { Command } from "./command.ts";

export const versionCommand: Command = {
  name: "version",
  summary: "print the version",
  usage: ["version [--json]"],
  flags: [],
  examples: [],
  run({ options, terminal }) {
    const version = config.version;
    terminal.print(options.json ? JSON.stringify({ version, deno: Deno.version.deno }) : `neuron-setup ${version}`);
    return Promise.resolve(0);
  },
};
