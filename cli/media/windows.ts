/** `media fetch windows11 --language de-DE`: the link comes from Microsoft, the rest is a download like any other. */
import { AppError } from "../../model/errors.ts";
import type { Host } from "../../provision/host/host.ts";
import { rowNamed } from "../../provision/media/catalogue.ts";
import type { Wanted } from "../../provision/media/download.ts";
import type { HttpOptions } from "../../provision/media/http.ts";
import { checkName } from "../../provision/media/shelf.ts";
import { findWindows } from "../../provision/media/windows/find.ts";
import type { WindowsVersion } from "../../provision/media/windows/microsoft.ts";
import type { Invocation } from "../command.ts";
import { hashFlag, textFlag } from "./shelf.ts";

const versions: Readonly<Record<string, WindowsVersion>> = { windows11: "11", windows10: "10" };

/** Null when the words ask for something else: another medium, or the English image whose link lasts. */
export async function windowsFrom(
  invocation: Invocation,
  host: Host,
  http: HttpOptions,
): Promise<Omit<Wanted, "path"> & { name: string } | null> {
  const [word] = invocation.words;
  const language = textFlag(invocation, "language");
  const version = word !== undefined && Object.hasOwn(versions, word) ? versions[word] : undefined;
  if (version === undefined || word === undefined) {
    if (language === undefined) return null;
    throw new AppError("usage", "--language goes with windows11 and windows10", {
      hint: "neuron-setup media fetch windows11 --language de-DE",
    });
  }
  const row = rowNamed(word)!;
  const english = language === undefined || language.toLowerCase() === "en-us";
  if (english && row.link !== null) return null;
  if (!host.live) return { name: row.file, link: "https://www.microsoft.com/software-download/", kind: "iso" };
  const found = await findWindows(host, version, language ?? "en-US", { http });
  if (!invocation.options.json && !invocation.options.quiet) {
    invocation.terminal.note(`Microsoft's link to ${found.file} (${found.language}) is good for a day, and is kept`);
  }
  const sha256 = hashFlag(invocation) ?? (english ? row.sha256 : undefined);
  return {
    name: checkName(textFlag(invocation, "name") ?? found.file),
    link: found.link,
    kind: "iso",
    ...(sha256 === undefined ? {} : { sha256 }),
    relink: once(async () => (await findWindows(host, version, language ?? "en-US", { http, anew: true })).link),
  };
}

/** A second new link in one run would be one question too many. */
function once(ask: () => Promise<string>): () => Promise<string> {
  let link: Promise<string> | undefined;
  return () => link ??= ask();
}
