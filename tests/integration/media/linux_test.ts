/** Linux media by the real osinfo-db, downloads held to a publisher's list, and the seed as xorriso makes it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { openHost } from "../../../provision/host/open.ts";
import { checksumLinks } from "../../../provision/media/linux/checksums.ts";
import { fetchLinux } from "../../../provision/media/linux/fetch.ts";
import { type LinuxMedium, osinfoVersion, readLinuxMedia } from "../../../provision/media/linux/osinfo.ts";
import { checkName, kindByName } from "../../../provision/media/shelf.ts";
import { call } from "../provision/command_line.ts";
import { done, withFolder } from "../unattend/tools.ts";
import { standIn } from "./microsoft.ts";
import { place, refusal, sha256, unhurried } from "./place.ts";

const qcow2 = new Uint8Array(300_000);
qcow2.set([0x51, 0x46, 0x49, 0xfb]);
crypto.getRandomValues(qcow2.subarray(4, 60_000));
const sha512 = createHash("sha512").update(qcow2).digest("hex");
const text = (words: string) => new TextEncoder().encode(words);

async function fetchFrom(files: Record<string, Uint8Array>, lists: string[]) {
  await using server = await standIn({ files });
  using where = place();
  const medium: LinuxMedium = {
    name: "x1-cloud",
    title: "X 1",
    use: "cloud",
    kind: "qcow2",
    link: `${server.base}/x.img`,
    published: "x.img",
    file: "x1-cloud.qcow2",
    released: null,
    ended: false,
  };
  const links = lists.map((name) => `${server.base}/${name}`);
  const run = () =>
    fetchLinux(where.host, where.files, "/images/x1-cloud.qcow2", medium, { ...unhurried, checksumLinks: links });
  try {
    const { record } = await run();
    const again = await run();
    return {
      record,
      already: again.already,
      asked: server.asked,
      names: where.names(),
      base: server.base,
      error: null,
    };
  } catch (error) {
    const refused = await refusal(Promise.reject(error));
    return {
      record: null,
      already: false,
      asked: server.asked,
      names: where.names(),
      base: server.base,
      error: refused,
    };
  }
}

Deno.test("the package's own data gives names that can be asked for, each once, and none that leaves the shelf", () => {
  const host = openHost({ root: "/", state: "/nonexistent" });
  const all = readLinuxMedia(host, Date.parse("2026-01-01"));
  assert(all.length > 100, `${all.length} media: is the package osinfo-db installed?`);
  assert(osinfoVersion(host) !== null);
  assertEquals(new Set(all.map(({ name }) => name)).size, all.length);
  for (const { file, kind, link } of all) {
    assertEquals([checkName(file), kindByName(file)], [file, kind]);
    assertEquals(new URL(link).protocol, "https:");
  }
  for (const name of ["debian11-cloud", "ubuntu22.04-cloud", "fedora37-cloud"]) {
    const medium = all.find((each) => each.name === name);
    assert(medium !== undefined && checksumLinks(medium).length > 0, name);
  }
});

Deno.test("an image is held to its publisher's list, and the record says which; a second time nobody is asked", async () => {
  const sums = text(`${"0".repeat(128)}  other.img\n${sha512}  x.img\n`);
  const { record, already, asked, names, base } = await fetchFrom({ "/x.img": qcow2, "/SHA512SUMS": sums }, [
    "SHA512SUMS",
  ]);
  assertEquals([record!.verifiedAgainst, record!.sha256, already, names], ["sha512", sha256(qcow2), true, [
    "x1-cloud.qcow2",
  ]]);
  assertEquals(record!.checksum, { algorithm: "sha512", hex: sha512, from: `${base}/SHA512SUMS` });
  assertEquals(asked.filter((path) => path === "/SHA512SUMS").length, 1);
  const next = await fetchFrom({ "/x.img": qcow2, "/CHECKSUM": text(`SHA256 (x.img) = ${sha256(qcow2)}\n`) }, [
    "SHA512SUMS",
    "CHECKSUM",
  ]);
  assertEquals([next.record!.verifiedAgainst, next.record!.checksum!.from], ["sha256", `${next.base}/CHECKSUM`]);
});

Deno.test("another image than the list's, a list that is missing, silent or a page: refused, and nothing has the name", async () => {
  const sums = (hex: string, name = "x.img") => ({ "/SUMS": text(`${hex}  ${name}\n`) });
  const cases: [Record<string, Uint8Array>, RegExp][] = [
    [{ "/x.img": qcow2, ...sums("0".repeat(128)) }, /its SHA512 is [0-9a-f]{128}, and 0{128} was expected \(2 tries\)/],
    [{ "/x.img": qcow2, ...sums("0".repeat(64)) }, /its SHA-256 is/],
    [{ "/x.img": qcow2 }, /Cannot download the checksums of x\.img: .* answers 404/],
    [{ "/x.img": qcow2, ...sums(sha512, "y.img") }, /list does not name x\.img/],
    [{ "/x.img": qcow2, "/SUMS": text("<!DOCTYPE html><title>Sorry</title>") }, /list does not name x\.img/],
    [{ "/x.img": text(`<!DOCTYPE html>${" ".repeat(2000)}`), ...sums(sha512) }, /what came is a web page/],
  ];
  for (const [files, message] of cases) {
    const { error, names } = await fetchFrom(files, ["SUMS"]);
    assertMatch(error?.message ?? "it ended well", message);
    assertEquals(names, []);
  }
});

Deno.test("media list --os linux and a misspelt name, for people and scripts", async () => {
  const list = await call("media", "list", "--os", "linux", "--folder", "/nonexistent");
  assertMatch(list.stdout, /^debian11-cloud +Debian 11, cloud image$/m);
  assertMatch(list.stderr, /As osinfo-db \d+ has it/);
  const { schema, media } = JSON.parse((await call("media", "list", "--os", "linux", "--json")).stdout);
  assertEquals(schema, "neuron.media-list/1");
  assertEquals(media.find(({ name }: { name: string }) => name === "debian11-cloud").use, "cloud");
  assertMatch((await call("media", "list", "--os", "windows")).stderr, /--os is linux/);
  assertMatch((await call("media", "fetch", "debian11-clod")).stderr, /debian11-cloud/);
  await withFolder(async (root) => {
    const copied = await call("media", "list", "--os", "linux", "--root", root);
    assertEquals(copied.code, 1);
    assertMatch(copied.stderr, /Install the package osinfo-db/);
    await Deno.mkdir(`${root}/etc/osinfo/os/debian.org`, { recursive: true });
    await Deno.copyFile(
      "/usr/share/osinfo/os/debian.org/debian-11.xml",
      `${root}/etc/osinfo/os/debian.org/debian-11.xml`,
    );
    const fetched = await call("media", "fetch", "debian11-cloud", "--root", root, "--json");
    assertEquals(JSON.parse(fetched.stdout).path, "/var/lib/libvirt/images/debian11-cloud.qcow2");
    assertStringIncludes(Deno.readTextFileSync(`${root}/var/lib/neuron/commands.jsonl`), '"fetch","debian11-cloud"');
  });
});

Deno.test("the seed is a volume CIDATA, 0600, with a hash that openssl agrees with and no password in it", () =>
  withFolder(async (folder) => {
    const secret = 'correct horse: "battery" $staple';
    await Deno.writeTextFile(`${folder}/password`, `${secret}\n`);
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ada@desk";
    const answers = {
      vm: { name: "web", os: "linux" },
      linux: {
        account: { name: "ada", password: { file: `${folder}/password` } },
        sshKeys: [key],
        network: { mac: "52:54:00:aa:bb:cc" },
      },
    };
    await Deno.writeTextFile(`${folder}/answers.json`, JSON.stringify(answers));
    const words = ["vm", "cloud-seed", "--answers", `${folder}/answers.json`, "--out", `${folder}/seed.iso`];
    const where = ["--state", `${folder}/state`];
    const made = await call(...words, ...where, "--json");
    assertEquals(made.code, 0, made.stderr);
    const json = JSON.parse(made.stdout);
    assertEquals([json.made, json.label, json.hostname, json.account], [true, "CIDATA", "web", "ada"]);
    assertEquals(json.files.map(({ path, sha256 }: { path: string; sha256: unknown }) => [path, sha256 === null]), [
      ["user-data", true],
      ["meta-data", false],
      ["network-config", false],
    ]);
    assertEquals((await Deno.stat(`${folder}/seed.iso`)).mode! & 0o777, 0o600);
    const info = await done(["xorriso", "-indev", `${folder}/seed.iso`, "-pvd_info"], "xorriso");
    assertStringIncludes(info, "Volume Id    : CIDATA");
    await done(
      ["xorriso", "-osirrox", "on", "-indev", `${folder}/seed.iso`, "-extract", "/", `${folder}/read`],
      "xorriso",
    );
    const names = Array.from(Deno.readDirSync(`${folder}/read`), ({ name }) => name).sort();
    assertEquals(names, ["meta-data", "network-config", "user-data"]);
    const user = await Deno.readTextFile(`${folder}/read/user-data`);
    assert(!user.includes("battery") && user.startsWith("#cloud-config\n"));
    const { users } = JSON.parse(user.slice("#cloud-config\n".length));
    const salt = users[0].passwd.split("$")[2];
    const again = await done(["openssl", "passwd", "-6", "-salt", salt, secret], "openssl");
    assertEquals([users[0].passwd, users[0].ssh_authorized_keys], [again.trim(), [key]]);

    const copy = await call(...words, "--root", folder, "--json");
    assertEquals([copy.code, JSON.parse(copy.stdout).made], [0, false]);
    assertStringIncludes(Deno.readTextFileSync(`${folder}/var/lib/neuron/commands.jsonl`), '"cloud-seed"');
    await Deno.remove(`${folder}/password`);
    assertEquals((await call(...words, ...where)).code, 5);
    assertEquals((await call("vm", "cloud-seed", ...where)).code, 2);
  }));
