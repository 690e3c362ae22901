/**
 * Boot loader entries of type 1, text files with a key and its value in each line: what systemd-boot, Fedora's GRUB and
 * ostree start. Source: The Boot Loader Specification (UAPI.1).
 */
import type { HostFiles } from "../host/host.ts";
import { splitParameters } from "./grub.ts";

/** Where the partition they are on may be mounted. */
export const bootFolders = ["/boot", "/efi", "/boot/efi"];

export interface LoaderEntry {
  readonly path: string;
  readonly linux: string;
  readonly version: string | null;
  /** All `options` lines together. */
  readonly options: readonly string[];
}

/** Entries that start Linux, without those that are there for the day when nothing else starts. */
export function readLoaderEntries(files: HostFiles): LoaderEntry[] {
  return bootFolders.flatMap((folder) => {
    const entries = `${folder}/loader/entries`;
    const names = (files.list(entries) ?? []).filter((name) => name.endsWith(".conf") && !isForRescue(name));
    return names.flatMap((name) => {
      const entry = parseLoaderEntry(`${entries}/${name}`, files.readText(`${entries}/${name}`) ?? "");
      return entry === null ? [] : [entry];
    });
  });
}

const isForRescue = (name: string) => /-0-rescue\b|fallback|recovery|rescue/.test(name);

/** Null: it starts something else than Linux. */
export function parseLoaderEntry(path: string, text: string): LoaderEntry | null {
  const values = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}[ \\t]+(.*)$`, "gm"))].map(([, value]) => value!);
  const linux = values("linux")[0]?.trim();
  if (linux === undefined) return null;
  return {
    path,
    linux,
    version: values("version")[0]?.trim() ?? null,
    options: splitParameters(values("options").join(" ")),
  };
}

/** What all of them have. */
export function inEvery(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = lists;
  return first.filter((word) => others.every((list) => list.includes(word)));
}
