/** Title and description of a domain, and where new elements at the top of one go. Pure. */
import { xmlEscape } from "../../../templates/escape.ts";
import { childOf, type Edit, insertElements, setText, type SourceElement } from "./source.ts";

/** In the order libvirt writes them. */
const TOP = [
  "name",
  "uuid",
  "genid",
  "title",
  "description",
  "metadata",
  "maxMemory",
  "memory",
  "currentMemory",
] as const;

export function setTitle(text: string, domain: SourceElement, title: string): Edit[] {
  return setTopText(text, domain, "title", title);
}

export function setDescription(text: string, domain: SourceElement, description: string): Edit[] {
  return setTopText(text, domain, "description", description);
}

function setTopText(text: string, domain: SourceElement, name: (typeof TOP)[number], value: string): Edit[] {
  const element = childOf(domain, name);
  if (element !== undefined) return setText(text, element, value);
  return [insertTop(text, domain, name, `<${name}>${xmlEscape(value)}</${name}>`)];
}

/** Behind the last of the elements that libvirt writes before it. */
export function insertTop(
  text: string,
  domain: SourceElement,
  name: (typeof TOP)[number] | "vcpu",
  line: string,
): Edit {
  const index = TOP.findIndex((one) => one === name);
  const earlier: readonly string[] = index === -1 ? TOP : TOP.slice(0, index);
  const after = domain.children.findLast((child) => earlier.includes(child.name)) ?? null;
  return insertElements(text, domain, after, [{ lines: [line] }]);
}
