/**
 * The VM among the programs of the person's desktop, and, where the VM wants it, started with the desktop. Pure texts and
 * paths. Sources: Desktop Entry Specification 1.1 (escapes of strings, quoting of Exec), Desktop Application Autostart
 * Specification 0.5, Icon Theme Specification 0.13.
 */
import type { HostFiles, HostFileWriter } from "../host/host.ts";
import type { Person } from "../host/person.ts";
import icon from "./icon.svg" with { type: "text" };

export interface Launched {
  /** The VM's name, as libvirt has it. */
  readonly name: string;
  readonly title: string;
  /** What shows it: a program and its arguments, without those of full screen or following. */
  readonly argv: readonly string[];
  /** Shown by itself whenever the VM runs, from the next sign-in on. */
  readonly autostart: boolean;
}

const iconName = "neuron-looking-glass";
const prefix = "neuron-vm-";

export interface LauncherPaths {
  readonly entry: string;
  readonly autostart: string;
  readonly icon: string;
}

export function launcherPaths(name: string, { dataFolder, configFolder }: LauncherPlace): LauncherPaths {
  const file = `${prefix}${fileNameOf(name)}.desktop`;
  return {
    entry: `${dataFolder}/applications/${file}`,
    autostart: `${configFolder}/autostart/${file}`,
    icon: `${dataFolder}/icons/hicolor/scalable/apps/${iconName}.svg`,
  };
}

export type LauncherPlace = Pick<Person, "dataFolder" | "configFolder">;

/** Letters, digits and hyphens stay; everything else is its code point between underscores, so that no two names meet. */
export function fileNameOf(name: string): string {
  return name.replace(/[^A-Za-z0-9-]/gu, (letter) => `_${letter.codePointAt(0)!.toString(16)}_`);
}

export function renderEntry({ name, title, argv }: Launched): string {
  const action = (word: string) => [...argv, word];
  return lines([
    "[Desktop Entry]",
    "Type=Application",
    "Version=1.1",
    `Name=${escapeString(title)}`,
    `Comment=${escapeString(`Shows the virtual machine ${name} with Looking Glass`)}`,
    `Icon=${iconName}`,
    `Exec=${renderExec(argv)}`,
    "Terminal=false",
    "StartupNotify=false",
    "Categories=System;Emulator;",
    "Actions=full-screen;window;",
    "",
    "[Desktop Action full-screen]",
    "Name=Full screen",
    `Exec=${renderExec(action("--full-screen"))}`,
    "",
    "[Desktop Action window]",
    "Name=In a window",
    `Exec=${renderExec(action("--window"))}`,
  ]);
}

/** An entry and no systemd unit: not every desktop reaches graphical-session.target or tells systemd of its screen. */
export function renderAutostart({ name, title, argv }: Launched): string {
  return lines([
    "[Desktop Entry]",
    "Type=Application",
    "Version=1.1",
    `Name=${escapeString(title)}`,
    `Comment=${escapeString(`Shows ${name} with Looking Glass whenever it runs`)}`,
    `Icon=${iconName}`,
    `Exec=${renderExec([...argv, "--follow"])}`,
    "Terminal=false",
    "StartupNotify=false",
  ]);
}

/** What a reader of such a file would do with its escapes, no more: line ends and control characters have no place. */
function escapeString(text: string): string {
  const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r" };
  // deno-lint-ignore no-control-regex -- these are what must not come through
  return text.replace(/[\\\n\t\r]/g, (one) => escapes[one]!).replace(/[\x00-\x1f\x7f]/g, "").replace(/^ /, "\\s");
}

/** Each word in quotes where it has to be; `%` doubled; then escaped as a string, so that a backslash becomes four. */
export function renderExec(argv: readonly string[]): string {
  const words = argv.map((word) => {
    const literal = word.replaceAll("%", "%%");
    if (/^[^\s"'\\><~|&;$*?#()`]+$/.test(literal)) return literal;
    return `"${literal.replace(/["`$\\]/g, "\\$&")}"`;
  });
  return escapeString(words.join(" "));
}

const lines = (all: readonly string[]) => all.join("\n") + "\n";

type Files = HostFiles & HostFileWriter;

/** Writes what is wanted and removes what is not; twice changes nothing. @returns the paths that were written or removed */
export function ensureLauncher(files: Files, launched: Launched, place: LauncherPlace): string[] {
  const paths = launcherPaths(launched.name, place);
  const changed = [write(files, paths.icon, icon), write(files, paths.entry, renderEntry(launched))];
  changed.push(
    launched.autostart ? write(files, paths.autostart, renderAutostart(launched)) : remove(files, paths.autostart),
  );
  return changed.filter((path) => path !== null);
}

/** The icon stays while another launcher of ours shows it. @returns the paths that were removed */
export function removeLauncher(files: Files, name: string, place: LauncherPlace): string[] {
  const paths = launcherPaths(name, place);
  const removed = [remove(files, paths.entry), remove(files, paths.autostart)];
  const others = files.list(`${place.dataFolder}/applications`)?.some((file) => file.startsWith(prefix)) ?? false;
  if (!others) removed.push(remove(files, paths.icon));
  return removed.filter((path) => path !== null);
}

function write(files: Files, path: string, text: string): string | null {
  if (files.readText(path) === text) return null;
  const folder = path.slice(0, path.lastIndexOf("/"));
  folder.split("/").forEach((_, index, parts) => {
    const above = parts.slice(0, index + 1).join("/");
    if (above !== "" && files.stat(above) === null) files.makeFolder(above);
  });
  files.writeFile(path, new TextEncoder().encode(text), { mode: 0o644 });
  return path;
}

function remove(files: Files, path: string): string | null {
  if (files.stat(path) === null) return null;
  files.remove(path);
  return path;
}
