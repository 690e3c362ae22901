/** The text of a change's before or after: a file's own text under what else is known of it. Pure. */
import type { Change } from "../server/dto.ts";

export function textOf(view: Change["before"] | Change["after"]): string {
  if (view === null) return "";
  if (view.kind === "command") return view.argv.join(" ");
  if (view.kind === "link") return `link to ${view.target ?? "?"}\n`;
  const head = [
    ...(view.kind === "file" ? [] : [`# ${view.kind}`]),
    ...(view.mode === undefined ? [] : [`# mode ${view.mode}`]),
    ...(view.text === undefined && view.what !== undefined ? [`# ${view.what}`] : []),
    ...(view.text === undefined && view.sha256 !== undefined ? [`# SHA-256 ${view.sha256}`] : []),
  ];
  return head.map((line) => `${line}\n`).join("") + (view.text ?? "");
}
