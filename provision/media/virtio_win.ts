/**
 * The versions of virtio-win we know, and which one to try when another has failed. Its publisher publishes no hashes
 * and signs nothing that could be checked here: each SHA-256 is one that independent projects pin. The newest version is
 * not the best one for everybody, so several are kept.
 */
import type { CatalogueRow } from "./catalogue_row.ts";

const archive = "https://fedorapeople.org/groups/virt/virtio-win/direct-downloads/archive-virtio/";

function row(
  version: string,
  more: Pick<CatalogueRow, "title" | "sha256" | "source" | "sizeBytes">,
  name = `virtio-win-${version}`,
): CatalogueRow {
  const file = `virtio-win-${version}.iso`;
  const link = `${archive}virtio-win-${version}-1/${file}`;
  return { name, group: "virtio-win", file, kind: "iso", link, hashFrom: "witnesses", ...more };
}

/** In the order in which they are worth a try. */
export const virtioWin: readonly CatalogueRow[] = [
  row("0.1.285", {
    title: "virtio-win 0.1.285: drivers and guest tools for Windows",
    sizeBytes: 789_645_312,
    sha256: "e14cf2b94492c3e925f0070ba7fdfedeb2048c91eea9c5a5afb30232a3976331",
    source: "Pumba98/proxmox-packer-templates windows-11.pkrvars.hcl, and many more",
  }, "virtio-win"),
  row("0.1.271", {
    title: "virtio-win 0.1.271: the one before, for where 0.1.285 has trouble with storage",
    sha256: "bbe6166ad86a490caefad438fef8aa494926cb0a1b37fa1212925cfd81656429",
    source: "Pumba98/proxmox-packer-templates windows-server-2019.pkrvars.hcl, and others",
  }),
  row("0.1.302", {
    title: "virtio-win 0.1.302: the newest",
    sizeBytes: 877_373_440,
    sha256: "303f7ae40dad495d6ae474fdc571df58958a4dbc5c37a522d80f9a203867949d",
    source: "two independent projects that build Windows templates, one of which names its size as well",
  }),
  row("0.1.248", {
    title: "virtio-win 0.1.248: the last before its guest tools could fail with 0x80070643",
    sha256: "d5b5739cf297f0538d263e30678d5a09bba470a7c6bcbd8dff74e44153f16549",
    source:
      "NixOS/nixpkgs pkgs/by-name/vi/virtio-win/package.nix; kubevirt WORKSPACE; virtio-win-guest-tools-installer#78",
  }),
  row("0.1.266", {
    title: "virtio-win 0.1.266",
    sizeBytes: 724_434_944,
    sha256: "57b0f6dc8dc92dc2ae8621f8b1bfbd8a873de9bedc788c4c4b305ea28acc77cd",
    source: "kubevirt WORKSPACE, rule virtio_win_image; the size is the server's own Content-Length",
  }),
  row("0.1.240", {
    title: "virtio-win 0.1.240",
    sha256: "ebd48258668f7f78e026ed276c28a9d19d83e020ffa080ad69910dc86bbcbcc6",
    source: "the scripts that make Servo's Windows CI images, and many Packer templates",
  }),
];

/** `0.1.285` of a version, a catalogue name or a file's name or path; null for what names none. */
export function virtioWinVersion(text: string): string | null {
  const last = text.slice(text.lastIndexOf("/") + 1);
  const known = virtioWin.find(({ name }) => name === last);
  return /(?:^|virtio-win-)(\d+\.\d+\.\d+)(?:-\d+)?(?:\.iso)?$/.exec(known?.file ?? last)?.[1] ?? null;
}

/** The row to try when these have failed (versions, names, files or paths); null when all were tried. */
export function nextVirtioWin(...failed: readonly string[]): CatalogueRow | null {
  const tried = new Set(failed.map(virtioWinVersion));
  return virtioWin.find(({ file }) => !tried.has(virtioWinVersion(file))) ?? null;
}
