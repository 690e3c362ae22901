/**
 * What GRUB's scripts make of their configuration. grub-mkconfig sources /etc/default/grub, Debian's then
 * /etc/default/grub.d/*.cfg in the shell's order, and puts GRUB_CMDLINE_LINUX and GRUB_CMDLINE_LINUX_DEFAULT on the
 * kernel's line (source: GRUB's and Debian's grub-mkconfig, 10_linux). Reads; never writes.
 */
import type { HostFiles } from "../host/host.ts";
import type { WantedCommand } from "../step.ts";
import { programPath } from "./programs.ts";

export const grubDefaults = "/etc/default/grub";
export const grubDropIns = "/etc/default/grub.d";
export const grubConfig = "/boot/grub/grub.cfg";

/** What writes the boot menu, and where that is: some systems call GRUB's second version grub2. */
export function grubMenu(files: HostFiles): Pick<WantedCommand, "id" | "argv" | "derives"> {
  const id = "update-grub";
  const grub2 = ["/boot/grub2/grub.cfg"];
  const isGrub2 = files.list("/boot/grub2") !== null;
  if (programPath(files, "update-grub") !== null) {
    return { id, argv: ["update-grub"], derives: isGrub2 ? grub2 : [grubConfig] };
  }
  if (programPath(files, "grub2-mkconfig") !== null || isGrub2) {
    return { id, argv: ["grub2-mkconfig", "-o", grub2[0]!], derives: grub2 };
  }
  const mkconfig = programPath(files, "grub-mkconfig") !== null || !isLikeDebian(files);
  return { id, argv: mkconfig ? ["grub-mkconfig", "-o", grubConfig] : ["update-grub"], derives: [grubConfig] };
}

/** grub-mkconfig is a shell script, so it tells itself what it reads. */
const mkconfigScripts = ["/usr/sbin/grub-mkconfig", "/usr/bin/grub-mkconfig", "/usr/sbin/grub2-mkconfig"];

/**
 * Whether GRUB's scripts source the drop-ins: Debian's, Ubuntu's and Mint's do, GRUB's own do not. Where no script is
 * to be read, a configuration below grub2, or the system's name, says that it is not Debian's.
 */
export function readsGrubDropIns(files: HostFiles): boolean {
  // A captured machine has it as an empty file.
  const script = mkconfigScripts.map((path) => files.readText(path)).find((text) => text !== null && text !== "");
  if (typeof script === "string") return script.includes("/default/grub.d/");
  return files.list("/boot/grub2") === null && (files.list(grubDropIns) !== null || isLikeDebian(files));
}

/** So is what does not say what it is. */
function isLikeDebian(files: HostFiles): boolean {
  const text = files.readText("/etc/os-release") ?? files.readText("/usr/lib/os-release") ?? "";
  const names = [...text.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].map(([, value]) => value!);
  return names.length === 0 || /\b(debian|ubuntu)\b/.test(names.join(" "));
}

/** Kernel parameters a person configured in the drop-ins and before, without what `ownDropIn` adds. */
export function readGrubParameters(files: HostFiles, ownDropIn: string): string[] {
  const names = (files.list(grubDropIns) ?? []).filter((name) => name.endsWith(".cfg") && !name.startsWith("."));
  const paths = [grubDefaults, ...names.map((name) => `${grubDropIns}/${name}`)];
  return grubParameters(paths.filter((path) => path !== ownDropIn).map((path) => files.readText(path) ?? ""));
}

/** Kernel parameters that follow from these files, sourced one after another. */
export function grubParameters(texts: readonly string[]): string[] {
  const variables = new Map<string, string>();
  for (const text of texts) assign(variables, text);
  return splitParameters(
    `${variables.get("GRUB_CMDLINE_LINUX") ?? ""} ${variables.get("GRUB_CMDLINE_LINUX_DEFAULT") ?? ""}`,
  );
}

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)(\+?)=(.*)$/;

/** Executes the assignments of a shell file; whatever else it does is not ours to run. */
export function assign(variables: Map<string, string>, text: string): void {
  for (const line of text.replace(/\\\n/g, "").split("\n")) {
    const match = assignment.exec(line);
    if (match === null) continue;
    const [, name, plus, rest] = match;
    const value = expand(rest!, variables);
    variables.set(name!, plus === "+" ? (variables.get(name!) ?? "") + value : value);
  }
}

/** One shell word: quotes, backslashes, `$NAME`, `${NAME}` and `${NAME:+…}`-like forms reduced to the name's value. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  let out = "";
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote === "'" && character !== "'") out += character;
    else if (character === quote) quote = "";
    else if (quote === "" && (character === "'" || character === '"')) quote = character;
    else if (quote === "" && /[\s;#]/.test(character)) break;
    else if (character === "\\") out += text[++at] ?? "";
    else if (character === "$") {
      const reference = /^\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*))/.exec(text.slice(at));
      if (reference === null) out += character;
      else {
        out += variables.get(reference[1] ?? reference[2]!) ?? "";
        at += reference[0].length - 1;
      }
    } else out += character;
  }
  return out;
}

/** As the kernel splits its command line: at spaces outside double quotes (source: next_arg() in lib/cmdline.c). */
export function splitParameters(line: string): string[] {
  return line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

/** Kernel lines of a grub.cfg, one for each entry that starts Linux. */
export function parseKernelLines(config: string): string[] {
  return config.split("\n").map((line) => line.trim()).filter((line) => /^linux(efi|16)?\s/.test(line));
}
