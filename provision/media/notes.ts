/**
 * What is written down about a medium or its part: a note in the state folder, under the file's own path. Not beside the
 * file, because libvirt shows every file in a pool's folder as a volume, names with a dot and folders included
 * (virStorageBackendRefreshLocal in its storage_util.c; tried with libvirtd 9.0). Earlier versions wrote beside
 * the file: such notes are read, and moved by whoever writes in that folder next.
 */
import type { Host } from "../host/host.ts";

const top = "media";
const oldEndings = [".media.json", ".part.json"] as const;

/** Null when there is none. `path` is that of the medium or of its part, absolute inside the root. */
export function readNote(host: Host, path: string): string | null {
  const bytes = host.state.read(nameOf(path));
  return bytes === null ? host.readText(oldPath(path)) : new TextDecoder().decode(bytes);
}

/** Durable when it returns. */
export function writeNote(host: Host, path: string, text: string): void {
  host.state.replace(nameOf(path), new TextEncoder().encode(text));
  removeOld(host, path);
}

export function removeNote(host: Host, path: string): void {
  host.state.remove(nameOf(path));
  removeOld(host, path);
}

/** Names of the files in a folder that have notes, wherever these lie; sorted. */
export function notedIn(host: Host, folder: string): string[] {
  const ours = host.state.list(nameOf(folder, "")).filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length));
  return [...new Set([...ours, ...oldNames(host, folder)])].sort();
}

/** Notes beside their files go to the state folder. What is there already is newer, and stays. */
export function moveOldNotes(host: Host, folder: string): void {
  for (const name of oldNames(host, folder)) {
    const path = `${folder}/${name}`;
    const text = host.readText(oldPath(path));
    if (text !== null && host.state.read(nameOf(path)) === null) writeNote(host, path, text);
    else removeOld(host, path);
  }
}

function oldNames(host: Host, folder: string): string[] {
  return (host.list(folder) ?? []).flatMap((name) => {
    const ending = oldEndings.find((each) => name.endsWith(each) && name.length > each.length);
    if (ending === undefined) return [];
    return [ending === ".part.json" ? name.slice(0, -".json".length) : name.slice(0, -ending.length)];
  });
}

function removeOld(host: Host, path: string): void {
  if (host.stat(oldPath(path)) !== null) host.remove(oldPath(path));
}

function nameOf(path: string, ending = ".json"): string {
  return `${top}${path === "/" ? "" : path}${ending}`;
}

function oldPath(path: string): string {
  return path.endsWith(".part") ? `${path}.json` : `${path}.media.json`;
}
