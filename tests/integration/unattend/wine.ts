/**
 * A made-up Windows PE on Wine: drive letters are folders, X: is the RAM disk, and Windows' own programs that Wine lacks
 * (drvload, diskpart, wpeutil) are stand-ins that write down how they were called. cmd.exe is Wine's own.
 */
import { AppError } from "../../../model/errors.ts";

const wine = "/usr/lib/wine/wine64";
const wineServer = "/usr/lib/wine/wineserver64";

export interface WindowsPe {
  /** What the programs were called with, oldest first. */
  calls(): Promise<string[]>;
  /** Stages the script wrote to its log. */
  stages(): Promise<string[]>;
  /** Files on X:, below neuron/drivers. */
  drivers(): Promise<string[]>;
  run(line: string): Deno.ChildProcess;
  /** A file on X:, without its line end; null when there is none. */
  read(name: string): Promise<string | null>;
  /** A program with its arguments, as another program would start it. */
  start(...words: readonly string[]): Deno.ChildProcess;
}

/** One Wine for several machines: making its C: takes seconds. */
export async function withWine(
  work: (windowsPe: (drives: Readonly<Record<string, string>>) => Promise<WindowsPe>) => Promise<void>,
) {
  const top = await Deno.makeTempDir({ prefix: "wine-" });
  const env = {
    WINEPREFIX: `${top}/prefix`,
    WINEARCH: "win64",
    WINEDEBUG: "-all",
    // Neither .NET nor a browser is needed, and both would ask to be installed.
    WINEDLLOVERRIDES: "mscoree=d;mshtml=d",
    WINEPATH: "T:\\",
  };
  const start = (program: string, ...args: string[]) =>
    new Deno.Command(program, { args, env, stdin: "piped", stdout: "null", stderr: "null" }).spawn();
  try {
    const boot = start(wine, "wineboot", "-i");
    await boot.stdin.close();
    await boot.status;
    await Deno.mkdir(`${top}/tools`);
    for (const name of ["drvload", "diskpart", "wpeutil"]) {
      await Deno.writeTextFile(`${top}/tools/${name}.cmd`, `@echo off\r\necho ${name} %*>>X:\\calls.txt\r\n`);
    }
    let machines = 0;
    await work(async (drives) => {
      const ram = `${top}/ram-${machines++}`;
      await Deno.mkdir(ram);
      const letters: Record<string, string> = { ...drives, x: ram, t: `${top}/tools` };
      for (const entry of [...Deno.readDirSync(`${top}/prefix/dosdevices`)]) {
        if (entry.name !== "c:") await Deno.remove(`${top}/prefix/dosdevices/${entry.name}`);
      }
      for (const [letter, folder] of Object.entries(letters)) {
        await Deno.symlink(folder, `${top}/prefix/dosdevices/${letter}:`);
      }
      return {
        calls: () => lines(`${ram}/calls.txt`),
        stages: async () =>
          (await lines(`${ram}/neuron/winpe.log`)).flatMap((line) => /^NEURON-STAGE (\S+)/.exec(line)?.[1] ?? []),
        drivers: () => below(`${ram}/neuron/drivers`),
        run: (line) => start(wine, "cmd", "/c", line),
        read: (name) => Deno.readTextFile(`${ram}/${name}`).then((text) => text.replace(/\r?\n$/, ""), () => null),
        start: (...words) => start(wine, ...words),
      };
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new AppError("not-found", `${wine} is needed: apt-get install --no-install-recommends wine64`, {
      cause: error,
    });
  } finally {
    // Ends what runs in this prefix and nothing else.
    await start(wineServer, "-k", "-w").status.catch(() => {});
    await Deno.remove(top, { recursive: true });
  }
}

async function lines(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
}

async function below(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory) found.push(...await below(`${folder}/${entry.name}`, `${path}/`));
    else found.push(path);
  }
  return found.sort();
}
