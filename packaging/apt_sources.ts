/** Where the build machine's apt gets its packages from: no mirror is named in this project. Source: apt-get(8), indextargets. */
import { AppError } from "../model/errors.ts";
import { tool } from "./tool.ts";

/** Its source files, as mmdebstrap takes them: for a system of the same release. */
export async function sourceFiles(): Promise<string[]> {
  const files = ["/etc/apt/sources.list"];
  for await (const { name } of Deno.readDir("/etc/apt/sources.list.d")) {
    if (/^debian.*\.(list|sources)$/.test(name)) files.push(`/etc/apt/sources.list.d/${name}`);
  }
  const there = await Promise.all(files.map((path) => Deno.stat(path).then(() => true, () => false)));
  return files.filter((_, index) => there[index]);
}

/** `bookworm`. */
export async function release(): Promise<string> {
  const match = /^VERSION_CODENAME=(\S+)$/m.exec(await Deno.readTextFile("/etc/os-release"));
  if (match === null) {
    throw new AppError("unsupported", "/etc/os-release names no Debian release", { hint: "Use Debian" });
  }
  return match[1]!;
}

export interface Mirrors {
  readonly main: string;
  readonly security: string;
}

/** From NEURON_MIRROR and NEURON_SECURITY_MIRROR, else from apt. Throws AppError `not-found`. */
export async function mirrors(): Promise<Mirrors> {
  const lines = (await tool("apt-get", ["indextargets", "--format", "$(CREATED_BY) $(RELEASE) $(REPO_URI)"], "apt"))
    .split("\n").map((line) => line.split(" ")).filter(([kind]) => kind === "Packages");
  const find = (variable: string, fits: (release: string) => boolean) => {
    const uri = Deno.env.get(variable) ?? lines.find(([, release]) => fits(release ?? ""))?.[2];
    if (uri !== undefined) return uri.replace(/\/+$/, "");
    throw new AppError("not-found", `apt knows no such mirror, and ${variable} names none`, {
      hint: `Set ${variable} to a mirror of Debian, or run apt-get update`,
    });
  };
  return {
    main: find("NEURON_MIRROR", (name) => /^[a-z]+$/.test(name)),
    security: find("NEURON_SECURITY_MIRROR", (name) => name.endsWith("-security")),
  };
}
