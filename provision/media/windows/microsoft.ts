/**
 * A link to a Windows image in a language of one's choice, from Microsoft's own download service: the conversation the
 * download page has with it, step by step. The link is good for a day and is kept, because asking too often is what
 * Microsoft refuses; a refusal is final here: asking again only makes it worse.
 * Source: pbatard/Fido v1.70 and dockur/windows src/mido.sh, which follow the page (the challenge since February 2026).
 */
import { AppError } from "../../../model/errors.ts";
import { matchLanguage, type Sku, skusOf } from "./languages.ts";

/** One question at a time; the answer's text. Throws AppError where there is none. */
export interface Talk {
  ask(url: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  newSession(): string;
  now(): number;
  wait(ms: number): Promise<void>;
}

export interface Endpoints {
  readonly tags: string;
  readonly challenge: string;
  readonly connector: string;
  readonly page: string;
}

export const microsoft: Endpoints = {
  tags: "https://vlscppe.microsoft.com/tags",
  challenge: "https://ov-df.microsoft.com/",
  connector: "https://www.microsoft.com/software-download-connector/api/",
  page: "https://www.microsoft.com/en-us/software-download/",
};

export type WindowsVersion = "11" | "10";

export interface WindowsLink {
  readonly link: string;
  /** As the link names it: `Win11_25H2_German_x64.iso`. */
  readonly file: string;
  /** As Microsoft names it: `German`. */
  readonly language: string;
  readonly expiresMs: number;
}

/** The page's own numbers, which change with each release; where they are refused the page is asked for newer ones. */
const products: Readonly<Record<WindowsVersion, { edition: string; page: string }>> = {
  "11": { edition: "3321", page: "windows11" },
  "10": { edition: "2618", page: "windows10ISO" },
};

const organisation = "y6jn8c31";
const instance = "560dc9f3-1aa5-4a2f-b63c-9e18f8d0e175";
const profile = "606624d44113";
/** Microsoft says 24 hours. */
const validMs = 23 * 3_600_000;
const skuTries = 3;

/** Throws `network` with what Microsoft said, `not-found` for a language that is not offered. */
export async function askForLink(
  talk: Talk,
  version: WindowsVersion,
  language: string,
  endpoints: Endpoints = microsoft,
): Promise<WindowsLink> {
  const session = talk.newSession();
  await talk.ask(url(endpoints.tags, { org_id: organisation, session_id: session }));
  await answerChallenge(talk, endpoints, session);
  const sku = matchLanguage(await askForSkus(talk, endpoints, version, session), language, version);
  const answer = await askConnector(talk, endpoints, "GetProductDownloadLinksBySku", session, {
    productEditionId: "undefined",
    SKU: sku.id,
  }, { referer: `${microsoft.page}${products[version].page}` });
  refuseSentinel(answer);
  const link = linkOf(answer);
  if (link === null) throw misunderstood("it gave no link for a 64-bit PC");
  const file = decodeURIComponent(new URL(link).pathname.split("/").at(-1)!);
  return { link, file, language: sku.language, expiresMs: talk.now() + validMs };
}

/** A script is fetched, two numbers in it are sent back with the time: so the page shows that it runs in a browser. */
async function answerChallenge(talk: Talk, { challenge }: Endpoints, session: string): Promise<void> {
  const common = { PageId: "si", session_id: session };
  const script = await talk.ask(url(`${challenge}mdt.js`, { instanceId: instance, ...common }));
  const w = /[?&]w=([A-F0-9]+)/.exec(script)?.[1];
  const rticks = /rticks="\+?(\d+)/.exec(script)?.[1];
  if (w === undefined || rticks === undefined) throw misunderstood("its challenge has changed");
  await talk.wait(200);
  await talk.ask(url(challenge, { CustomerId: instance, ...common, w, mdt: String(talk.now()), rticks }));
}

async function askForSkus(talk: Talk, endpoints: Endpoints, version: WindowsVersion, session: string): Promise<Sku[]> {
  const { edition, page } = products[version];
  const known = await askForEdition(talk, endpoints, session, edition);
  if (known.length > 0) return known;
  const newer = /<option value="(\d+)">\s*Windows/i.exec(await talk.ask(`${endpoints.page}${page}`))?.[1];
  const found = newer === undefined || newer === edition ? [] : await askForEdition(talk, endpoints, session, newer);
  if (found.length === 0) throw misunderstood("it named no languages");
  return found;
}

async function askForEdition(talk: Talk, endpoints: Endpoints, session: string, edition: string): Promise<Sku[]> {
  for (let tried = 1;; tried++) {
    const answer = await askConnector(talk, endpoints, "getskuinformationbyproductedition", session, {
      productEditionId: edition,
      SKU: "undefined",
    });
    refuseSentinel(answer);
    const skus = skusOf(answer);
    // An error is an answer; only an empty one may be fuller in a moment.
    if (skus.length > 0 || errorsOf(answer).length > 0 || tried === skuTries) return skus;
    await talk.wait(2000);
  }
}

async function askConnector(
  talk: Talk,
  { connector }: Endpoints,
  verb: string,
  session: string,
  words: Readonly<Record<string, string>>,
  headers?: Readonly<Record<string, string>>,
): Promise<unknown> {
  const query = { profile, ...words, friendlyFileName: "undefined", Locale: "en-US", sessionID: session };
  const text = await talk.ask(url(`${connector}${verb}`, query), headers);
  try {
    return JSON.parse(text);
  } catch {
    throw misunderstood("its answer is no JSON");
  }
}

interface ServiceError {
  readonly Type?: unknown;
  readonly Value?: unknown;
}

function errorsOf(answer: unknown): ServiceError[] {
  const errors = (answer as { Errors?: unknown } | null)?.Errors;
  return Array.isArray(errors) ? errors.filter((each) => typeof each === "object" && each !== null) : [];
}

/** Whether it was refused, rather than gone wrong: then asking again makes it worse. */
export function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.cause === sentinel;
}

const sentinel = Symbol("refused by Sentinel");

/** Type 9, "Sentinel marked this request as rejected": what the page shows as 715-123130. */
function refuseSentinel(answer: unknown): void {
  const refused = errorsOf(answer).some(({ Type, Value }) => Type === 9 || /sentinel/i.test(String(Value)));
  if (!refused) return;
  throw new AppError("network", "Microsoft gives this network address no link (715-123130)", {
    cause: sentinel,
    hint: "Many honest addresses meet this: wait a day or two without trying, leave the VPN, or use another network; " +
      "media import takes what a browser downloaded",
  });
}

/** DownloadType 1 is x64, 2 ARM64. */
function linkOf(answer: unknown): string | null {
  const options = (answer as { ProductDownloadOptions?: unknown } | null)?.ProductDownloadOptions;
  const option = Array.isArray(options) ? options.find((each) => each?.DownloadType === 1) : undefined;
  return typeof option?.Uri === "string" && /^https?:\/\//.test(option.Uri) ? option.Uri : null;
}

function misunderstood(what: string): AppError {
  return new AppError("network", `Microsoft's download service was not understood: ${what}`, {
    hint: "It changes now and then: look for a newer neuron-setup; a browser's download can be taken with media import",
  });
}

function url(base: string, query: Readonly<Record<string, string>>): string {
  return `${base}?${new URLSearchParams(query)}`;
}
