/**
 * The catalogue of Microsoft's Media Creation Tool: products.xml, which names for each language, edition and
 * architecture an ESD with its size and hash. Pure.
 * Source: the catalogue itself as others describe and read it (MCT/Catalogs/Catalog/PublishedMedia/Files/File with
 * FileName, LanguageCode, Edition, Architecture, Size, Sha1 or Sha256, FilePath); dockur/windows, AveYo/MediaCreationTool.
 */
import type { Element } from "@xmldom/xmldom";
import { AppError } from "../../../model/errors.ts";
import { findEdition } from "../../unattend/editions.ts";
import { parseXml } from "../../vm/xml.ts";
import type { Checksum } from "../download.ts";
import { languageTag } from "./languages.ts";
import type { WindowsRequest } from "./sources.ts";

export interface EsdFile {
  /** `26200.6584.250915-1905.25h2_ge_release_svc_refresh_CLIENTCONSUMER_RET_x64FRE_de-de.esd` */
  readonly name: string;
  /** `de-de` */
  readonly language: string;
  /** EDITIONID: `Professional`. */
  readonly edition: string;
  /** `x64`, `ARM64` */
  readonly architecture: string;
  readonly sizeBytes: number;
  /** SHA-256 where the catalogue has it, else SHA-1. */
  readonly checksum: Checksum;
  readonly link: string;
}

/** Files that are not described completely are left out. Throws `network` for what is no such catalogue. */
export function parseEsdCatalogue(text: string): EsdFile[] {
  let files: EsdFile[];
  try {
    files = [...parseXml(text).getElementsByTagName("File")].flatMap(fileOf);
  } catch (error) {
    throw misunderstood("it is no XML", error);
  }
  if (files.length === 0) throw misunderstood("it names no files");
  return files;
}

function fileOf(element: Element): EsdFile[] {
  const text = (name: string) => element.getElementsByTagName(name)[0]?.textContent?.trim() ?? "";
  const [name, link, sizeBytes] = [text("FileName"), text("FilePath"), Number(text("Size"))];
  const checksum = checksumOf(text);
  const sound = /^[\w.+-]{1,190}\.esd$/i.test(name) && URL.canParse(link) && Number.isSafeInteger(sizeBytes);
  if (!sound || sizeBytes <= 0 || checksum === null) return [];
  return [{
    name,
    link,
    sizeBytes,
    checksum,
    language: text("LanguageCode").toLowerCase(),
    edition: text("Edition"),
    architecture: text("Architecture"),
  }];
}

function checksumOf(text: (name: string) => string): Checksum | null {
  for (const [algorithm, name, digits] of [["sha256", "Sha256", 64], ["sha1", "Sha1", 40]] as const) {
    const hex = text(name).toLowerCase();
    if (hex.length === digits && /^[0-9a-f]+$/.test(hex)) return { algorithm, hex };
  }
  return null;
}

/** The newest that fits. Throws `not-found`, naming what there is. */
export function chooseEsd(files: readonly EsdFile[], request: WindowsRequest): EsdFile {
  const forPc = files.filter(({ architecture }) => architecture.toLowerCase() === "x64");
  const language = languageTag(request.language);
  const inLanguage = forPc.filter((file) => file.language === language);
  if (inLanguage.length === 0) throw absent(`in "${request.language}"`, forPc.map((file) => file.language));
  const editionId = findEdition(request.edition, request.version)?.editionId ?? request.edition;
  const fitting = inLanguage.filter((file) => file.edition.toLowerCase() === editionId.toLowerCase());
  if (fitting.length === 0) throw absent(`"${request.edition}"`, inLanguage.map((file) => file.edition));
  return fitting.toSorted((a, b) => compareBuilds(b.name, a.name))[0]!;
}

/** `26200.6584.250915-1905…`: numbers, compared as numbers. */
function compareBuilds(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => (/^[\d.-]+/.exec(name)?.[0] ?? "").split(/[.-]/).map(Number));
  for (let index = 0; index < Math.max(left!.length, right!.length); index++) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function absent(what: string, offered: readonly string[]): AppError {
  return new AppError("not-found", `Microsoft's Media Creation catalogue has no image for a 64-bit PC ${what}`, {
    hint: `It has: ${[...new Set(offered)].sort().join(", ")}`,
  });
}

function misunderstood(what: string, cause?: unknown): AppError {
  return new AppError("network", `Microsoft's Media Creation catalogue was not understood: ${what}`, {
    hint: "It changes now and then: look for a newer neuron-setup; a browser's download can be taken with media import",
    ...(cause === undefined ? {} : { cause }),
  });
}
