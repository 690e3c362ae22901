/** A link to a Windows image: the one that was kept, else a new one from Microsoft, which is kept. */
import { AppError } from "../../../model/errors.ts";
import type { Host } from "../../host/host.ts";
import { Http, type HttpOptions } from "../http.ts";
import { keepLink, keepRefusal, keptLink, keptRefusal } from "./link_cache.ts";
import {
  askForLink,
  type Endpoints,
  isRefusal,
  microsoft,
  type WindowsLink,
  type WindowsVersion,
} from "./microsoft.ts";
import { talkOver } from "./talk.ts";

export interface FindOptions {
  readonly http?: HttpOptions;
  readonly signal?: AbortSignal;
  /** Do not use a link that was kept: it was refused. */
  readonly anew?: true;
  /** Ask although Microsoft has refused this machine within the last day: the person has changed something. */
  readonly askAgain?: boolean;
  /** For tests. */
  readonly endpoints?: Endpoints;
}

/** The page is made for browsers, and so is the service behind it. */
const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** Throws as askForLink does. One conversation at most, and none within a day after a refusal. */
export async function findWindows(
  host: Host,
  version: WindowsVersion,
  language: string,
  options: FindOptions = {},
): Promise<WindowsLink> {
  const kept = options.anew === true ? null : keptLink(host, version, language);
  if (kept !== null) return kept;
  const refusedMs = options.askAgain === true ? null : keptRefusal(host);
  if (refusedMs !== null) throw refusedBefore(refusedMs);
  await using http = new Http({ ...options.http, userAgent: browser });
  const talk = { ...talkOver(http, options.signal), now: () => host.now() };
  try {
    const found = await askForLink(talk, version, language, options.endpoints ?? microsoft);
    keepLink(host, version, language, found);
    return found;
  } catch (error) {
    if (isRefusal(error)) keepRefusal(host);
    throw error;
  }
}

function refusedBefore(refusedMs: number): AppError {
  const at = new Date(refusedMs).toISOString().replace("T", " ").slice(0, 16);
  return new AppError("network", `Microsoft gave this network address no link at ${at} UTC (715-123130)`, {
    hint: "It is not asked again for a day, because asking makes the refusal last; after leaving a VPN or in another " +
      "network, media fetch --ask-again asks at once",
  });
}
