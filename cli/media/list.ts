/** `media list`: the catalogue, what of it is here, what else was imported, and what is plugged in. Reads names only. */
import { type Candidate, readCandidates } from "../../provision/media/candidates.ts";
import type { MediaRecord } from "../../provision/media/record.ts";
import { readShelf, type Shelved } from "../../provision/media/shelf.ts";
import { sizeWords } from "../../provision/media/words.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { refuseWords } from "../machine.ts";
import { listLinux } from "./linux.ts";
import { openShelf } from "./shelf.ts";

// deno-lint-ignore require-await -- the interface is asynchronous; looking is not
export async function run(invocation: Invocation): Promise<ExitCode> {
  refuseWords("media list", invocation);
  const { terminal, options } = invocation;
  const shelf = openShelf(invocation);
  const { host, files, folder } = shelf;
  if (invocation.flags.os !== undefined) {
    listLinux(invocation, shelf);
    return 0;
  }
  const media = readShelf(host, files, folder);
  const candidates = readCandidates(host);
  if (options.json) {
    const document = { schema: "neuron.media-list/1", folder, media: media.map(asJson), candidates };
    terminal.print(JSON.stringify(document, null, 2));
    return 0;
  }
  const width = Math.max(...media.map(({ row, name }) => (row?.name ?? name).length));
  for (const each of media) {
    terminal.print(`${(each.row?.name ?? each.name).padEnd(width)}  ${stateWords(each)}`);
    terminal.print(`${" ".repeat(width)}  ${each.row?.title ?? each.record?.source ?? ""}`);
  }
  if (candidates.length > 0) terminal.print("\nOn sticks and discs, to be had with neuron-setup media import PATH:");
  for (const { kind, path, device, label } of candidates) {
    terminal.print(`${path}  ${candidateWords[kind]}${label === null ? "" : `, "${label}"`} (${device})`);
  }
  return 0;
}

const candidateWords: Readonly<Record<Candidate["kind"], string>> = {
  windows: "Windows Setup as files: an ISO is made of it",
  iso: "an ISO file",
  device: "not mounted: import looks into it",
};

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
      return `here, ${sizeWords(bytes)}, ${verifiedWords(record)}`;
    case "partly":
      return `begun, ${sizeWords(bytes)}${size}: fetch goes on`;
    case "unknown":
      return "a file with this name, never checked: import it to trust it";
    case "missing":
      return row?.link === null ? `not here; ${row.note}` : `not here${size.replace(" of", ",")}`;
  }
}

function verifiedWords(record: MediaRecord | null): string {
  switch (record?.verifiedAgainst) {
    case "sha256":
    case "sha512":
    case "sha1":
      return `its ${record.verifiedAgainst.toUpperCase().replace("SHA", "SHA-")} was right`;
    case "made":
      return "made here";
    default:
      return "no SHA-256 to check against";
  }
}
