/**
 * Each fault a download can meet, from a server that commits it: it ends with the right bytes under the right name, or
 * with a clear refusal and no name given. Run with one connection and with several.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DownloadOptions, Wanted } from "../../../provision/media/download.ts";
import { type Asked, faultyServer, type Reply } from "./faulty_server.ts";
import { assertFinished, discImage, fetchInto, place, refusal, sha256 } from "./place.ts";

const content = discImage(400_000);
const other = discImage(400_000);
const page = new TextEncoder().encode("<!DOCTYPE html><title>Are you a robot?</title>" + " ".repeat(2000));

interface Case {
  readonly name: string;
  readonly reply: (asked: Asked) => Reply;
  /** Absent: it ends with the file. */
  readonly refused?: RegExp;
  /** What may be left in the folder after a refusal; absent: nothing. */
  readonly part?: true;
  readonly wanted?: Partial<Wanted>;
  readonly options?: DownloadOptions;
  readonly mostRequests?: number;
}

const first = (asked: Asked) => asked.number === 0;
const known = { sha256: sha256(content), sizeBytes: content.length };

const cases: readonly Case[] = [
  { name: "nothing goes wrong", reply: () => ({}) },
  { name: "the body is cut short once", reply: (asked) => first(asked) ? { cutAfter: 50_000 } : {} },
  { name: "every third answer is cut short", reply: ({ number }) => number % 3 === 0 ? { cutAfter: 40_000 } : {} },
  {
    name: "every answer is cut short before its first byte",
    reply: () => ({ cutAfter: 0 }),
    refused: /broke off.*\(6 tries\)/,
    part: true,
    mostRequests: 24,
  },
  {
    name: "Content-Length says more than comes",
    reply: (asked) => first(asked) ? { stallAfter: 30_000 } : {},
  },
  { name: "it stalls for ever", reply: () => ({ stallAfter: 0 }), refused: /sent nothing for 0.4 s/, part: true },
  {
    name: "one byte at a time",
    reply: () => ({ dripMs: 20 }),
    options: { patience: { tries: 2 } },
    refused: /sent only \d+ bytes a second/,
    part: true,
  },
  { name: "every other answer is 500", reply: ({ number }) => number % 2 === 0 ? { status: 500 } : {} },
  { name: "nothing but 500", reply: () => ({ status: 500 }), refused: /answers 500 \(6 tries\)/, part: true },
  {
    name: "it is busy and says for how long",
    reply: (asked) => first(asked) ? { status: 503, headers: { "retry-after": "1" } } : {},
  },
  {
    name: "it is busy for a day",
    reply: () => ({ status: 429, headers: { "retry-after": "86400" } }),
    refused: /busy, and asks to come back in 86400 s/,
    part: true,
    mostRequests: 1,
  },
  {
    name: "the link is spent, and nobody can renew it",
    reply: () => ({ status: 403 }),
    refused: /answers 403: the link is not valid/,
    part: true,
    mostRequests: 1,
  },
  {
    name: "a bit is flipped on the way, once",
    reply: (asked) => first(asked) ? { flip: 1000 } : {},
  },
  {
    name: "a bit is flipped each time",
    reply: () => ({ flip: 123_456 }),
    refused: /its SHA-256 is [0-9a-f]{64}, and [0-9a-f]{64} was expected \(2 tries\)/,
  },
  {
    name: "ranges are ignored when it goes on",
    reply: (asked) => first(asked) ? { cutAfter: 50_000 } : { ignoreRange: true },
  },
  {
    name: "ranges are always ignored, and it is cut each time",
    reply: () => ({ ignoreRange: true, cutAfter: 50_000 }),
    refused: /sends the whole file instead of what is missing|broke off/,
    part: true,
    mostRequests: 12,
  },
  {
    name: "the file is replaced in the middle",
    reply: (asked) => first(asked) ? { content: other, etag: '"old"', cutAfter: 50_000 } : {},
  },
  {
    name: "the file is replaced all the time",
    reply: ({ number }) => ({ etag: `"${number}"`, cutAfter: 50_000 }),
    refused: /no longer the one that was begun/,
    part: true,
    mostRequests: 24,
  },
  {
    name: "416 for what is missing",
    reply: ({ number, range }) =>
      number === 0 ? { cutAfter: 50_000 } : number < 3 && range !== null ? { status: 416 } : {},
  },
  {
    name: "416 for everything",
    reply: () => ({ status: 416 }),
    refused: /refuses the part that is missing/,
    part: true,
    mostRequests: 6,
  },
  {
    name: "packed although asked not to",
    reply: () => ({ headers: { "content-encoding": "gzip" } }),
    refused: /sends it packed \(gzip\)/,
    part: true,
    mostRequests: 1,
  },
  { name: "the body has no end", reply: () => ({ endless: true, ignoreRange: true }), refused: /longer than 400000/ },
  {
    name: "the body has no end, and nobody knows its size",
    reply: () => ({ endless: true, ignoreRange: true }),
    wanted: { sha256: undefined, sizeBytes: undefined } as unknown as Partial<Wanted>,
    options: { limits: { maxBytes: 2_000_000 } },
    refused: /longer than 2000000 bytes/,
  },
  {
    name: "the connection ends early, and nobody said how long it would be, once",
    reply: (asked) => first(asked) ? { ignoreRange: true, endEarly: 50_000 } : {},
  },
  {
    name: "the size is another one",
    reply: () => ({ content: discImage(400_001) }),
    refused: /has 400001 bytes, and 400000 were expected/,
    mostRequests: 4,
  },
  {
    name: "a web page instead of the file",
    reply: () => ({ content: page, headers: { "content-type": "text/html" } }),
    refused: /a web page, not the file/,
    mostRequests: 1,
  },
  {
    name: "a web page that calls itself a file, and nobody knows the size",
    reply: () => ({ content: page }),
    wanted: { sha256: undefined, sizeBytes: undefined } as unknown as Partial<Wanted>,
    refused: /a web page, not the file/,
    mostRequests: 1,
  },
  {
    name: "neither a page nor an image",
    reply: () => ({ content: new Uint8Array(70_000) }),
    wanted: { sha256: undefined, sizeBytes: undefined } as unknown as Partial<Wanted>,
    refused: /not a disc image/,
  },
  { name: "no ETag but Last-Modified", reply: (asked) => ({ ...dated, ...first(asked) ? { cutAfter: 50_000 } : {} }) },
  { name: "no validator", reply: (asked) => ({ etag: null, ...first(asked) ? { cutAfter: 50_000 } : {} }) },
  {
    name: "only a weak validator, cut each time",
    reply: () => ({ etag: 'W/"1"', cutAfter: 50_000 }),
    refused: /broke off/,
    part: true,
    mostRequests: 9,
  },
  {
    name: "a redirect to itself",
    reply: () => ({ status: 302, headers: { location: "/file.iso" } }),
    refused: /redirects in a circle/,
    part: true,
    mostRequests: 1,
  },
  {
    name: "redirects without end",
    reply: ({ number }) => ({ status: 302, headers: { location: `/${number}` } }),
    refused: /more than 10 times/,
    part: true,
    mostRequests: 11,
  },
  {
    name: "ten redirects",
    reply: ({ number }) => number < 10 ? { status: 307, headers: { location: `/${number}` } } : {},
    options: { limits: { connections: 1 } },
  },
  {
    name: "a redirect to this machine by another name",
    reply: () => ({ status: 302, headers: { location: "https://localhost/" } }),
    refused: /localhost, a private address/,
    part: true,
    mostRequests: 1,
  },
  ...[
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fd00::1]/",
    "https://10.0.0.1/",
    "https://0x7f000002/",
    "https://2130706434/",
  ].map((location): Case => ({
    name: `a redirect to ${location}`,
    reply: () => ({ status: 302, headers: { location } }),
    refused: /a private address/,
    part: true,
    mostRequests: 1,
  })),
];
const dated = { etag: null, lastModified: "Wed, 01 Jan 2025 00:00:00 GMT" };

for (const { name, reply, refused, part, wanted, options, mostRequests } of cases) {
  for (const connections of [1, 4]) {
    Deno.test(`${name} (${connections} at a time)`, async () => {
      await using server = await faultyServer(content, reply);
      using where = place();
      const limits = { connections, ...options?.limits };
      const run = fetchInto(where, { link: server.url, ...known, ...wanted }, { ...options, limits });
      if (refused === undefined) {
        await run;
        assertFinished(where, content);
      } else {
        const error = await refusal(run);
        assertMatch(error.message, refused);
        assertMatch(error.message, /^Cannot download file\.iso: /);
        assert(error.hint !== undefined);
        const allowed = part === true ? ["file.iso.part"] : [];
        assertEquals(where.names().filter((each) => !allowed.includes(each)), []);
      }
      if (mostRequests !== undefined) assert(server.asked.length <= mostRequests, `${server.asked.length} requests`);
    });
  }
}
