/**
 * Where Windows can come from, in which order, and what comes next when one has refused. Pure: obtain.ts does it.
 *
 * A link whose SHA-256 is known here goes first, because it can be asked as often as one likes and what it gives can be
 * checked; the rest is in the order of the design (docs/decisions/0016-order-of-windows-sources.md). Never a mirror.
 */
import type { CatalogueRow } from "../catalogue_row.ts";
import { catalogue } from "../catalogue.ts";
import type { WindowsVersion } from "../../unattend/editions.ts";
import { languageTag } from "./languages.ts";

export const windowsSources = ["pinned", "api", "esd", "evaluation"] as const;
export type WindowsSource = typeof windowsSources[number];

export interface WindowsRequest {
  readonly version: WindowsVersion;
  /** BCP 47, or the word Microsoft's download page has for it. */
  readonly language: string;
  /** As in the answers file: `Pro`, `Enterprise`. */
  readonly edition: string;
  /** What is given for 90 days only will do, when nothing else can be had. */
  readonly acceptEvaluation?: boolean;
  /** Only this SHA-256, or this size, will do. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  /** Only this one is asked. */
  readonly only?: WindowsSource;
}

/** For people, as the subject of a sentence. */
export const sourceWords: Readonly<Record<WindowsSource, string>> = {
  pinned: "Microsoft's image whose SHA-256 is known",
  api: "Microsoft's download service",
  esd: "Microsoft's image for its Media Creation Tool",
  evaluation: "the evaluation edition (Enterprise, English, for 90 days)",
};

/** What is not in the image that everybody downloads. */
const businessEditions = ["enterprise", "enterprise n"];

export function isEnglish({ language }: Pick<WindowsRequest, "language">): boolean {
  return languageTag(language) === "en-us";
}

/** The row of the catalogue with a link that lasts; null when this version, language or edition has none. */
export function pinnedRow(request: WindowsRequest): CatalogueRow | null {
  const row = catalogue.find(({ name }) => name === `windows${request.version}`);
  return isEnglish(request) && !isBusiness(request) && row !== undefined && row.link !== null ? row : null;
}

export function evaluationRow(request: WindowsRequest): CatalogueRow | null {
  return catalogue.find(({ name }) => name === `windows${request.version}-evaluation`) ?? null;
}

const fits: Readonly<Record<WindowsSource, (request: WindowsRequest) => boolean>> = {
  pinned: (request) => pinnedRow(request) !== null,
  api: (request) => isDesktop(request) && !isBusiness(request),
  // What is made here has a SHA-256 and a size that nobody can know before.
  esd: (request) => isDesktop(request) && request.sha256 === undefined && request.sizeBytes === undefined,
  evaluation: (request) =>
    (request.acceptEvaluation === true || request.only === "evaluation") && evaluationRow(request) !== null,
};

/** The next one worth asking, given those that were asked without success; null: only the person's own file is left. */
export function nextSource(request: WindowsRequest, tried: readonly WindowsSource[] = []): WindowsSource | null {
  return windowsSources.find((source) =>
    !tried.includes(source) && fits[source](request) && (request.only ?? source) === source
  ) ?? null;
}

/** The way that is always left, as a hint. */
export function ownFileWords({ version }: Pick<WindowsRequest, "version">): string {
  const page = version === "11" ? "windows11" : version === "10" ? "windows10ISO" : null;
  const where = page === null ? "Microsoft's Evaluation Center" : `https://www.microsoft.com/software-download/${page}`;
  return `Download the ISO in a browser from ${where}, then: neuron-setup media import FILE ` +
    "(a USB stick or a disc with Windows Setup will do as well)";
}

function isDesktop({ version }: WindowsRequest): boolean {
  return version === "11" || version === "10";
}

function isBusiness({ edition }: WindowsRequest): boolean {
  return businessEditions.includes(edition.toLowerCase());
}
