/** A shelf on the running machine, because wimlib and xorriso really run, and Windows obtained to it from stand-ins. */
import type { Host } from "../../../provision/host/host.ts";
import { BigFiles } from "../../../provision/host/big_files.ts";
import { openHost } from "../../../provision/host/open.ts";
import { type ObtainOptions, obtainWindows } from "../../../provision/media/windows/obtain.ts";
import type { WindowsRequest } from "../../../provision/media/windows/sources.ts";
import { type CatalogueFile, esdName, makeCabinet, productsXml } from "./esd.ts";
import { type Mood, type StandIn, standIn } from "./microsoft.ts";
import { unhurried } from "./place.ts";

export const german: WindowsRequest = { version: "11", language: "de-DE", edition: "Pro" };
export const isoName = esdName.replace(".esd", ".iso");

export interface Shelf extends Disposable {
  readonly host: Host;
  readonly files: BigFiles;
  readonly folder: string;
  names(): string[];
}

/** On the running machine, because programs really run; its state and its media are in a folder of the test's. */
export function shelf(now?: () => number): Shelf {
  const top = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "windows-" }));
  Deno.mkdirSync(`${top}/media`);
  return {
    host: openHost({ root: "/", state: `${top}/state`, ...(now === undefined ? {} : { now }) }),
    files: new BigFiles("/"),
    folder: `${top}/media`,
    names: () => Array.from(Deno.readDirSync(`${top}/media`), ({ name }) => name).sort(),
    [Symbol.dispose]: () => Deno.removeSync(top, { recursive: true }),
  };
}

export async function withCatalogue(files: (base: string) => CatalogueFile[], mood: Mood): Promise<StandIn> {
  // The cabinet names links to the server it is served by.
  const served: { cabinet?: Uint8Array } = {};
  const server = await standIn({
    ...mood,
    get cabinet() {
      return served.cabinet!;
    },
  });
  served.cabinet = await makeCabinet(productsXml(files(server.base)));
  return server;
}

export function obtain(
  { host, files, folder }: Shelf,
  server: StandIn,
  request: WindowsRequest,
  options: ObtainOptions = {},
) {
  return obtainWindows(host, files, folder, request, {
    ...unhurried,
    endpoints: server.endpoints,
    catalogueLink: `${server.base}/catalogue.cab`,
    ...options,
  });
}
