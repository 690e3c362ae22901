/** Linux media by osinfo-db's data, and what publishers' lists say. */
import { assertEquals } from "@std/assert";
import { checksumLinks, findChecksum } from "../../../provision/media/linux/checksums.ts";
import { parseOs } from "../../../provision/media/linux/osinfo.ts";

const os = (inside: string, family = "linux") =>
  `<?xml version="1.0"?><libosinfo version="0.0.1"><os id="http://x.org/x/1"><short-id>x1</short-id>
  <short-id>xlatest</short-id><name xml:lang="de">Ix 1</name><name>X 1</name><family>${family}</family>
  <release-date>2025-05-01</release-date>${inside}</os></libosinfo>`;
const image = (url: string, more = 'format="qcow2" cloud-init="true"', arch = "x86_64") =>
  `<image arch="${arch}" ${more}><url>${url}</url></image>`;
const media = (url: string, variant = "", more = "") =>
  `<media arch="x86_64" ${more}>${variant === "" ? "" : `<variant id="${variant}"/>`}<url>${url}</url></media>`;

Deno.test("of a system's images the first for cloud-init on a PC counts, of its media every installer", () => {
  const text = os([
    image("https://x.org/arm.qcow2", undefined, "aarch64"),
    image("https://x.org/no-seed.qcow2", 'format="qcow2"'),
    image("https://x.org/x.vmdk", 'format="vmdk" cloud-init="true"'),
    image("https://x.org/x-generic.img"),
    image("https://x.org/x-other.qcow2"),
    media("http://x.org/x-net.iso", "netinst"),
    media("https://x.org/x-dvd.iso", "netinst"),
    media("https://x.org/live.iso", "live", 'live="true" installer="false"'),
    media("docker://x.org/x.iso"),
    media("https://x.org/bad name.iso"),
  ].join(""));
  assertEquals(
    parseOs(text, "2026-01-01").map(({ name, title, kind, link, file }) => [name, title, kind, link, file]),
    [
      ["x1-cloud", "X 1, cloud image", "qcow2", "https://x.org/x-generic.img", "x1-cloud.qcow2"],
      ["x1-netinst", "X 1, installer (x-net.iso)", "iso", "https://x.org/x-net.iso", "x1-netinst.iso"],
      ["x1-x-dvd", "X 1, installer (x-dvd.iso)", "iso", "https://x.org/x-dvd.iso", "x1-x-dvd.iso"],
    ],
  );
});

Deno.test("what has ended is said, what is no Linux or no XML is passed over", () => {
  const one = image("https://x.org/x.qcow2");
  const ended = (date: string) =>
    parseOs(os(`<eol-date>${date}</eol-date>${one}`), "2026-01-01").map((each) => each.ended);
  assertEquals([ended("2025-12-31"), ended("2026-01-01"), ended("2026-01-02")], [[true], [true], [false]]);
  assertEquals(parseOs(os(one, "bsd"), "2026-01-01"), []);
  assertEquals(parseOs(os(one).slice(0, -20), "2026-01-01"), []);
});

Deno.test("which list of checksums a host has", () => {
  const of = (link: string) => checksumLinks({ link, published: link.split("/").at(-1)! });
  assertEquals(of("https://cloud.debian.org/a/debian-12-generic-amd64.qcow2"), [
    "https://cloud.debian.org/a/SHA512SUMS",
    "https://cloud.debian.org/a/SHA256SUMS",
  ]);
  assertEquals(of("https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img"), [
    "https://cloud-images.ubuntu.com/noble/current/SHA256SUMS",
  ]);
  const fedora = "https://download.fedoraproject.org/pub/images/";
  for (
    const [file, list] of [
      ["Fedora-Cloud-Base-37-1.7.x86_64.qcow2", "Fedora-Cloud-37-1.7-x86_64-CHECKSUM"],
      ["Fedora-Cloud-Base-Generic.x86_64-40-1.14.qcow2", "Fedora-Cloud-40-1.14-x86_64-CHECKSUM"],
      ["Fedora-Workstation-Live-x86_64-37-1.7.iso", "Fedora-Workstation-37-1.7-x86_64-CHECKSUM"],
    ]
  ) assertEquals(of(`${fedora}${file}`), [`https://dl.fedoraproject.org/pub/images/${list}`]);
  assertEquals(of("https://example.org/x.iso"), []);
});

Deno.test("both forms of a line are read, and no other file's line is taken", () => {
  const [short, long] = ["a".repeat(64), "B".repeat(128)];
  const found = (text: string) => findChecksum(text, "x.iso");
  assertEquals(found(`${short}  x.iso\n`), { algorithm: "sha256", hex: short });
  assertEquals(found(`${"c".repeat(64)}  y.iso\n${short} *./x.iso\n`), { algorithm: "sha256", hex: short });
  assertEquals(found(`${long}  x.iso`), { algorithm: "sha512", hex: long.toLowerCase() });
  assertEquals(found(`-----BEGIN PGP SIGNED MESSAGE-----\n# x.iso: 1 bytes\nSHA256 (x.iso) = ${short}\n`), {
    algorithm: "sha256",
    hex: short,
  });
  assertEquals([found(`${short}  x.iso.part`), found(`${short.slice(1)}  x.iso`), found("<html>x.iso")], [
    null,
    null,
    null,
  ]);
});
