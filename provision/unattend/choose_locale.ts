/**
 * Language, keyboard and time zone of the new Windows: what was asked for, else the host's, else what always works. Pure.
 * A wrong answer is refused with AppError `answer-invalid`; an odd host is not the person's mistake.
 */
import { AppError, type Finding } from "../../model/errors.ts";
import { inputLocale } from "./keyboards.ts";
import { type Language, mediaLanguages, windowsLanguage } from "./languages.ts";
import { windowsTimeZone } from "./time_zones.ts";

/** @param onMedium languages of the Windows medium, its default first; empty: nobody looked */
export function chooseLanguage(
  asked: string | undefined,
  hosts: string | null,
  onMedium: readonly string[],
): { language: Language; notes: Finding[] } {
  const language = windowsLanguage(asked ?? hosts ?? "en-US");
  if (language === null && asked !== undefined) {
    throw new AppError("answer-invalid", `windows.language is "${asked}", which Windows does not speak`, {
      hint: `It speaks: ${mediaLanguages.join(", ")}`,
    });
  }
  const known = language ?? windowsLanguage("en-US")!;
  const fallback = onMedium[0];
  if (fallback === undefined) return { language: known, notes: [unchecked(known.ui)] };
  if (onMedium.includes(known.ui)) return { language: known, notes: [] };
  return {
    // Setup would stop and ask for a language that is not on its medium.
    language: { ...known, ui: fallback },
    notes: [{
      code: "language-not-on-medium",
      severity: "warning",
      title:
        `The Windows medium does not speak ${known.ui}: Setup and desktop speak ${fallback}, formats stay ${known.locale}`,
      hint: `For a desktop in ${known.ui} take a medium in that language`,
    }],
  };
}

function unchecked(ui: string): Finding {
  return {
    code: "language-not-checked",
    severity: "info",
    title: `The Windows medium must speak ${ui}, else Setup stops and asks`,
    hint: "--wim sources/install.wim lets it be looked up",
  };
}

/** A keyboard that was asked for must be known; the host's may be an odd one, then the language's own is taken. */
export function chooseKeyboard(asked: string | undefined, hosts: string | null, language: Language): string {
  const input = inputLocale(asked ?? hosts, language);
  if (input !== null) return input;
  if (asked === undefined) return language.locale;
  throw new AppError("answer-invalid", `windows.keyboard is "${asked}", which is no keyboard layout known here`, {
    hint: "Give a layout such as de, us:intl or ch:fr, or what Windows calls it, such as 0407:00000407",
  });
}

export function chooseTimeZone(asked: string | undefined, hosts: string | null): { name: string; notes: Finding[] } {
  const name = windowsTimeZone(asked ?? hosts ?? "UTC");
  if (name !== null) return { name, notes: [] };
  if (asked !== undefined) {
    throw new AppError("answer-invalid", `windows.timeZone is "${asked}", which is no time zone known here`, {
      hint: "Give a name such as Europe/Berlin, or what Windows calls it, such as W. Europe Standard Time",
    });
  }
  return {
    name: "UTC",
    notes: [{
      code: "time-zone-unknown",
      severity: "warning",
      title: `Windows has no time zone for this host's "${hosts}": it gets UTC`,
      hint: "Set windows.timeZone",
    }],
  };
}
