/**
 * Reads the constants out of libvirt-api.xml, the machine-made description of libvirt's public headers. Pure: text in,
 * tables out. The file has one element a line with all attributes on it, so a scan for elements is enough.
 */

export interface ApiEnum {
  /** The C enum, `virDomainState`. */
  type: string;
  values: { name: string; value: number; info: string }[];
}

export interface ApiConstants {
  enums: ApiEnum[];
  /** Macros that stand for a whole number, such as `VIR_UUID_BUFLEN`. */
  numbers: Map<string, number>;
  /** Macros that stand for a string, such as `VIR_MIGRATE_PARAM_URI`. */
  strings: Map<string, string>;
  /** `LIBVIR_VERSION_NUMBER` as 9.0.0. */
  version: string;
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function attributesOf(element: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, value] of element.matchAll(/([a-z_]+)='([^']*)'/g)) {
    attributes[name!] = value!.replace(
      /&(?:(lt|gt|amp|quot|apos)|#(\d+));/g,
      (_, name, code) => name ? ENTITIES[name]! : String.fromCodePoint(Number(code)),
    );
  }
  return attributes;
}

/** `(256 + 1)` as 257; undefined for anything that is not a sum of whole numbers. */
function sumOf(raw: string): number | undefined {
  const inner = raw.replace(/^\((.*)\)$/, "$1");
  if (!/^\s*\d+(\s*\+\s*\d+)*\s*$/.test(inner)) return undefined;
  return inner.split("+").reduce((sum, term) => sum + Number(term), 0);
}

/** The constants of a libvirt-api.xml. Values that refer to other constants are followed. */
export function readApiConstants(xml: string): ApiConstants {
  const byType = new Map<string, ApiEnum["values"]>();
  const byName = new Map<string, number>();
  const references: { name: string; value: string }[] = [];
  for (const [element] of xml.matchAll(/<enum [^>]*>/g)) {
    const { name, value, type, info = "" } = attributesOf(element);
    if (name === undefined || value === undefined || type === undefined || name.endsWith("_LAST")) continue;
    if (Number.isNaN(Number(value))) references.push({ name, value });
    byName.set(name, Number(value));
    const values = byType.get(type) ?? [];
    values.push({ name, value: Number(value), info: info.replace(/\s+/g, " ").trim() });
    byType.set(type, values);
  }
  for (const { name, value } of references) {
    const found = byName.get(value);
    if (found === undefined || Number.isNaN(found)) {
      throw new SyntaxError(`${name} stands for ${value}, which is unknown`);
    }
    for (const values of byType.values()) for (const each of values) if (each.name === name) each.value = found;
  }
  const numbers = new Map<string, number>();
  const strings = new Map<string, string>();
  for (const [element] of xml.matchAll(/<macro [^>]*>/g)) {
    const { name, raw, string } = attributesOf(element);
    if (name === undefined) continue;
    const number = raw === undefined ? undefined : sumOf(raw);
    if (number !== undefined) numbers.set(name, number);
    if (string !== undefined) strings.set(name, string);
  }
  const packed = numbers.get("LIBVIR_VERSION_NUMBER");
  if (packed === undefined) throw new SyntaxError("no LIBVIR_VERSION_NUMBER: this is not a libvirt-api.xml");
  const version = [Math.floor(packed / 1_000_000), Math.floor(packed / 1000) % 1000, packed % 1000].join(".");
  const enums = [...byType].map(([type, values]) => ({ type, values: values.sort((a, b) => a.value - b.value) }))
    .sort((a, b) => a.type < b.type ? -1 : 1);
  return { enums, numbers, strings, version };
}
