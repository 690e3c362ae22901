/** Where things may lie for a moment that must never reach a disk. */
import { AppError } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";

/** Both are file systems in memory; the second is for who may not write to the first. */
const candidates = ["/run", "/dev/shm"];

/** A path below one of them that nobody has. Whoever uses it makes it, readable for nobody else, and removes it. */
export function pathInMemory(host: Host, purpose: string): string {
  const folder = candidates.find((path) => host.list(path) !== null && host.whyNotWritable(path) === null);
  if (folder !== undefined) return `${folder}/neuron-${purpose}-${crypto.randomUUID()}`;
  throw new AppError(
    "file-access",
    `Cannot write to ${candidates.join(" or ")}, which is in memory and not on a disk`,
    {
      hint: "Run it as root: a password must not be written to a disk on its way",
    },
  );
}
