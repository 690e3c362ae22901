/** What all files that steps write have in common: the line that says whose they are. */
import type { HostFiles } from "../host/host.ts";
import { readTextOrNull, type WantedAbsent } from "../step.ts";

export { withBlock, withoutBlock } from "../block.ts";

export const mark = `Written by neuron-setup. "apply" puts changes made here back, "rollback" removes the file.`;

/** `reason` in one more comment line, then the body. For everything whose comments begin with `#`. */
export function withHead(about: string, body: string): string {
  return `# ${mark}\n# ${about}\n${body}`;
}

/** Whether a file is there and says that it is ours. */
function isOurs(files: HostFiles, path: string): boolean {
  return readTextOrNull(files, path)?.includes(mark) ?? false;
}

/** Files of an earlier apply that are not wanted any more; what somebody else put there is theirs. */
export function obsolete(paths: readonly string[], ours: ReadonlySet<string>, reason: string): WantedAbsent[] {
  return paths.filter((path) => ours.has(path)).map((path) => ({ kind: "absent", path, reason }));
}

export function oursAmong(files: HostFiles, paths: readonly string[]): Set<string> {
  return new Set(paths.filter((path) => isOurs(files, path)));
}
