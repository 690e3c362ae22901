/**
 * Windows from one source after the other, against stand-ins that give, refuse and lie; the ISO of an ESD is made by the
 * real wimlib and xorriso. No real Windows and no real Microsoft: what these do today cannot be tried here.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { AppError } from "../../../model/errors.ts";
import { verify } from "../../../provision/media/record.ts";
import type { Refusal } from "../../../provision/media/windows/obtain.ts";
import type { WindowsRequest } from "../../../provision/media/windows/sources.ts";
import { bootPlatforms } from "../../../provision/media/windows/write_iso.ts";
import { readWim } from "../../../provision/unattend/read_wim.ts";
import { done } from "../unattend/tools.ts";
import { type CatalogueFile, esdName, makeCabinet, makeEsd, mediumFiles, productsXml } from "./esd.ts";
import { type StandIn, standIn } from "./microsoft.ts";
import { discImage, refusal, sha256, smallDisk } from "./place.ts";
import { german, isoName, obtain, shelf, withCatalogue } from "./windows_shelf.ts";

const esd = await makeEsd();
const fromEsd = (more: Partial<CatalogueFile> = {}) => (base: string): CatalogueFile[] => [
  { name: esdName, link: `${base}/files/${esdName}`, bytes: esd.bytes, ...more },
];
const serving = { [`/files/${esdName}`]: esd.bytes };

Deno.test("Microsoft refuses, so the ESD is made into an ISO that boots, and the record says what of", async () => {
  for (const algorithm of ["sha1", "sha256"] as const) {
    await using server = await withCatalogue(fromEsd({ algorithm }), { sentinel: "skus", files: serving });
    using where = shelf();
    const told: Refusal[] = [];
    const { path, record, source, already } = await obtain(where, server, german, {
      onRefusal: (each) => void told.push(each),
    });
    assertEquals([path, source, already], [`${where.folder}/${isoName}`, "esd", false]);
    assertEquals(told.map(({ source, next }) => [source, next]), [["api", "esd"]]);
    assertMatch(told[0]!.problem, /715-123130/);
    assertEquals(server.asked.filter((each) => each.startsWith("/api/")).length, 1);
    assertEquals(where.names(), [isoName]);

    assertEquals([record.kind, record.verifiedAgainst, record.sha256], [
      "iso",
      "made",
      sha256(Deno.readFileSync(path)),
    ]);
    assertEquals(record.made!.from, [{
      source: `${server.base}/files/${esdName}`,
      sizeBytes: esd.bytes.length,
      sha256: sha256(esd.bytes),
      verifiedAgainst: algorithm,
    }]);
    assertMatch(record.made!.by.join(), /wimlib-imagex [\d.]+.*,.*xorriso.*[\d.]+/i);
    assertEquals(record.windows, {
      version: "11",
      language: "de-de",
      editions: ["Windows 11 Home", "Windows 11 Pro"],
      evaluation: false,
    });
    await verify(where.host, where.files, path);

    const report = await done(["xorriso", "-indev", path, "-report_el_torito", "plain"], "xorriso");
    assertEquals(bootPlatforms(report), ["BIOS", "UEFI"]);
    const read = `${where.folder}/../read`;
    await done(["xorriso", "-osirrox", "on", "-indev", path, "-extract", "/", read], "xorriso");
    for (const [name, text] of Object.entries(mediumFiles())) {
      assertEquals(Deno.readTextFileSync(`${read}/${name}`), text);
    }
    const boot = await done(["wimlib-imagex", "info", `${read}/sources/boot.wim`], "wimtools");
    assertMatch(boot, /Boot Index:\s+2/);
    assertMatch(boot, /Compression:\s+LZX/);
    const images = await readWim(where.host, `${read}/sources/install.wim`);
    assertEquals(images.map(({ name, editionId, languages }) => [name, editionId, ...languages]), [
      ["Windows 11 Home", "Core", "de-DE"],
      ["Windows 11 Pro", "Professional", "de-DE"],
    ]);
    await done(["wimlib-imagex", "verify", `${read}/sources/install.wim`], "wimtools");

    // Asked for again, it is there; nobody is asked.
    const before = server.asked.length;
    const again = await obtain(where, server, { ...german, edition: "Home" });
    assertEquals([again.path, again.already, again.source, server.asked.length], [path, true, null, before]);
  }
});

Deno.test("El Torito's images are Microsoft's own, unchanged, and Joliet has the names as they are", async () => {
  await using server = await withCatalogue(fromEsd(), { sentinel: "skus", files: serving });
  using where = shelf();
  const { path } = await obtain(where, server, german);
  const lines = await done(["xorriso", "-indev", path, "-report_el_torito", "as_mkisofs"], "xorriso");
  assertMatch(lines, /-b '\/boot\/etfsboot\.com'/);
  assertMatch(lines, /-e '\/efi\/microsoft\/boot\/efisys\.bin'/);
  assertEquals(/boot-info-table/.test(lines), false);
  const joliet = await done(["xorriso", "-read_fs", "norock", "-indev", path, "-find", "/", "-type", "f"], "xorriso");
  assertStringIncludes(joliet, "/sources/a file with a long name that only Joliet keeps as it is, spaces and all.dll");
  assertStringIncludes(joliet, "/bootmgr'");
});

Deno.test("an install image too big for one file is split, and is whole again with all its parts", async () => {
  const big = await makeEsd({ payloadBytes: 3 << 20 });
  await using server = await withCatalogue(
    (base) => [{ name: esdName, link: `${base}/files/${esdName}`, bytes: big.bytes }],
    { sentinel: "skus", files: { [`/files/${esdName}`]: big.bytes } },
  );
  using where = shelf();
  const { path } = await obtain(where, server, german, { maxFileBytes: 2 << 20 });
  const read = `${where.folder}/../read`;
  await done(["xorriso", "-osirrox", "on", "-indev", path, "-extract", "/sources", read], "xorriso");
  const names = Array.from(Deno.readDirSync(read), ({ name }) => name).filter((name) => /^install/.test(name)).sort();
  assert(names.length >= 3 && names.includes("install.swm") && !names.includes("install.wim"), names.join());
  await done(["wimlib-imagex", "verify", `${read}/install.swm`, `--ref=${read}/install*.swm`], "wimtools");
});

Deno.test("when the catalogue lies or has nothing, that is said, and no name is given", async () => {
  const page = new TextEncoder().encode(`<!DOCTYPE html><title>Sorry</title>${" ".repeat(2000)}`);
  const other = Uint8Array.from(esd.bytes);
  other[other.length >> 1]! ^= 1;
  const cases: [string, StandIn | Promise<StandIn>, WindowsRequest, RegExp][] = [
    [
      "a wrong hash",
      withCatalogue(fromEsd({ hash: "0".repeat(40) }), { sentinel: "skus", files: serving }),
      german,
      /its SHA1 is [0-9a-f]{40}, and 0{40} was expected \(2 tries\)/,
    ],
    [
      "another file of the same size",
      withCatalogue(fromEsd(), {
        sentinel: "skus",
        files: { [`/files/${esdName}`]: other },
      }),
      german,
      /its SHA1 is/,
    ],
    [
      "a page instead of the cabinet",
      standIn({ sentinel: "skus", cabinet: page }),
      german,
      /Media Creation catalogue: what came is a web page, not the file/,
    ],
    [
      "a page instead of the ESD",
      withCatalogue(fromEsd(), { sentinel: "skus", files: { [`/files/${esdName}`]: page } }),
      german,
      /what came is a web page/,
    ],
    ["no catalogue", standIn({ sentinel: "skus" }), german, /answers 404/],
    [
      "another catalogue",
      withCatalogue(() => [], { sentinel: "skus" }),
      german,
      /was not understood: it names no files/,
    ],
    [
      "a damaged cabinet",
      standIn({ sentinel: "skus", cabinet: (await makeCabinet(productsXml([]))).slice(0, 60) }),
      german,
      /Cannot unpack Microsoft's Media Creation catalogue/,
    ],
    ["a language that is missing", withCatalogue(fromEsd(), { sentinel: "skus", files: serving }), {
      ...german,
      language: "fr-FR",
    }, /has no image for a 64-bit PC in "fr-FR"/],
    [
      "an edition that is missing",
      withCatalogue(fromEsd(), { files: serving }),
      { ...german, edition: "Enterprise" },
      /has no image for a 64-bit PC "Enterprise"/,
    ],
    [
      "only for ARM",
      withCatalogue(fromEsd({ architecture: "ARM64" }), { sentinel: "skus", files: serving }),
      german,
      /has no image for a 64-bit PC/,
    ],
    [
      "a host that is not Microsoft's",
      withCatalogue(
        () => [{ name: esdName, link: "http://downloads.example.org/x.esd", bytes: esd.bytes }],
        { sentinel: "skus" },
      ),
      german,
      /leads to downloads\.example\.org, which is not Microsoft's/,
    ],
  ];
  for (const [name, started, request, message] of cases) {
    await using server = await started;
    using where = shelf();
    const error: AppError = await refusal(obtain(where, server, request));
    assertEquals(error.code, "not-found", `${name}: ${error.message}`);
    assertMatch(error.message, message, name);
    assertMatch(error.hint!, /in a browser from https:\/\/www\.microsoft\.com.*media import/, name);
    assertEquals(where.names().filter((each) => each.endsWith(".iso")), [], name);
    assertEquals(where.names().some((each) => each.endsWith(".work")), false, name);
  }
});

Deno.test("an ESD without one of its images is refused by that, and stays for no second try", async () => {
  const lacking = await makeEsd({ without: "Microsoft Windows PE (x64)" });
  await using server = await withCatalogue(
    (base) => [{ name: esdName, link: `${base}/files/${esdName}`, bytes: lacking.bytes }],
    { sentinel: "skus", files: { [`/files/${esdName}`]: lacking.bytes } },
  );
  using where = shelf();
  const error = await refusal(obtain(where, server, german));
  assertMatch(error.message, /it lacks one of its images/);
  assertEquals(where.names(), [esdName]);
});

Deno.test("the image with a known SHA-256 goes first; when it is gone the service is asked; evaluation only when accepted", async () => {
  const iso = discImage(200_000);
  await using server = await standIn({ files: { "/eval.iso": iso }, sentinel: "skus" });
  using where = shelf();
  const row = { name: "x", title: "x", group: "windows", kind: "iso", source: "test", note: "test" } as const;
  const rows = {
    pinned: { ...row, file: "pinned.iso", link: `${server.base}/gone.iso`, sha256: "0".repeat(64) },
    evaluation: { ...row, file: "eval.iso", link: `${server.base}/eval.iso`, sha256: sha256(iso) },
  };
  const english = { ...german, language: "en-US" };
  const told: Refusal[] = [];
  const onRefusal = (each: Refusal) => void told.push(each);
  const error = await refusal(obtain(where, server, english, { rows, onRefusal }));
  assertEquals(told.map(({ source, next }) => [source, next]), [["pinned", "api"], ["api", "esd"], ["esd", null]]);
  assertMatch(error.message, /SHA-256 is known: Cannot download pinned\.iso: .* answers 404.*715-123130.*answers 404/);
  assertMatch(error.hint!, /--accept-evaluation/);
  assertEquals(where.names(), []);
  const { source, record } = await obtain(where, server, { ...english, acceptEvaluation: true }, { rows });
  assertEquals([source, record.windows?.evaluation, record.verifiedAgainst], ["evaluation", true, "sha256"]);
  // What works for 90 days only is not taken for what was asked for.
  await refusal(obtain(where, server, english, { rows }));
  assertEquals((await obtain(where, server, { ...english, acceptEvaluation: true }, { rows })).already, true);
});

Deno.test("a name that is taken is no reason to ask elsewhere", async () => {
  await using server = await withCatalogue(fromEsd(), { sentinel: "skus", files: serving });
  using where = shelf();
  Deno.writeTextFileSync(`${where.folder}/${isoName}`, "mine");
  const error = await refusal(obtain(where, server, german));
  assertEquals([error.code, Deno.readTextFileSync(`${where.folder}/${isoName}`)], ["conflict", "mine"]);
});

Deno.test("a disk too small for the ESD and what is made of it is refused before the first byte of it", async () => {
  await using disk = await smallDisk("1m");
  const huge = { length: 4 << 20 } as Uint8Array;
  await using server = await withCatalogue(fromEsd({ bytes: huge, hash: "0".repeat(40) }), { sentinel: "skus" });
  using where = shelf();
  const error = await refusal(obtain({ ...where, folder: disk.folder }, server, german));
  assertMatch(error.message, /needs 20 MiB for a while, and there are 1\.0 MiB/);
  assertEquals([error.code, server.asked.some((path) => path.startsWith("/files/"))], ["file-access", false]);
});
