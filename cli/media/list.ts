/** `media list`: the catalogue, what of it is here, and what else was imported. Reads no file, only names. */
import { readShelf, type Shelved } from "../../provision/media/shelf.ts";
import { sizeWords } from "../../provision/media/words.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { refuseWords } from "../machine.ts";
import { openShelf } from "./shelf.ts";

// deno-lint-ignore require-await -- the interface is asynchronous; looking is not
export async function run(invocation: Invocation): Promise<ExitCode> {
  refuseWords("media list", invocation);
  const { terminal, options } = invocation;
  const { host, files, folder } = openShelf(invocation);
  const media = readShelf(host, files, folder);
  if (options.json) {
    terminal.print(JSON.stringify({ schema: "neuron.media-list/1", folder, media: media.map(asJson) }, null, 2));
    return 0;
  }
  const width = Math.max(...media.map(({ row, name }) => (row?.name ?? name).length));
  for (const each of media) {
    terminal.print(`${(each.row?.name ?? each.name).padEnd(width)}  ${stateWords(each)}`);
    terminal.print(`${" ".repeat(width)}  ${each.row?.title ?? each.record?.source ?? ""}`);
  }
  return 0;
}

function asJson({ name, row, state, bytes, record }: Shelved): Record<string, unknown> {
  return {
    name: row?.name ?? name,
    file: name,
    title: row?.title ?? null,
    state,
    bytes,
    sizeBytes: row?.sizeBytes ?? record?.sizeBytes ?? null,
    sha256: row?.sha256 ?? record?.sha256 ?? null,
    hashFrom: row?.hashFrom ?? null,
    link: row?.link ?? null,
    note: row?.note ?? null,
    record,
  };
}

function stateWords({ state, bytes, row, record }: Shelved): string {
  const size = row?.sizeBytes === undefined ? "" : ` of ${sizeWords(row.sizeBytes)}`;
  switch (state) {
    case "here":
      return `here, ${sizeWords(bytes)}, ${
        record?.verifiedAgainst === "sha256" ? "its SHA-256 was right" : "no SHA-256 to check against"
      }`;
    case "partly":
      return `begun, ${sizeWords(bytes)}${size}: fetch goes on`;
    case "unknown":
      return "a file with this name, never checked: import it to trust it";
    case "missing":
      return row?.link === null ? `not here; ${row.note}` : `not here${size.replace(" of", ",")}`;
  }
}
