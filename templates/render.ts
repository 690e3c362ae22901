/**
 * Typed input to text. XML escaping is always on, what a template asks for and the input lacks is an error, and nothing
 * here reads a file: overrides come through a loader (/etc/neuron/templates, root-owned: a template is code).
 */
import { Eta } from "eta";
import { builtIn } from "./built_in.ts";
import type { DomainInput } from "./domain_input.ts";
import { TemplateError, xmlEscape } from "./escape.ts";
import type { UnattendInput } from "./unattend_input.ts";

/** The text of an override, or null to take the built-in one. */
export type TemplateLoader = (name: string) => string | null;

/**
 * The libvirt domain XML of `input`.
 * @throws TemplateError naming the template and what stood in the way
 */
export function renderDomainTemplate(input: DomainInput, loader: TemplateLoader = () => null): string {
  return renderTemplate(input.template, input, loader);
}

/** What a storage volume template prints. */
export interface VolumeInput {
  readonly name: string;
  readonly sizeGib: number;
  readonly format: string;
}

/**
 * The libvirt volume XML of `input`.
 * @throws TemplateError as renderDomainTemplate
 */
export function renderVolumeTemplate(input: VolumeInput, loader: TemplateLoader = () => null): string {
  return renderTemplate("volume", input, loader);
}

/**
 * The Windows answer file of `input`.
 * @throws TemplateError as renderDomainTemplate
 */
export function renderUnattendTemplate(input: UnattendInput, loader: TemplateLoader = () => null): string {
  return renderTemplate("autounattend", input, loader);
}

export function renderTemplate(name: string, input: object, loader: TemplateLoader = () => null): string {
  const engine = new Eta({ autoEscape: true, escapeFunction: xmlEscape, autoTrim: false, cache: true });
  engine.resolvePath = (template) => template;
  engine.readFile = (template) => sourceOf(template, loader);
  try {
    return engine.render(name, input);
  } catch (error) {
    throw new TemplateError(`Cannot render the template "${name}": ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function sourceOf(name: string, loader: TemplateLoader): string {
  const text = loader(name) ?? (Object.hasOwn(builtIn, name) ? builtIn[name] : undefined);
  if (text === undefined) throw new TemplateError(`There is no template "${name}"`);
  return text;
}
