/** Which images a Windows medium has: asks wimlib for the XML inside install.wim or install.esd. Changes nothing. */
import { AppError } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";
import { pathInMemory } from "./memory_folder.ts";
import { parseWimXml, type WimImage } from "./wim.ts";

/** @throws AppError `not-found` without the file or wimlib, `command-failed` for a file that is no WIM */
export async function readWim(host: Host, path: string): Promise<WimImage[]> {
  if (host.stat(path) === null) {
    throw new AppError("not-found", `Cannot read ${path}: there is no such file`, {
      hint: "--wim takes sources/install.wim (or install.esd) of the Windows medium",
    });
  }
  const xml = `${pathInMemory(host, "wim")}.xml`;
  try {
    const { code, stderr } = await host.run({
      argv: ["wimlib-imagex", "info", path, `--extract-xml=${xml}`],
      step: "answer_medium",
      reason: "the editions of the Windows medium",
      timeoutMs: 60_000,
    });
    if (code === 127) {
      throw new AppError(
        "not-found",
        "Cannot look into the Windows medium: there is no wimlib-imagex on this machine",
        {
          hint: "Install the package wimtools (on Fedora wimlib-utils); neuron-setup apply does it too",
        },
      );
    }
    const bytes = code === 0 ? host.readBytes(xml) : null;
    if (bytes !== null) return parseWimXml(bytes);
    throw new AppError(
      "command-failed",
      `Cannot read ${path} as a Windows image: ${stderr.trim().split("\n").at(-1)}`,
      {
        hint: "--wim takes sources/install.wim (or install.esd) of the Windows medium, not the ISO itself",
      },
    );
  } finally {
    host.remove(xml);
  }
}
