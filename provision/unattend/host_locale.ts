/**
 * What the host says about the person: time zone, keyboard, language. A new Windows gets the same unless the answers
 * say otherwise. Reads only; what is missing or odd is null.
 *
 * Sources: timezone(5) and localtime(5), keyboard(5), vconsole.conf(5), locale(5) of Debian, locale.conf(5).
 */
import type { HostFiles } from "../host/host.ts";
import { tagOfPosixLocale } from "./languages.ts";

export interface HostLocale {
  /** IANA name. */
  readonly timeZone: string | null;
  /** XKB `layout` or `layout:variant`, or the name of a console keymap. */
  readonly keyboard: string | null;
  /** Language tag. */
  readonly language: string | null;
}

export function readHostLocale(files: Pick<HostFiles, "readText" | "readLink">): HostLocale {
  return { timeZone: timeZone(files), keyboard: keyboard(files), language: language(files) };
}

function timeZone(files: Pick<HostFiles, "readText" | "readLink">): string | null {
  // The link is what the system uses; Debian's /etc/timezone is what it was once set from.
  const linked = /\/zoneinfo\/(?:posix\/|right\/)?([A-Za-z0-9_+/-]+)$/.exec(files.readLink("/etc/localtime") ?? "")
    ?.[1];
  const written = files.readText("/etc/timezone")?.trim().split("\n")[0]?.trim();
  const name = linked ?? written;
  return name !== undefined && /^[A-Za-z0-9_+/-]{1,64}$/.test(name) ? name : null;
}

function keyboard(files: Pick<HostFiles, "readText">): string | null {
  const debian = assignments(files.readText("/etc/default/keyboard"));
  const console = assignments(files.readText("/etc/vconsole.conf"));
  const layouts = debian.get("XKBLAYOUT") ?? console.get("XKBLAYOUT");
  const variants = debian.get("XKBLAYOUT") === undefined ? console.get("XKBVARIANT") : debian.get("XKBVARIANT");
  // Several layouts are a list; their variants are a list beside it.
  const layout = first(layouts);
  const variant = first(variants);
  const name = layout === "" ? console.get("KEYMAP") ?? "" : variant === "" ? layout : `${layout}:${variant}`;
  return /^[A-Za-z0-9_:.-]{1,40}$/.test(name) ? name : null;
}

function language(files: Pick<HostFiles, "readText">): string | null {
  for (const path of ["/etc/locale.conf", "/etc/default/locale"]) {
    const locale = assignments(files.readText(path)).get("LANG");
    const tag = locale === undefined ? null : tagOfPosixLocale(locale);
    if (tag !== null) return tag;
  }
  return null;
}

const first = (list: string | undefined) => list?.split(",")[0]?.trim() ?? "";

/** `NAME=value` lines as a shell would read them: the last one counts, quotes are taken off. */
function assignments(text: string | null): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of (text ?? "").split("\n")) {
    const match = /^\s*([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(\S*))\s*(?:#.*)?$/.exec(line);
    if (match !== null) found.set(match[1]!, match[2] ?? match[3] ?? match[4]!);
  }
  return found;
}
