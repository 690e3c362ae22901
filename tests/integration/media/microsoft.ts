/**
 * A stand-in for Microsoft's download service, which follows the published steps and fails in the published ways, and for
 * the server of the Media Creation Tool's catalogue and its files.
 */
import { createServer } from "node:http";
import type { Endpoints } from "../../../provision/media/windows/microsoft.ts";

export interface StandIn extends AsyncDisposable {
  readonly endpoints: Endpoints;
  readonly asked: string[];
  readonly base: string;
}

export interface Mood {
  readonly sentinel?: "skus" | "links";
  readonly edition?: string;
  readonly emptyFirst?: number;
  readonly challenge?: string;
  readonly status?: number;
  readonly noX64?: boolean;
  /** The catalogue's cabinet; absent: 404. */
  readonly cabinet?: Uint8Array;
  /** Files by their paths, with ranges left out. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Where the German ISO is, instead of at Microsoft's; called once for each link. */
  readonly isoLink?: () => string;
}

/** Remembers for each session which steps it saw, as the real one does, and refuses what comes out of turn. */
export async function standIn(mood: Mood = {}): Promise<StandIn> {
  const asked: string[] = [];
  const steps = new Map<string, string[]>();
  let empty = mood.emptyFirst ?? 0;
  const sentinel = { Errors: [{ Key: "x", Value: "Sentinel marked this request as rejected.", Type: 9 }] };
  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://stand-in");
    const session = url.searchParams.get("session_id") ?? url.searchParams.get("sessionID") ?? "";
    const seen = steps.get(session) ?? [];
    asked.push(url.pathname);
    const answer = (body: unknown) => {
      steps.set(session, [...seen, url.pathname]);
      response.writeHead(mood.status ?? 200).end(typeof body === "string" ? body : JSON.stringify(body));
    };
    const q = url.searchParams;
    switch (url.pathname) {
      case "/tags":
        return answer(q.get("org_id") === "y6jn8c31" && /^[0-9a-f-]{36}$/.test(session) ? "ok" : "bad");
      case "/df/mdt.js":
        return answer(mood.challenge ?? 'var u="https://x/?y=1&w=8DA1C0FFEE";window.rticks="+638765";');
      case "/df/": {
        const right = q.get("w") === "8DA1C0FFEE" && q.get("rticks") === "638765" &&
          /^\d{13}$/.test(q.get("mdt") ?? "");
        if (right) steps.set(session, [...seen, "answered"]);
        return response.writeHead(200).end("");
      }
      case "/api/getskuinformationbyproductedition": {
        if (mood.sentinel === "skus" || !seen.includes("answered")) return answer(sentinel);
        if (q.get("productEditionId") !== (mood.edition ?? "3321")) {
          return answer({ Errors: [{ Type: 1, Value: "unknown" }] });
        }
        if (empty-- > 0) return answer({ Skus: [] });
        return answer({ Skus: [{ Id: 17, Language: "English" }, { Id: "18", Language: "German" }] });
      }
      case "/api/GetProductDownloadLinksBySku": {
        if (mood.sentinel === "links" || request.headers.referer === undefined || q.get("SKU") !== "18") {
          return answer(sentinel);
        }
        const uri = (arch: string) =>
          mood.isoLink?.() ??
            `https://software.download.prss.microsoft.com/dbazure/Win11_25H2_German_${arch}.iso?t=1&h=2`;
        const options = [{ DownloadType: 2, Uri: uri("Arm64") }, { DownloadType: 1, Uri: uri("x64") }];
        return answer({ ProductDownloadOptions: mood.noX64 === true ? options.slice(0, 1) : options });
      }
      case "/page/windows11":
        return answer(
          '<select><option value="">Select</option><option value="4000"> Windows 11 (x64)</option></select>',
        );
    }
    const file = url.pathname === "/catalogue.cab" ? mood.cabinet : mood.files?.[url.pathname];
    if (file === undefined) return response.writeHead(404).end();
    response.writeHead(200, { "content-length": String(file.length), etag: '"one"' }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return {
    asked,
    base,
    endpoints: { tags: `${base}/tags`, challenge: `${base}/df/`, connector: `${base}/api/`, page: `${base}/page/` },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
