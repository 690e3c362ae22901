/** A stick or a disc that is not mounted, looked into: read-only, and unmounted again whatever happens. */
import type { Host } from "../host/host.ts";
import { runTool } from "./tools.ts";

/** `work` gets the folder. Throws as runTool does, and what `work` throws. */
export async function withMounted<T>(host: Host, device: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = `/run/neuron-mount-${crypto.randomUUID()}`;
  host.makeFolder(folder, { mode: 0o700 });
  try {
    await runTool(host, ["mount", "-o", "ro,nosuid,nodev,noexec", "--", device, folder], {
      purpose: `look into ${device}`,
    });
    try {
      return await work(folder);
    } finally {
      await runTool(host, ["umount", "--", folder], { purpose: `let go of ${device}` });
    }
  } finally {
    host.removeFolder(folder);
  }
}
