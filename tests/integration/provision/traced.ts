/**
 * The program as its own process under strace, which can kill it inside a system call or let that call fail: at the Nth
 * call of a kind, so that every point can be named and tried again.
 */
import { assert } from "@std/assert";

const changing = "rename,fsync,write,unlink,mkdir,rmdir,chmod,symlink,ftruncate";
const main = new URL("../../../main.ts", import.meta.url).pathname;

export interface Machine {
  readonly root: string;
  readonly where: readonly string[];
}

export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stderr: string;
}

/** Runs the program under strace. Its main thread makes every journaled call. */
export async function traced(args: readonly string[], options: { log?: string; inject?: string }): Promise<Ended> {
  const inject = options.inject === undefined ? [] : ["-e", `inject=${options.inject}`];
  const child = new Deno.Command("strace", {
    args: [
      ...["-f", "-qq", "-e", `trace=${changing}`, "-e", "signal=none", ...inject, "-o", options.log ?? "/dev/null"],
      ...[Deno.execPath(), "run", "--allow-all", "--no-check", "--no-code-cache", "--cached-only", main, ...args],
    ],
    stdout: "null",
    stderr: "piped",
  });
  try {
    const { code, signal, stderr } = await child.output();
    return { code, signal, stderr: new TextDecoder().decode(stderr) };
  } catch (error) {
    throw new Error("strace is needed: apt install strace", { cause: error });
  }
}

export async function copyOf(template: string, folder: string, name: string): Promise<Machine> {
  const { success } = await new Deno.Command("cp", { args: ["-a", template, `${folder}/${name}`] }).output();
  assert(success);
  return { root: `${folder}/${name}`, where: ["--root", `${folder}/${name}`, "--state", `${folder}/${name}.state`] };
}

export function discard({ root }: Machine): void {
  for (const path of [root, `${root}.state`]) Deno.removeSync(path, { recursive: true });
}

export interface Point {
  readonly call: string;
  /** The how manyeth of its kind, from 1. */
  readonly count: number;
}

/** Every changing call of the main thread, in their order. */
export function pointsOf(log: string): Point[] {
  const lines = Deno.readTextFileSync(log).split("\n").map((line) => /^(\d+) +(\w+)\(/.exec(line)).filter((m) =>
    m !== null
  );
  const counts = new Map<string, number>();
  return lines.filter(([, pid]) => pid === lines[0]![1]).map(([, , name]) => {
    const count = (counts.get(name!) ?? 0) + 1;
    counts.set(name!, count);
    return { call: name!, count };
  });
}

/** All of them when NEURON_KILL_POINTS says so, else `few`, evenly spread. */
export function chosen<T>(points: readonly T[], few = 12): readonly T[] {
  if (Deno.env.get("NEURON_KILL_POINTS") === "all") return points;
  return Array.from({ length: few }, (_, i) => points[Math.floor(((i + 0.5) * points.length) / few)]!);
}
