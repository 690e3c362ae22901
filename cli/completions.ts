/** `neuron-setup completions`: what a shell needs to complete this program's words, made from the definitions of its commands. */
import { AppError } from "../model/errors.ts";
import { builtAs } from "../provision/host/program.ts";
import type { Command, ExitCode } from "./command.ts";
import { commands } from "./commands.ts";
import { renderBash } from "./completions/bash.ts";
import { renderFish } from "./completions/fish.ts";
import { completable, type Words } from "./completions/words.ts";
import { renderZsh } from "./completions/zsh.ts";
import { unknownWord } from "./parse.ts";

const shells: Readonly<Record<string, (words: Words) => string>> = {
  bash: renderBash,
  zsh: renderZsh,
  fish: renderFish,
};

export const completionsCommand: Command = {
  name: "completions",
  summary: "what bash, zsh or fish needs to complete the words of this program",
  usage: ["completions bash", "completions zsh", "completions fish"],
  flags: [],
  examples: [
    { line: "source <(neuron-setup completions bash)", why: "in this bash" },
    {
      line: "neuron-setup completions zsh > ~/.zfunc/_neuron-setup",
      why: "for zsh, where ~/.zfunc is in $fpath before compinit; the Debian package has all three in place",
    },
    { line: "neuron-setup completions fish > ~/.config/fish/completions/neuron-setup.fish", why: "for fish" },
  ],
  async run({ words: [shell, ...more], terminal }): Promise<ExitCode> {
    if (shell === undefined || more.length > 0) {
      throw new AppError("usage", "completions takes one word: the name of a shell", {
        hint: `One of: ${Object.keys(shells).join(", ")}`,
      });
    }
    const render = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
    if (render === undefined) throw unknownWord("shell", shell, Object.keys(shells));
    const all = await Promise.all(Object.values(commands).map((load) => load()));
    terminal.print(render(completable(all, builtAs() !== "sources")).trimEnd());
    return 0;
  },
};
