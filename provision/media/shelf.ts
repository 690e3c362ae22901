/** The folder where media are, as the hypervisor can read them, and what is in it. */
import { AppError } from "../../model/errors.ts";
import type { BigFiles } from "../host/big_files.ts";
import type { Host } from "../host/host.ts";
import { catalogue, type CatalogueRow } from "./catalogue.ts";
import type { FileKind } from "./file_kinds.ts";
import { notedIn } from "./notes.ts";
import { type MediaRecord, readRecord } from "./record.ts";

/** libvirt's default pool: QEMU's account may read there, and AppArmor's profile expects images there. */
export const defaultFolder = "/var/lib/libvirt/images";

export interface Shelved {
  readonly name: string;
  readonly row: CatalogueRow | null;
  /** `unknown`: a file with that name, but no record that says what it should be. */
  readonly state: "here" | "partly" | "unknown" | "missing";
  /** Of what is there, or of the part of it. */
  readonly bytes: number;
  readonly record: MediaRecord | null;
}

/** Every row of the catalogue, then whatever else has a record. Reads names and records only, no file. */
export function readShelf(host: Host, files: BigFiles, folder: string): Shelved[] {
  const others = notedIn(host, folder)
    .map((name) => name.replace(/\.part$/, ""))
    .filter((name, index, names) => names.indexOf(name) === index && !catalogue.some((row) => row.file === name));
  return [
    ...catalogue.map((row) => shelved(host, files, folder, row.file, row)),
    ...others.map((name) => shelved(host, files, folder, name, null)),
  ].filter(({ row, state }) => row !== null || state !== "missing");
}

function shelved(host: Host, files: BigFiles, folder: string, name: string, row: CatalogueRow | null): Shelved {
  const path = `${folder}/${name}`;
  const status = files.status(path);
  if (status !== null) {
    const record = readRecord(host, path);
    return { name, row, state: record === null ? "unknown" : "here", bytes: status.sizeBytes, record };
  }
  const part = files.status(`${path}.part`);
  return part === null
    ? { name, row, state: "missing", bytes: 0, record: null }
    : { name, row, state: "partly", bytes: part.allocatedBytes, record: null };
}

/** Makes the folder and those above it; none but root may list them, everyone may open what he knows the name of. */
export function ensureFolder(host: Host, folder: string): void {
  const parts = folder.split("/").filter((part) => part !== "");
  for (let count = 1; count <= parts.length; count++) {
    const path = `/${parts.slice(0, count).join("/")}`;
    if (host.list(path) === null) host.makeFolder(path, { mode: count === parts.length ? 0o711 : 0o755 });
  }
}

/** Throws `usage` for a name that could leave the folder or be taken for one of our own files. */
export function checkName(name: string): string {
  const fits = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/.test(name) && !/\.(part|json)$/.test(name);
  if (fits) return name;
  throw new AppError("usage", `A medium cannot be named ${JSON.stringify(name.slice(0, 80))}`, {
    hint: "Letters, digits and . _ + - only, beginning with a letter or digit; give another with --name",
  });
}

const kinds: Readonly<Record<string, FileKind>> = {
  iso: "iso",
  wim: "wim",
  esd: "wim",
  qcow2: "qcow2",
  cab: "cab",
  zip: "zip",
};

/** What a file with this name must be; `any` where the name says nothing. */
export function kindByName(name: string): FileKind {
  return kinds[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "any";
}
