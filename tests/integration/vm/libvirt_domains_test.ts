/**
 * `vm patch` on every domain of libvirt's own tests: exactly the wanted nodes change, seen through another parser than
 * the patches use.
 */
import { DOMParser, type Element, type Node } from "@xmldom/xmldom";
import { assert, assertEquals } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { type DomainPatch, patchDomain } from "../../../provision/vm/patch/patch.ts";
import { libvirtDomains } from "./libvirt_domains.ts";

interface Wish {
  readonly what: string;
  readonly patch: DomainPatch;
  /** Paths of the nodes that may differ. */
  readonly touches: RegExp;
}

const wishes: readonly Wish[] = [
  { what: "nothing", patch: {}, touches: /^$/ },
  {
    what: "memory",
    patch: { memoryMib: 7168 },
    touches: /^domain\/(memory|currentMemory|maxMemory|cpu\/numa\/cell)(\b|$)/,
  },
  {
    what: "vCPUs",
    patch: { vcpus: 6 },
    touches: /^domain\/(vcpu|vcpus|cpu|cputune|cputune\/\w+|cpu\/topology|cpu\/numa|cpu\/cache)(\b|$)/,
  },
  { what: "title", patch: { title: "A <title> & more" }, touches: /^domain\/title(\b|$)/ },
  {
    what: "a USB device",
    patch: { addUsb: [{ vendorId: "1d6b", productId: "beef" }] },
    touches: /^domain\/devices(\/hostdev(\b.*)?)?$/,
  },
  {
    what: "the boot order",
    patch: { boot: ["cdrom", "hd"] },
    touches: /^domain\/(os(\/boot|\/bootmenu)?|devices\/(disk|interface|hostdev|redirdev)(\/boot)?)(\b|$)/,
  },
];

/** Every node with its path and what it says, in their order; blank text between elements left out. */
function nodesOf(text: string): string[] {
  const lines: string[] = [];
  const walk = (node: Node, above: string): void => {
    const name = node.nodeType === 1 ? node.nodeName : node.nodeType === 8 ? "#comment" : "#text";
    const path = above === "" ? name : `${above}/${name}`;
    if (node.nodeType === 1) {
      const { attributes } = node as Element;
      const written = Array.from(attributes, ({ name, value }) => `${name}=${JSON.stringify(value)}`);
      lines.push(`${path} ${written.join(" ")}`);
    } else if ((node.nodeValue ?? "").trim() !== "") lines.push(`${above} ${name} ${JSON.stringify(node.nodeValue)}`);
    for (const child of Array.from(node.childNodes)) walk(child, path);
  };
  const document = new DOMParser().parseFromString(text, "text/xml");
  walk(document.documentElement!, "");
  return lines;
}

/** Lines that are in one of the two only, counted as often as they stand there. */
function differences(before: readonly string[], after: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of before) counts.set(line, (counts.get(line) ?? 0) - 1);
  for (const line of after) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].filter(([, count]) => count !== 0).map(([line]) => line);
}

Deno.test("on all of libvirt's own test domains a patch changes exactly the wanted nodes, and twice is once", async (t) => {
  const domains = await libvirtDomains();
  assert(domains.size > 1000, `only ${domains.size} domains were found`);
  for (const { what, patch, touches } of wishes) {
    await t.step(`${what}, of ${domains.size} domains`, () => {
      let patched = 0;
      for (const [path, text] of domains) {
        let after: string;
        try {
          after = patchDomain(text, patch);
        } catch (error) {
          // What only a person can decide is refused with words; it must not be the rule.
          assert(error instanceof AppError && error.hint !== undefined, `${path}: ${error}`);
          continue;
        }
        patched++;
        const foreign = differences(nodesOf(text), nodesOf(after)).filter((line) => !touches.test(line.split(" ")[0]!));
        assertEquals(foreign, [], path);
        assertEquals(patchDomain(after, patch), after, `${path}: a second patch`);
        if (what === "nothing") assertEquals(after, text, path);
      }
      assert(patched > domains.size * 0.85, `${patched} of ${domains.size} could be patched`);
    });
  }
});
