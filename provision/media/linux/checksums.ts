/**
 * What a publisher says a file must have: the list of checksums beside it, by https. That is worth as much as the TLS of
 * that host; the signatures on such lists are not looked at. Which list a host has is data.
 * Sources: the folders of these hosts; sha256sum(1) for both forms of a line.
 */
import { AppError } from "../../../model/errors.ts";
import { askText } from "../ask.ts";
import type { Checksum } from "../download.ts";
import { explain, Fault } from "../faults.ts";
import { Http, type HttpOptions } from "../http.ts";
import type { LinuxMedium } from "./osinfo.ts";

interface Lists {
  /** Of the image's host. */
  readonly host: RegExp;
  /** Names beside the file, tried in turn. */
  readonly names: (file: string) => readonly string[];
  /** Where the list itself is: a host that hands out mirrors is not asked for what the mirrors shall be held to. */
  readonly from?: string;
}

const lists: readonly Lists[] = [
  { host: /(^|\.)debian\.org$/, names: () => ["SHA512SUMS", "SHA256SUMS"] },
  { host: /(^|\.)ubuntu\.com$/, names: () => ["SHA256SUMS"] },
  { host: /(^|\.)fedoraproject\.org$/, names: fedoraNames, from: "dl.fedoraproject.org" },
  { host: /(^|\.)almalinux\.org$/, names: () => ["CHECKSUM"] },
  { host: /(^|\.)rockylinux\.org$/, names: (file) => [`${file}.CHECKSUM`, "CHECKSUM"] },
  { host: /(^|\.)centos\.org$/, names: (file) => [`${file}.SHA256SUM`, "CHECKSUM"] },
  { host: /(^|\.)opensuse\.org$/, names: (file) => [`${file}.sha256`] },
  { host: /(^|\.)pkgbuild\.com$/, names: () => ["sha256sums.txt"] },
];

/** `Fedora-Cloud-Base-37-1.7.x86_64.qcow2` → `Fedora-Cloud-37-1.7-x86_64-CHECKSUM` */
function fedoraNames(file: string): string[] {
  const kind = /^Fedora-([A-Za-z]+)-/.exec(file)?.[1];
  const version = /\d+-\d+\.\d+/.exec(file)?.[0];
  return kind === undefined || version === undefined ? [] : [`Fedora-${kind}-${version}-x86_64-CHECKSUM`];
}

/** Links to try; none for a host whose lists are not known. */
export function checksumLinks({ link, published }: Pick<LinuxMedium, "link" | "published">): string[] {
  const url = new URL(link);
  const known = lists.find(({ host }) => host.test(url.hostname));
  return (known?.names(published) ?? []).map((name) => {
    const list = new URL(name, link);
    list.search = "";
    if (known?.from !== undefined) list.host = known.from;
    return list.href;
  });
}

/** `HEX  name`, `HEX *name`, `HEX  ./name` or `SHA256 (name) = HEX`; null when the list does not name the file. */
export function findChecksum(text: string, file: string): Checksum | null {
  for (const line of text.split("\n")) {
    const plain = /^([0-9a-f]{64,128}) [ *](?:\.\/)?(\S+)\s*$/i.exec(line);
    const tagged = /^SHA(?:256|512) \(([^)]+)\) = ([0-9a-f]{64,128})\s*$/i.exec(line);
    const [name, hex] = plain !== null ? [plain[2], plain[1]] : [tagged?.[1], tagged?.[2]];
    if (name !== file || hex === undefined) continue;
    if (hex.length === 64) return { algorithm: "sha256", hex: hex.toLowerCase() };
    if (hex.length === 128) return { algorithm: "sha512", hex: hex.toLowerCase() };
  }
  return null;
}

export interface PublishedChecksum extends Checksum {
  /** The list it stands in. */
  readonly from: string;
}

/**
 * Null for a host whose lists are not known. Throws `network` when none of its lists can be had, `not-found` when they
 * do not name the file: then nothing would say what is right, though somebody could.
 */
export async function askForChecksum(
  medium: Pick<LinuxMedium, "link" | "published">,
  options: { readonly http?: HttpOptions; readonly signal?: AbortSignal; readonly links?: readonly string[] } = {},
): Promise<PublishedChecksum | null> {
  const links = options.links ?? checksumLinks(medium);
  if (links.length === 0) return null;
  await using http = new Http(options.http);
  let last: Fault | null = null;
  for (const from of links) {
    try {
      const text = await askText(http, from, options.signal === undefined ? {} : { signal: options.signal });
      const found = findChecksum(text, medium.published);
      if (found !== null) return { ...found, from };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      last = error;
    }
  }
  if (last !== null) throw explain(`the checksums of ${medium.published}`, last);
  throw new AppError("not-found", `The publisher's list does not name ${medium.published}: ${links.join(", ")}`, {
    hint: "There may be a newer one: update osinfo-db; or give what you know with --sha256",
  });
}
