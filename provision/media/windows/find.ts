/** A link to a Windows image: the one that was kept, else a new one from Microsoft, which is kept. */
import type { Host } from "../../host/host.ts";
import { Http, type HttpOptions } from "../http.ts";
import { keepLink, keptLink } from "./link_cache.ts";
import { askForLink, type Endpoints, microsoft, type WindowsLink, type WindowsVersion } from "./microsoft.ts";
import { talkOver } from "./talk.ts";

export interface FindOptions {
  readonly http?: HttpOptions;
  readonly signal?: AbortSignal;
  /** Do not use a link that was kept: it was refused. */
  readonly anew?: true;
  /** For tests. */
  readonly endpoints?: Endpoints;
}

/** The page is made for browsers, and so is the service behind it. */
const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** Throws as askForLink does. One conversation at most. */
export async function findWindows(
  host: Host,
  version: WindowsVersion,
  language: string,
  options: FindOptions = {},
): Promise<WindowsLink> {
  const kept = options.anew === true ? null : keptLink(host, version, language);
  if (kept !== null) return kept;
  await using http = new Http({ ...options.http, userAgent: browser });
  const found = await askForLink(talkOver(http, options.signal), version, language, options.endpoints ?? microsoft);
  keepLink(host, version, language, found);
  return found;
}
