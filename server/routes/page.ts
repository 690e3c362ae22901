/** The page: its files, and the shell for every address the page itself understands. Nothing is read from disk here. */
import type { Handler } from "hono";
import { namesTag } from "../entity_tags.ts";
import { HttpProblem } from "../errors.ts";
import type { ServerEnv } from "../env.ts";
import type { PageFile, PageFiles } from "../store/page_files.ts";

/** Answers GET and HEAD of everything that is not below /api/. */
export function pageHandler(files: PageFiles): Handler<ServerEnv> {
  return (c) => {
    const file = files.get(c.req.path) ?? (c.req.path.startsWith("/assets/") ? undefined : files.get("/"));
    if (file === undefined) throw new HttpProblem(404, "not-found", "There is nothing at this address");
    return answer(file, c.req.header("if-none-match"), c.req.header("accept-encoding"));
  };
}

function answer(file: PageFile, ifNoneMatch: string | undefined, acceptEncoding: string | undefined): Response {
  const zipped = /\bgzip\b/.test(acceptEncoding ?? "") && file.gzip.length < file.bytes.length;
  const etag = `"${file.etag}${zipped ? "-gzip" : ""}"`;
  const headers = new Headers({
    "etag": etag,
    "vary": "accept-encoding",
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
  });
  if (namesTag(ifNoneMatch, etag)) return new Response(null, { status: 304, headers });
  headers.set("content-type", file.type);
  if (zipped) headers.set("content-encoding", "gzip");
  return new Response(zipped ? file.gzip : file.bytes, { headers });
}
