/** Looks for `a/b[x=1]=text` in a document: attributes that must be there (others may), and the text if one is given. */
import type { Element } from "@xmldom/xmldom";
import { parseXml } from "../../../provision/vm/xml.ts";

export function hasPath(xml: string, path: string): boolean {
  const { steps, text } = parsePath(path);
  let at: Element[] = [parseXml(xml).documentElement!];
  for (const step of steps) at = at.flatMap(elementsIn).filter((one) => matches(one, step));
  return at.some((one) => text === null || one.textContent === text);
}

interface Step {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
}

function parsePath(path: string): { steps: Step[]; text: string | null } {
  const steps: Step[] = [];
  const part = /([\w:-]+)((?:\[[\w-]+=[^\]]*\])*)(\/|=|$)/y;
  for (let match = part.exec(path); match !== null; match = part.exec(path)) {
    const attributes = [...match[2]!.matchAll(/\[([\w-]+)=([^\]]*)\]/g)].map((one) => [one[1]!, one[2]!] as const);
    steps.push({ name: match[1]!, attributes });
    if (match[3] === "=") return { steps, text: path.slice(part.lastIndex) };
    if (match[3] === "") return { steps, text: null };
  }
  throw new Error(`"${path}" is no path of this kind`);
}

function matches(element: Element, step: Step): boolean {
  return element.tagName === step.name &&
    step.attributes.every(([name, value]) => element.getAttribute(name) === value);
}

function elementsIn(element: Element): Element[] {
  return [...element.childNodes].filter((node): node is Element => node.nodeType === node.ELEMENT_NODE);
}
