/** Which media an installation needs, where they come from and the name each gets. Pure. */
import type { Answers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import type { GuestSystem } from "../../model/vm_spec.ts";
import { type CatalogueRow, rowNamed } from "../media/catalogue.ts";
import { nextSource, ownFileWords, type WindowsRequest } from "../media/windows/sources.ts";
import { releases } from "../unattend/editions.ts";
import { windowsLanguage } from "../unattend/languages.ts";
import type { WorkloadRequest } from "./spec.ts";

export interface WantedMedium {
  readonly role: "windows" | "virtio-win";
  /** Where it is, or will be once it is fetched. */
  readonly path: string;
  readonly from: MediumSource;
}

export type MediumSource =
  /** A file the person has: only looked for. */
  | { readonly kind: "file" }
  | { readonly kind: "catalogue"; readonly row: CatalogueRow & { readonly link: string } }
  /** One source of Microsoft's after the other, until one gives it. */
  | { readonly kind: "windows"; readonly request: WindowsRequest }
  | { readonly kind: "link"; readonly link: string };

/** @throws AppError `answer-missing` for a Windows of which no link is known */
export function wantedMedia(request: WorkloadRequest, os: GuestSystem): WantedMedium[] {
  if (os === "linux" || os === "other") return [];
  return [windowsMedium(request, os), virtioMedium(request)];
}

function virtioMedium({ answers, mediaFolder }: WorkloadRequest): WantedMedium {
  const given = givenMedium("virtio-win", answers.virtio?.iso, mediaFolder);
  if (given !== null) return given;
  const row = rowNamed("virtio-win")!;
  return {
    role: "virtio-win",
    path: `${mediaFolder}/${row.file}`,
    from: { kind: "catalogue", row: { ...row, link: row.link! } },
  };
}

function windowsMedium(
  { answers, mediaFolder, hostLanguage, shelved }: WorkloadRequest,
  os: GuestSystem,
): WantedMedium {
  const given = givenMedium("windows", answers.windows?.iso, mediaFolder);
  if (given !== null) return given;
  const version = answers.windows?.version ?? (os === "windows10" ? "10" : "11");
  const language = languageOf(answers, hostLanguage);
  const edition = answers.windows?.edition ?? releases[version].defaultEdition;
  const request: WindowsRequest = { version, language, edition };
  if (nextSource(request) === null) {
    throw new AppError(
      "answer-missing",
      `windows.iso is missing: no source gives ${releases[version].title} ${edition}`,
      {
        hint: `${ownFileWords(request)}; or name the file: "windows": { "iso": "/path/windows.iso" }`,
      },
    );
  }
  const path = shelved(request) ?? `${mediaFolder}/${nameOf(request)}`;
  return { role: "windows", path, from: { kind: "windows", request } };
}

/** Whichever source gives it: what is in it says its record. */
const nameOf = ({ version, language, edition }: WindowsRequest) =>
  `Windows${version}_${edition.replace(/[^A-Za-z0-9]+/g, "-")}_${language}.iso`;

/** The language the medium must speak: what was asked for, else the host's where Windows speaks it. */
function languageOf(answers: Answers, hosts: string | null): string {
  const language = windowsLanguage(answers.windows?.language ?? hosts ?? "en-US");
  // What a person asked for and Windows does not speak is refused where the answer medium is planned.
  return language?.ui ?? "en-US";
}

function givenMedium(role: WantedMedium["role"], iso: string | undefined, folder: string): WantedMedium | null {
  if (iso === undefined || iso === "auto") return null;
  if (iso.startsWith("/")) return { role, path: iso, from: { kind: "file" } };
  return { role, path: `${folder}/${nameOfLink(iso, role)}`, from: { kind: "link", link: iso } };
}

/** The last part of the link, as far as it is a name; a link without one gets the role's. */
function nameOfLink(link: string, role: WantedMedium["role"]): string {
  const last = new URL(link).pathname.split("/").at(-1)!.replace(/[^A-Za-z0-9._+-]/g, "_");
  return /^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/.test(last) && /\.iso$/i.test(last) ? last : `${role}.iso`;
}
