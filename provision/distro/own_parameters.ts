/**
 * The list of kernel parameters that are ours, where they stand among the person's and have no mark: what to take out
 * when they are not wanted any more, and what a command has to be run for again.
 */
import type { HostFiles } from "../host/host.ts";
import { readTextOrNull, type WantedNode } from "../step.ts";
import { seal, unseal } from "../steps/sealed.ts";
import { withHead } from "../steps/written.ts";
import type { Missing } from "./boot_loader.ts";
import { splitParameters } from "./grub.ts";

export const listPath = "/etc/neuron/kernel-parameters";

export interface OwnParameters {
  readonly exists: boolean;
  /** Null: there is no list, or not one as we wrote it. */
  readonly listed: readonly string[] | null;
  /** Which of these are ours. Of a damaged list, what is wanted is taken for ours. */
  among(there: readonly string[], missing: Missing): readonly string[];
}

export function readOwnParameters(files: HostFiles): OwnParameters {
  const text = readTextOrNull(files, listPath);
  const sealed = unseal(text);
  const listed = sealed === null
    ? null
    : splitParameters(sealed.split("\n").filter((line) => !line.startsWith("#")).join(" "));
  return {
    exists: text !== null,
    listed,
    among(there, missing) {
      if (text === null) return [];
      const mine = listed ?? missing([]);
      return there.filter((word) => mine.includes(word));
    },
  };
}

/** The list as it shall be; nothing of ours is no list. */
export function listNodes(
  own: OwnParameters,
  parameters: readonly string[],
  triggers: readonly string[],
): WantedNode[] {
  const common = { path: listPath, triggers, needs: "reboot" } as const;
  if (parameters.length === 0) {
    return own.exists ? [{ kind: "absent", ...common, reason: "no kernel parameter is needed" }] : [];
  }
  const head = withHead(
    "Kernel parameters that are ours; those that were there before are not listed.",
    `${parameters.join(" ")}\n`,
  );
  return [{ kind: "file", ...common, text: seal(head), reason: `the kernel needs ${parameters.join(" ")}` }];
}
