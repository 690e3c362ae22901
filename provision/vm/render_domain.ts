/** A VmSpec as libvirt domain XML. Pure but for the templates a caller may lay over the built-in ones. */
import { AppError } from "../../model/errors.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { TemplateError } from "../../templates/escape.ts";
import { renderDomainTemplate, type TemplateLoader } from "../../templates/render.ts";
import type { DomainFacts } from "./domain_facts.ts";
import { planDomain } from "./domain.ts";
import { parseXml } from "./xml.ts";

/**
 * @throws AppError `template-invalid` when an override cannot be rendered or what it gives is no XML
 */
export function renderDomain(spec: VmSpec, facts: DomainFacts, loader?: TemplateLoader): string {
  try {
    const xml = renderDomainTemplate(planDomain(spec, facts), loader);
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
