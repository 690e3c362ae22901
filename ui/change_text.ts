/** What a change does to a file, in words: its text on either side, and what is not text beside it. Pure. */
import type { Change } from "../server/dto.ts";

type View = Change["before"] | Change["after"];

/** Only the file's own text: line numbers in a difference are the file's. */
export function textOf(view: View): string {
  if (view === null || view.kind === "command") return "";
  return view.kind === "link" ? `link to ${view.target ?? "?"}\n` : view.text ?? "";
}

/** `mode 0644`, `mode 0644 → 0755`, `folder`; empty where nothing is to be said. */
export function attributesOf({ before, after }: Change): string[] {
  if (after === null || after.kind === "command") return [];
  const old = before?.mode;
  const mode = after.mode === undefined || after.mode === old
    ? []
    : [old === undefined ? `mode ${after.mode}` : `mode ${old} → ${after.mode}`];
  return [...(after.kind === "file" || after.kind === "link" ? [] : [after.kind]), ...mode];
}

/** What stands in place of a text that is not shown: a key, a private file, a binary file. */
export function noteOf(view: View): string | null {
  if (view === null || view.kind === "command" || view.text !== undefined) return null;
  if (view.what !== undefined) return view.what;
  if (view.sha256 === undefined) return null;
  return `${isPrivate(view.mode) ? "Not shown: only its owner may read it." : "Not text."} SHA-256 ${view.sha256}`;
}

/** A file that neither its group nor others may read may hold a secret; the plan tells only its fingerprint. */
function isPrivate(mode: string | undefined): boolean {
  return mode !== undefined && (Number.parseInt(mode, 8) & 0o044) === 0;
}
