/**
 * The images of an install.wim or install.esd, from the XML inside it (`wimlib-imagex info --extract-xml`). Pure.
 * Sources: the WIM format's description by Microsoft (UTF-16LE XML with one IMAGE for each index), wimlib's manual.
 */
import type { Element } from "@xmldom/xmldom";
import { AppError } from "../../model/errors.ts";
import { parseXml } from "../vm/xml.ts";
import { type Edition, findEdition, type WindowsVersion } from "./editions.ts";

export interface WimImage {
  readonly index: number;
  readonly name: string;
  /** `Professional`, `ServerStandardEval`; empty when the image does not say. */
  readonly editionId: string;
  /** `Client`, `Server`, `Server Core`; empty when the image does not say. */
  readonly installationType: string;
  readonly amd64: boolean;
  /** Language tags, the default first. */
  readonly languages: readonly string[];
}

/** As WIM files number architectures: PROCESSOR_ARCHITECTURE_AMD64. */
const AMD64 = "9";

/** @throws AppError `xml-invalid` */
export function parseWimXml(bytes: Uint8Array): WimImage[] {
  const document = parseXml(new TextDecoder("utf-16le").decode(bytes));
  return [...document.getElementsByTagName("IMAGE")].flatMap((image) => {
    const index = Number(image.getAttribute("INDEX"));
    if (!Number.isInteger(index) || index < 1) return [];
    const initial = textOf(image, "DEFAULT");
    const languages = [...image.getElementsByTagName("LANGUAGE")].map((one) => one.textContent?.trim() ?? "");
    return [{
      index,
      name: textOf(image, "NAME"),
      editionId: textOf(image, "EDITIONID"),
      installationType: textOf(image, "INSTALLATIONTYPE"),
      amd64: textOf(image, "ARCH") === AMD64,
      languages: [...new Set([initial, ...languages].filter((one) => one !== ""))],
    }];
  });
}

export interface ChosenImage {
  readonly image: WimImage;
  /** One of ours; null for an image that was named by its own name. */
  readonly edition: Edition | null;
  /** Evaluation media refuse keys. */
  readonly evaluation: boolean;
}

/**
 * The image that `wanted` means: its own NAME, an edition's name, or an EDITIONID. Evaluation images count as the edition.
 * @throws AppError `answer-invalid` that lists what there is
 */
export function chooseImage(images: readonly WimImage[], wanted: string, version: WindowsVersion): ChosenImage {
  const usable = images.filter((one) => one.amd64);
  const edition = findEdition(wanted, version);
  const image = usable.find((one) => one.name.toLowerCase() === wanted.toLowerCase()) ??
    usable.find((one) => edition !== null && isOfEdition(one, edition));
  if (image !== undefined) {
    const own = findEdition(withoutEval(image.editionId), version);
    return { image, edition: own, evaluation: image.editionId.endsWith("Eval") };
  }
  const names = usable.map((one) => `"${one.name}"`).join(", ");
  throw new AppError("answer-invalid", `windows.edition is "${wanted}", but this medium does not have it`, {
    hint: names === "" ? "It has no image for amd64: take another medium" : `It has: ${names}`,
  });
}

const withoutEval = (editionId: string) => editionId.replace(/Eval$/, "");

function isOfEdition(image: WimImage, edition: Edition): boolean {
  if (withoutEval(image.editionId).toLowerCase() !== edition.editionId.toLowerCase()) return false;
  return image.installationType === "" || image.installationType === edition.installationType;
}

function textOf(image: Element, name: string): string {
  return image.getElementsByTagName(name)[0]?.textContent?.trim() ?? "";
}
