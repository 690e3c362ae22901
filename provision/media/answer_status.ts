/** What a status that is neither 200 nor 206 says. Sources: RFC 9110, 15 and 10.2.3 (Retry-After); RFC 6585, 4 (429). */
import { Fault } from "./faults.ts";
import type { Answer } from "./http.ts";

export function statusFault(answer: Pick<Answer, "status" | "url" | "header">, nowMs = Date.now()): Fault {
  const { status, url } = answer;
  const said = `${url.host} answers ${status}`;
  const retryAfterMs = parseRetryAfter(answer.header("retry-after"), nowMs);
  const when = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 416) return new Fault("range-refused", `${said}: it refuses the part that is missing`);
  if ([401, 403, 404, 410].includes(status)) {
    return new Fault("link-spent", `${said}: the link is not valid (any more)`);
  }
  if (status === 407) return new Fault("refused", `${said}: the proxy wants a password`);
  if (status === 429 || status === 503) return new Fault("busy", `${said}: it is busy${waitWords(retryAfterMs)}`, when);
  if (status === 408 || status >= 500) return new Fault("server-error", said, when);
  return new Fault("refused", `${said}, not with the file`);
}

/** Seconds, or a date. */
export function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function waitWords(ms: number | undefined): string {
  return ms === undefined ? "" : `, and asks to come back in ${Math.ceil(ms / 1000)} s`;
}
