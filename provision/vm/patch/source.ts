/**
 * An XML text as a tree that knows where each part stands in it, so that a change replaces exactly its own characters and
 * all others stay as they were: quotes, spaces, comments, line ends. Pure. For well-formed texts only (see ../xml.ts).
 */
import { AppError } from "../../../model/errors.ts";
import { xmlEscape } from "../../../templates/escape.ts";
import { parseXml } from "../xml.ts";

/** A half-open range of the text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface SourceAttribute {
  readonly name: string;
  /** With entities resolved. */
  readonly value: string;
  /** What stands between the quotes. */
  readonly valueRange: Range;
  readonly quote: string;
  /** With the space before it. */
  readonly range: Range;
}

export interface SourceElement extends Range {
  /** As written, with a prefix if it has one. */
  readonly name: string;
  readonly attributes: readonly SourceAttribute[];
  readonly children: readonly SourceElement[];
  /** Where the opening tag ends: after its `>`. */
  readonly openEnd: number;
  /** Where the closing tag begins; null for `<a/>`. */
  readonly closeStart: number | null;
  /** Runs of character data directly inside, with entities resolved. */
  readonly texts: readonly { readonly range: Range; readonly text: string }[];
  readonly parent: SourceElement | null;
}

export interface Edit extends Range {
  readonly text: string;
}

interface Opened {
  name: string;
  start: number;
  end: number;
  attributes: SourceAttribute[];
  children: Opened[];
  openEnd: number;
  closeStart: number | null;
  texts: { range: Range; text: string }[];
  parent: Opened | null;
}

const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<!DOCTYPE[^>]*>|<\/([^\s>]+)\s*>|<([^\s/>]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>|[^<]+/g;
const ATTRIBUTE = /\s+([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** @throws AppError `xml-invalid` when the text is not well-formed or its root is not `rootName` */
export function readSource(text: string, rootName: string): SourceElement {
  parseXml(text);
  let root: Opened | null = null;
  let open: Opened | null = null;
  for (const match of text.matchAll(TOKEN)) {
    const [token, cdata, closed, name, attributes, selfClosed] = match;
    const start = match.index;
    const end = start + token.length;
    if (closed !== undefined && open !== null) {
      open.closeStart = start;
      open.end = end;
      open = open.parent;
    } else if (name !== undefined) {
      const element: Opened = {
        name,
        start,
        end,
        attributes: readAttributes(attributes ?? "", start + 1 + name.length),
        children: [],
        openEnd: end,
        closeStart: null,
        texts: [],
        parent: open,
      };
      open?.children.push(element);
      root ??= element;
      if (selfClosed === "") open = element;
    } else if (open !== null && (cdata !== undefined || !token.startsWith("<"))) {
      open.texts.push({ range: { start, end }, text: cdata ?? unescape(token) });
    }
  }
  if (root === null || root.name !== rootName) {
    throw new AppError("xml-invalid", `The XML is a <${root?.name ?? ""}>, not a <${rootName}>`, {
      hint: `Give the file that virsh dumpxml prints: its first element is <${rootName}>`,
    });
  }
  return root;
}

function readAttributes(text: string, offset: number): SourceAttribute[] {
  return [...text.matchAll(ATTRIBUTE)].map((match) => {
    const raw = match[2] ?? match[3] ?? "";
    const start = offset + match.index;
    const end = start + match[0].length;
    return {
      name: match[1]!,
      value: unescape(raw),
      valueRange: { start: end - 1 - raw.length, end: end - 1 },
      quote: match[2] === undefined ? "'" : '"',
      range: { start, end },
    };
  });
}

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (all, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name] ?? all;
    return String.fromCodePoint(parseInt(hex ?? decimal, hex === undefined ? 10 : 16));
  });
}

export function childrenOf(element: SourceElement | undefined, name: string): SourceElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

export function childOf(element: SourceElement | undefined, name: string): SourceElement | undefined {
  return element?.children.find((child) => child.name === name);
}

export function attributeOf(element: SourceElement | undefined, name: string): string | undefined {
  return element?.attributes.find((attribute) => attribute.name === name)?.value;
}

export function textOf(element: SourceElement): string {
  return element.texts.map((one) => one.text).join("").trim();
}

/** Lays edits over the text they were made for; no two may overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const ordered = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let result = "";
  let at = 0;
  for (const edit of ordered) {
    if (edit.start < at) throw new AppError("internal", `Two changes meet at character ${edit.start} of the XML`);
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** Nothing when it already has that value. */
export function setAttribute(element: SourceElement, name: string, value: string): Edit[] {
  const attribute = element.attributes.find((one) => one.name === name);
  if (attribute?.value === value) return [];
  if (attribute !== undefined) return [{ ...attribute.valueRange, text: xmlEscape(value) }];
  const at = element.attributes.at(-1)?.range.end ?? element.start + 1 + element.name.length;
  const quote = element.attributes.at(-1)?.quote ?? "'";
  return [{ start: at, end: at, text: ` ${name}=${quote}${xmlEscape(value)}${quote}` }];
}

export function removeAttribute(element: SourceElement, name: string): Edit[] {
  const attribute = element.attributes.find((one) => one.name === name);
  return attribute === undefined ? [] : [{ ...attribute.range, text: "" }];
}

/** Replaces the words of an element and keeps the space around them and comments among them. */
export function setText(text: string, element: SourceElement, value: string): Edit[] {
  if (textOf(element) === value) return [];
  const wordy = element.texts.filter((one) => one.text.trim() !== "");
  const [first, ...others] = wordy.length > 0 ? wordy : element.texts;
  if (first === undefined) {
    if (element.closeStart !== null) return [{ start: element.openEnd, end: element.openEnd, text: xmlEscape(value) }];
    return [{ start: element.openEnd - 2, end: element.openEnd, text: `>${xmlEscape(value)}</${element.name}>` }];
  }
  const raw = text.slice(first.range.start, first.range.end);
  const [before, after] = raw.startsWith("<![CDATA[") || raw.trim() === ""
    ? ["", ""]
    : [/^\s*/.exec(raw)![0], /\s*$/.exec(raw)![0]];
  return [
    { ...first.range, text: before + xmlEscape(value) + after },
    ...others.map((one) => ({ ...one.range, text: "" })),
  ];
}

/** With the line it stands on, when it stands there alone. */
export function removeElement(text: string, element: SourceElement): Edit {
  const before = /(?:\r?\n)?[ \t]*$/.exec(text.slice(0, element.start))![0];
  const alone = /^[ \t]*(\r?\n|<)/.test(text.slice(element.end));
  const start = before.includes("\n") && alone ? element.start - before.length : element.start;
  return { start, end: element.end, text: "" };
}

/** A new element: its own text may have several lines, indented by two spaces from 0. */
export interface NewElement {
  readonly lines: readonly string[];
}

/**
 * Puts elements behind `after`, or as the first children where it is null, indented like what stands there.
 */
export function insertElements(
  text: string,
  parent: SourceElement,
  after: SourceElement | null,
  elements: readonly NewElement[],
): Edit {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const neighbour = after ?? parent.children[0];
  const indent = neighbour === undefined ? indentOf(text, parent) + "  " : indentOf(text, neighbour);
  const block = elements.flatMap((element) => element.lines).map((line) => newline + indent + line).join("");
  if (after !== null) return { start: after.end, end: after.end, text: block };
  if (parent.closeStart === null) {
    const close = `</${parent.name}>`;
    return {
      start: parent.openEnd - 2,
      end: parent.openEnd,
      text: `>${block}${newline}${indentOf(text, parent)}${close}`,
    };
  }
  const inside = text.slice(parent.openEnd, parent.closeStart);
  const tail = inside.trim() === "" && !inside.includes("\n") ? newline + indentOf(text, parent) : "";
  return { start: parent.openEnd, end: parent.openEnd, text: block + tail };
}

function indentOf(text: string, element: SourceElement): string {
  const before = text.slice(0, element.start);
  return /(?:^|\n)([ \t]*)$/.exec(before)?.[1] ?? /(?:^|\n)([ \t]*)[^\n]*$/.exec(before)![1]!;
}
