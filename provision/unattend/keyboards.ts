/**
 * Keyboard layouts: from XKB's names (and the Linux console's) to the Windows keyboard identifier. Data.
 * Sources: Microsoft Learn "Keyboard identifiers and input method editors for Windows" for the right side;
 * xkeyboard-config's rules/base.lst and kbd's keymap names for the left.
 */

/** By `layout` or `layout:variant`. A variant that is not here is taken for its layout. */
const byXkb: Readonly<Record<string, string>> = {
  "al": "0000041c",
  "ara": "00000401",
  "at": "00000407",
  "ba": "0000141a",
  "be": "0000080c",
  "bg": "00030402",
  "bg:phonetic": "00040402",
  "br": "00000416",
  "by": "00000423",
  "ca": "00001009",
  "ca:eng": "00000409",
  "ca:multix": "00011009",
  "ch": "00000807",
  "ch:fr": "0000100c",
  "cz": "00000405",
  "cz:qwerty": "00010405",
  "de": "00000407",
  "dk": "00000406",
  "ee": "00000425",
  "es": "0000040a",
  "fi": "0000040b",
  "fr": "0000040c",
  "gb": "00000809",
  "gb:extd": "00000452",
  "ge": "00000437",
  "gr": "00000408",
  "hr": "0000041a",
  "hu": "0000040e",
  "ie": "00001809",
  "il": "0002040d",
  "ir": "00000429",
  "is": "0000040f",
  "it": "00000410",
  "jp": "00000411",
  "kr": "00000412",
  "latam": "0000080a",
  "lt": "00010427",
  "lv": "00020426",
  "mk": "0001042f",
  "nl": "00000413",
  "no": "00000414",
  "pl": "00000415",
  "pl:qwertz": "00010415",
  "pt": "00000816",
  "ro": "00010418",
  "rs": "00000c1a",
  "rs:latin": "0000081a",
  "ru": "00000419",
  "se": "0000041d",
  "si": "00000424",
  "sk": "0000041b",
  "sk:qwerty": "0001041b",
  "th": "0000041e",
  "tr": "0000041f",
  "tr:f": "0001041f",
  "ua": "00020422",
  "us": "00000409",
  "us:alt-intl": "00020409",
  "us:dvorak": "00010409",
  "us:intl": "00020409",
  "vn": "0000042a",
};

/** Console keymaps whose first word is not XKB's. */
const byConsole: Readonly<Record<string, string>> = {
  "cf": "ca",
  "croat": "hr",
  "dvorak": "us:dvorak",
  "jp106": "jp",
  "la": "latam",
  "sg": "ch",
  "slovene": "si",
  "sr": "rs",
  "sv": "se",
  "trf": "tr:f",
  "trq": "tr",
  "uk": "gb",
};

/** Eight hexadecimal digits for `de`, `us:intl` or a console keymap such as `de-latin1-nodeadkeys`; null when unknown. */
export function keyboardIdentifier(name: string): string | null {
  const known = (key: string) => Object.hasOwn(byXkb, key) ? byXkb[key]! : null;
  const [layout = ""] = name.split(":");
  const [word = ""] = layout.split("-");
  const console = Object.hasOwn(byConsole, word) ? byConsole[word]! : word;
  return known(name) ?? known(layout) ?? known(console);
}

/**
 * The value of `InputLocale`: language and keyboard in hexadecimal, or the language's tag, which means its own keyboard
 * or input method (Microsoft Learn "InputLocale"). Null when the keyboard is not known.
 */
export function inputLocale(keyboard: string | null, language: { locale: string; lcid: string }): string | null {
  if (keyboard === null) return language.locale;
  if (/^[0-9a-fA-F]{4}:[0-9a-fA-F]{8}$/.test(keyboard)) return keyboard.toLowerCase();
  const identifier = keyboardIdentifier(keyboard);
  if (identifier === null) return null;
  // Chinese, Japanese and Korean are typed through an input method, which the bare layout would leave out.
  if (/^(ja|ko|zh)-/.test(language.locale)) return language.locale;
  return `${language.lcid}:${identifier}`;
}
