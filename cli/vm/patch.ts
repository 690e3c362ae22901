/** `vm patch`: reads a domain XML, prints it with exactly that changed. Touches nothing. */
import { AppError } from "../../model/errors.ts";
import { absolutePathSchema, lineSchema, textSchema } from "../../model/text_rules.ts";
import { parseBootKinds } from "../../provision/vm/patch/boot.ts";
import { parseUsbId } from "../../provision/vm/patch/hostdevs.ts";
import { type DomainPatch, patchDomain, patchFindings } from "../../provision/vm/patch/patch.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { readInput } from "./input.ts";
import { integerFlag, listFlag, oneWord, textFlag } from "./words.ts";

export async function run(invocation: Invocation): Promise<ExitCode> {
  const path = oneWord(invocation, "patch", "a domain XML file");
  const patch = readPatch(invocation);
  const before = await readInput(path);
  const xml = patchDomain(before, patch);
  for (const finding of patchFindings(before, patch)) {
    invocation.terminal.note(`${finding.severity}: ${finding.title}`);
    if (finding.hint !== undefined) invocation.terminal.note(`hint: ${finding.hint}`);
  }
  // The terminal ends every line; the file's own last line end is not doubled.
  invocation.terminal.print(xml.replace(/\n$/, ""));
  return 0;
}

/** What the flags of `vm patch` and `vm edit` ask for. Throws AppError `usage`. */
export function readPatch(invocation: Invocation): DomainPatch {
  const memoryMib = integerFlag(invocation, "memory-mib", 1, 16 * 1024 * 1024);
  const vcpus = integerFlag(invocation, "vcpus", 1, 4096);
  const title = words(invocation, "title", lineSchema(1000));
  const description = words(invocation, "description", textSchema(10_000));
  const boot = textFlag(invocation, "boot");
  return {
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(boot === undefined ? {} : { boot: parseBootKinds(boot) }),
    addUsb: listFlag(invocation, "add-usb").map(parseUsbId),
    removeUsb: listFlag(invocation, "remove-usb").map(parseUsbId),
    addPci: listFlag(invocation, "add-pci"),
    removePci: listFlag(invocation, "remove-pci"),
    addCdrom: pathsFlag(invocation, "add-cdrom"),
    removeCdrom: pathsFlag(invocation, "remove-cdrom"),
  };
}

/** A path may hold commas: each has a flag of its own. */
function pathsFlag({ flags }: Invocation, name: string): string[] {
  const value = flags[name];
  const paths = typeof value === "string" ? [value] : Array.isArray(value) ? value.map(String) : [];
  for (const path of paths) {
    const problem = absolutePathSchema.safeParse(path).error;
    if (problem !== undefined) {
      throw new AppError("usage", `--${name} cannot be ${JSON.stringify(path.slice(0, 60))}`, {
        hint: "Give the absolute path of an ISO file",
      });
    }
  }
  return paths;
}

function words(invocation: Invocation, name: string, schema: ReturnType<typeof lineSchema>): string | undefined {
  const text = textFlag(invocation, name);
  if (text === undefined || schema.safeParse(text).success) return text;
  throw new AppError("usage", `--${name} cannot be ${JSON.stringify(text.slice(0, 60))}`, {
    hint: `Give ${schema.description}`,
  });
}
