/** The conversation over real HTTP: small answers only, refusals of the network told as those of a download are. */
import { randomUUID } from "node:crypto";
import { askText } from "../ask.ts";
import { explain, Fault } from "../faults.ts";
import type { Http } from "../http.ts";
import type { Talk } from "./microsoft.ts";

export function talkOver(http: Http, signal?: AbortSignal): Talk {
  return {
    newSession: () => randomUUID(),
    now: () => Date.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async ask(url, headers = {}) {
      try {
        return await askText(http, url, { headers, ...(signal === undefined ? {} : { signal }) });
      } catch (error) {
        throw error instanceof Fault ? explain("a link from Microsoft", error) : error;
      }
    },
  };
}
