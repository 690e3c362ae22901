/** A small answer read as a whole: a page, a list, a script. No second try; refusals are those of a download. */
import { statusFault } from "./answer_status.ts";
import { Fault } from "./faults.ts";
import type { Http } from "./http.ts";

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly maxBytes?: number;
}

const defaultMaxBytes = 4 << 20;

/** Throws Fault for anything but status 200 and for what is longer. */
export async function askBytes(http: Http, link: string, options: AskOptions = {}): Promise<Uint8Array> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const answer = await http.get(link, options.headers ?? {}, options.signal);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    if (answer.status !== 200) throw statusFault(answer);
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Fault("too-long", `${answer.url.host} sends more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } finally {
    answer.drop();
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

export async function askText(http: Http, link: string, options: AskOptions = {}): Promise<string> {
  return new TextDecoder().decode(await askBytes(http, link, options));
}
