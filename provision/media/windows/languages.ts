/** Languages as Microsoft's download service names them, and as people write them. Pure. */
import { AppError } from "../../../model/errors.ts";

export interface Sku {
  readonly id: string;
  readonly language: string;
}

/** BCP 47 tags as the answers file has them. Source: the list of the download page, and its file names. */
const names: Readonly<Record<string, string>> = {
  "ar-sa": "Arabic",
  "bg-bg": "Bulgarian",
  "cs-cz": "Czech",
  "da-dk": "Danish",
  "de-de": "German",
  "el-gr": "Greek",
  "en-gb": "English International",
  "en-us": "English",
  "es-es": "Spanish",
  "es-mx": "Spanish (Mexico)",
  "et-ee": "Estonian",
  "fi-fi": "Finnish",
  "fr-ca": "French Canadian",
  "fr-fr": "French",
  "he-il": "Hebrew",
  "hr-hr": "Croatian",
  "hu-hu": "Hungarian",
  "it-it": "Italian",
  "ja-jp": "Japanese",
  "ko-kr": "Korean",
  "lt-lt": "Lithuanian",
  "lv-lv": "Latvian",
  "nb-no": "Norwegian",
  "nl-nl": "Dutch",
  "pl-pl": "Polish",
  "pt-br": "Brazilian Portuguese",
  "pt-pt": "Portuguese",
  "ro-ro": "Romanian",
  "ru-ru": "Russian",
  "sk-sk": "Slovak",
  "sl-si": "Slovenian",
  "sr-latn-rs": "Serbian Latin",
  "sv-se": "Swedish",
  "th-th": "Thai",
  "tr-tr": "Turkish",
  "uk-ua": "Ukrainian",
  "zh-cn": "Chinese Simplified",
  "zh-tw": "Chinese Traditional",
};

/** The tag, in lower case, of what may also be Microsoft's word for it; another text as it is. */
export function languageTag(text: string): string {
  const wanted = text.toLowerCase();
  if (wanted === "en") return "en-us";
  return Object.keys(names).find((tag) => names[tag]!.toLowerCase() === wanted) ?? wanted;
}

export function skusOf(answer: unknown): Sku[] {
  const skus = (answer as { Skus?: unknown } | null)?.Skus;
  if (!Array.isArray(skus)) return [];
  return skus.flatMap((sku) => {
    const [id, language] = [sku?.Id, sku?.Language];
    const sound = (typeof id === "string" || typeof id === "number") && typeof language === "string";
    return sound ? [{ id: String(id), language }] : [];
  });
}

/** Throws `not-found`, naming what there is. */
export function matchLanguage(skus: readonly Sku[], wanted: string, version: string): Sku {
  const name = (names[wanted.toLowerCase()] ?? wanted).toLowerCase();
  const found = skus.find(({ language }) => language.toLowerCase() === name);
  if (found !== undefined) return found;
  throw new AppError("not-found", `Microsoft offers no Windows ${version} in "${wanted}"`, {
    hint: `It offers: ${skus.map(({ language }) => language).join(", ")}`,
  });
}
