/** The files of the answer medium. Pure but for templates a caller may lay over the built-in ones. */
import { AppError } from "../../model/errors.ts";
import { TemplateError } from "../../templates/escape.ts";
import { renderUnattendTemplate, type TemplateLoader } from "../../templates/render.ts";
import { parseXml } from "../vm/xml.ts";
import { markerPath } from "./commands.ts";
import type { UnattendPlan } from "./plan.ts";
import firstLogon from "./scripts/first_logon.ps1" with { type: "text" };
import session from "./scripts/session.ps1" with { type: "text" };
import winPe from "./scripts/winpe.cmd" with { type: "text" };

/** By path on the medium, without a leading slash. */
export type MediumFiles = ReadonlyMap<string, Uint8Array>;

/** @throws AppError `template-invalid` when an override cannot be rendered or what it gives is no XML */
export function mediumContents(plan: UnattendPlan, loader?: TemplateLoader): MediumFiles {
  const texts: readonly (readonly [string, string])[] = [
    // Setup looks for this name in the root of every removable drive (Microsoft Learn "Windows Setup Automation Overview").
    ["Autounattend.xml", renderAnswerFile(plan, loader)],
    [markerPath, dosText(`Neuron's answer medium for the virtual machine ${plan.vmName}\n`)],
    ["neuron/settings.json", asciiJson(plan.settings)],
    ["neuron/winpe.cmd", dosText(winPe)],
    ["neuron/first-logon.ps1", dosText(firstLogon)],
    ["neuron/session.ps1", dosText(session)],
  ];
  return new Map(texts.map(([path, text]) => [path, new TextEncoder().encode(text)]));
}

function renderAnswerFile(plan: UnattendPlan, loader?: TemplateLoader): string {
  try {
    const xml = renderUnattendTemplate(plan.input, loader);
    parseXml(xml);
    return xml;
  } catch (error) {
    if (!(error instanceof TemplateError) && !(error instanceof AppError)) throw error;
    throw new AppError("template-invalid", error.message, {
      hint: "Look into /etc/neuron/templates: a template there takes the place of the built-in one",
      cause: error,
    });
  }
}

/** cmd.exe finds labels only reliably where lines end as DOS ends them. */
function dosText(text: string): string {
  return text.replace(/\r?\n/g, "\r\n");
}

/** Reads the same in every code page. */
function asciiJson(value: object): string {
  const text = JSON.stringify(value, null, 2);
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`) + "\n";
}
