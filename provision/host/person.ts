/**
 * Whoever runs this program at a desktop: their folders and screen, and what they may open. Only on the running machine.
 * Source: XDG Base Directory Specification 0.8.
 */
import { errorMessage } from "../../model/errors.ts";
import { systemDisk } from "./disk.ts";

export interface Person {
  readonly uid: number;
  readonly home: string;
  /** Where programs of their own are known: $XDG_DATA_HOME. */
  readonly dataFolder: string;
  /** $XDG_CONFIG_HOME */
  readonly configFolder: string;
  /** Gone when they sign out: $XDG_RUNTIME_DIR; null without a session. */
  readonly runtimeFolder: string | null;
  /** Whether there is a screen to show a window on. */
  readonly hasScreen: boolean;
  /** Folders of programs, in order. */
  readonly programFolders: readonly string[];
}

export function thisPerson(): Person {
  const get = (name: string) => Deno.env.get(name) || null;
  // Relative paths in these variables count for nothing (the specification says so).
  const folder = (name: string) => get(name)?.startsWith("/") === true ? get(name) : null;
  const home = folder("HOME") ?? "/";
  return {
    uid: Deno.uid() ?? 0,
    home,
    dataFolder: folder("XDG_DATA_HOME") ?? `${home}/.local/share`,
    configFolder: folder("XDG_CONFIG_HOME") ?? `${home}/.config`,
    runtimeFolder: folder("XDG_RUNTIME_DIR"),
    hasScreen: get("WAYLAND_DISPLAY") !== null || get("DISPLAY") !== null,
    programFolders: (get("PATH") ?? "/usr/local/bin:/usr/bin").split(":").filter((path) => path.startsWith("/")),
  };
}

/** Why this person cannot open a file for reading and writing, in a few words; null when they can. */
export function whyNotOpened(path: string): string | null {
  try {
    Deno.openSync(path, { read: true, write: true }).close();
    return null;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied ? "permission denied" : errorMessage(error);
  }
}

/** The path of a program that this person may execute; null without one. */
export function findProgram(name: string, folders: readonly string[]): string | null {
  for (const folder of folders) {
    try {
      const path = `${folder}/${name}`;
      const { isFile, mode } = Deno.statSync(path);
      if (isFile && ((mode ?? 0) & 0o111) !== 0) return path;
    } catch {
      // Not in this one.
    }
  }
  return null;
}

/** Held until disposed or the process ends; null where no file can be made. */
export function lockFile(path: string): Disposable | "taken" | null {
  try {
    return systemDisk.lock(path) ?? "taken";
  } catch {
    return null;
  }
}
