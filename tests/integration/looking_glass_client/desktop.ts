/**
 * The program as a person at a desktop runs it: not root, with a home, a session and a screen of their own. A user
 * namespace makes this process's own user look like one with the id 1000, so that the sources stay readable.
 */
import { join } from "node:path";

const main = join(import.meta.dirname!, "../../../main.ts");

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function desktop(folder: string, uri: string, programs: string) {
  const home = `${folder}/home`;
  for (const path of [home, `${folder}/run`]) Deno.mkdirSync(path, { recursive: true });
  const command = (words: readonly string[], env: Readonly<Record<string, string>>) =>
    new Deno.Command("unshare", {
      args: [
        ...[
          "--user",
          "--map-user=1000",
          "--map-group=1000",
          Deno.execPath(),
          "run",
          "--allow-all",
          "--no-prompt",
          main,
        ],
        ...words,
        ...["--connect", uri],
      ],
      env: {
        HOME: home,
        // Deno's cache is in the home of whoever runs the tests.
        DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
        XDG_RUNTIME_DIR: `${folder}/run`,
        XDG_DATA_HOME: "",
        XDG_CONFIG_HOME: "",
        WAYLAND_DISPLAY: "",
        DISPLAY: ":0",
        PATH: `${programs}:/usr/bin:/bin`,
        ...env,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  const neuron = async (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> => {
    const { code, stdout, stderr } = await command(words, env).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  };
  return {
    home,
    neuron,
    async json(words: readonly string[]) {
      const { code, stdout, stderr } = await neuron([...words, "--json"]);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    },
    /** Lets it run; its lines so far. */
    start(words: readonly string[]) {
      const child = command(words, {}).spawn();
      let text = "";
      const read = async (stream: ReadableStream<Uint8Array>) => {
        const decoder = new TextDecoder();
        for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
      };
      const reading = Promise.all([read(child.stdout), read(child.stderr)]);
      return {
        lines: () => text.split("\n").slice(0, -1),
        code: child.status.then(async ({ code }) => {
          await reading;
          return code;
        }),
        child,
      };
    },
  };
}
