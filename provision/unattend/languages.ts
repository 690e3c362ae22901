/**
 * Languages of Windows, and where a host's own language leads. Data.
 * Sources: Microsoft Learn "Available languages for Windows" (which languages Setup and desktop speak) and the LCID
 * table of [MS-LCID] (the hexadecimal identifiers that stand before the colon of an input locale).
 */

/** The languages Windows media speak, with their LCID. */
const media: Readonly<Record<string, string>> = {
  "ar-SA": "0401",
  "bg-BG": "0402",
  "cs-CZ": "0405",
  "da-DK": "0406",
  "de-DE": "0407",
  "el-GR": "0408",
  "en-GB": "0809",
  "en-US": "0409",
  "es-ES": "0c0a",
  "es-MX": "080a",
  "et-EE": "0425",
  "fi-FI": "040b",
  "fr-CA": "0c0c",
  "fr-FR": "040c",
  "he-IL": "040d",
  "hr-HR": "041a",
  "hu-HU": "040e",
  "it-IT": "0410",
  "ja-JP": "0411",
  "ko-KR": "0412",
  "lt-LT": "0427",
  "lv-LV": "0426",
  "nb-NO": "0414",
  "nl-NL": "0413",
  "pl-PL": "0415",
  "pt-BR": "0416",
  "pt-PT": "0816",
  "ro-RO": "0418",
  "ru-RU": "0419",
  "sk-SK": "041b",
  "sl-SI": "0424",
  "sr-Latn-RS": "241a",
  "sv-SE": "041d",
  "th-TH": "041e",
  "tr-TR": "041f",
  "uk-UA": "0422",
  "zh-CN": "0804",
  "zh-TW": "0404",
};

/** Regions whose formats Windows knows but whose words it borrows: the medium they borrow from, and their LCID. */
const regional: Readonly<Record<string, readonly [medium: string, lcid: string]>> = {
  "de-AT": ["de-DE", "0c07"],
  "de-CH": ["de-DE", "0807"],
  "en-AU": ["en-GB", "0c09"],
  "en-CA": ["en-US", "1009"],
  "en-IE": ["en-GB", "1809"],
  "en-IN": ["en-GB", "4009"],
  "en-NZ": ["en-GB", "1409"],
  "en-ZA": ["en-GB", "1c09"],
  "es-AR": ["es-MX", "2c0a"],
  "es-CL": ["es-MX", "340a"],
  "es-CO": ["es-MX", "240a"],
  "fr-BE": ["fr-FR", "080c"],
  "fr-CH": ["fr-FR", "100c"],
  "it-CH": ["it-IT", "0810"],
  "nl-BE": ["nl-NL", "0813"],
  "zh-HK": ["zh-TW", "0c04"],
  "zh-SG": ["zh-CN", "1004"],
};

/** A language that stands for all its regions where neither table names the region. */
const firstOf: Readonly<Record<string, string>> = { en: "en-US", es: "es-ES", fr: "fr-FR", pt: "pt-PT", zh: "zh-CN" };

export interface Language {
  /** What Setup and the desktop speak: must be on the medium. */
  readonly ui: string;
  /** Formats of dates and numbers. */
  readonly locale: string;
  /** Four hexadecimal digits. */
  readonly lcid: string;
}

/** The Windows language for a tag such as `de-AT` or `de`; null when Windows has none. */
export function windowsLanguage(tag: string): Language | null {
  const exact = nameOf(tag, media);
  if (exact !== undefined) return { ui: exact, locale: exact, lcid: media[exact]! };
  const region = nameOf(tag, regional);
  if (region !== undefined) {
    const [ui, lcid] = regional[region]!;
    return { ui, locale: region, lcid };
  }
  const primary = tag.split("-")[0]!.toLowerCase();
  const nearest = firstOf[primary] ??
    Object.keys(media).find((name) => name.toLowerCase().startsWith(`${primary === "no" ? "nb" : primary}-`));
  return nearest === undefined ? null : { ui: nearest, locale: nearest, lcid: media[nearest]! };
}

/** The tag of a POSIX locale (`de_AT.UTF-8@euro` → `de-AT`); null for C and POSIX, which are no language. */
export function tagOfPosixLocale(locale: string): string | null {
  const match = /^([a-z]{2,3})(?:_([A-Z]{2}))?(?:[.@].*)?$/.exec(locale);
  if (match === null) return null;
  return match[2] === undefined ? match[1]! : `${match[1]}-${match[2]}`;
}

export const mediaLanguages: readonly string[] = Object.keys(media);

function nameOf(tag: string, table: object): string | undefined {
  return Object.keys(table).find((name) => name.toLowerCase() === tag.toLowerCase());
}
