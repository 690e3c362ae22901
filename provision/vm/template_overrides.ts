/** Templates an administrator laid over the built-in ones. Reads only. */
import type { TemplateLoader } from "../../templates/render.ts";
import { AppError } from "../../model/errors.ts";
import type { HostFiles } from "../host/host.ts";

const FOLDER = "/etc/neuron/templates";

/** @throws AppError `forbidden`, when one is loaded that others than root may write: a template is code */
export function templateOverrides(files: Pick<HostFiles, "readText" | "stat">): TemplateLoader {
  return (name) => {
    const path = `${FOLDER}/${name}.eta`;
    const text = files.readText(path);
    if (text === null) return null;
    for (const part of [path, path.slice(0, path.lastIndexOf("/")), FOLDER, "/etc/neuron"]) {
      const status = files.stat(part);
      if (status === null || status.kind === "link" || status.uid !== 0 || (status.mode & 0o022) !== 0) {
        throw new AppError(
          "forbidden",
          `Cannot use the template ${path}: ${part} could be changed by others than root`,
          {
            hint: `chown root ${part} && chmod go-w ${part} (links are not followed), or remove it`,
          },
        );
      }
    }
    return text;
  };
}
