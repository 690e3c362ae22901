/** Lays a captured machine out in a folder, to be used as a root. The archive is made by `detect --capture`. */
import { capture, type CaptureEntry } from "../provision/capture.ts";
import type { MachineFiles } from "../provision/hardware/reading.ts";

/**
 * Copies what `detect` and `plan` look at into `folder`, which is made when missing and must hold nothing yet; links
 * stay links. Throws Deno's own errors when the folder cannot be written.
 */
export function captureInto(files: MachineFiles, folder: string): void {
  Deno.mkdirSync(folder, { recursive: true });
  for (const entry of capture(files)) layOut(entry, `${folder}${entry.path}`);
}

function layOut(entry: CaptureEntry, path: string): void {
  switch (entry.kind) {
    case "folder":
      Deno.mkdirSync(path, { recursive: true });
      break;
    case "link":
      Deno.symlinkSync(entry.target, path);
      break;
    case "file":
      Deno.writeFileSync(path, entry.bytes, { mode: (entry.mode & 0o777) | 0o600 });
  }
}
