/** The conversation over real HTTP: small answers only, refusals of the network told as those of a download are. */
import { randomUUID } from "node:crypto";
import { statusFault } from "../answer_status.ts";
import { explain, Fault } from "../faults.ts";
import type { Http } from "../http.ts";
import type { Talk } from "./microsoft.ts";

const maxBytes = 4 << 20;

export function talkOver(http: Http, signal?: AbortSignal): Talk {
  return {
    newSession: () => randomUUID(),
    now: () => Date.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async ask(url, headers = {}) {
      try {
        return await readText(http, url, headers, signal);
      } catch (error) {
        throw error instanceof Fault ? explain("a link from Microsoft", error) : error;
      }
    },
  };
}

async function readText(
  http: Http,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const answer = await http.get(url, headers, signal);
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
  return await new Blob(chunks as BlobPart[]).text();
}
