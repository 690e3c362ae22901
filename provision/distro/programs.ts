/** Where programs are, by name: as a shell of root's would find them. */
import type { HostFiles } from "../host/host.ts";

const folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

/** Null when it is not installed. */
export function programPath(files: HostFiles, name: string): string | null {
  return folders.map((folder) => `${folder}/${name}`).find((path) => files.stat(path) !== null) ?? null;
}
