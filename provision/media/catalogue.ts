/**
 * Files we know by name: where they are, how big, and their SHA-256 where it is known for certain. Never a guess: each
 * hash names who says it. `publisher`: the maker published it. `witnesses`: the maker publishes none, but several
 * independent projects pin the same one (the virtio-win project and Microsoft's consumer images). A row without a link
 * is a file whose link lives for a day only: Microsoft is asked for one (windows/), and an imported one is recognised.
 */
import type { CatalogueRow } from "./catalogue_row.ts";
import { virtioWin } from "./virtio_win.ts";

export type { CatalogueRow } from "./catalogue_row.ts";

const microsoft = "https://software-static.download.prss.microsoft.com/dbazure/";

export const catalogue: readonly CatalogueRow[] = [
  {
    name: "windows11",
    title: "Windows 11 25H2, x64, English (United States), Home and Pro",
    group: "windows",
    file: "Win11_25H2_English_x64.iso",
    kind: "iso",
    link: `${microsoft}888969d5-f34g-4e03-ac9d-1f9786c66749/` +
      "26200.6584.250915-1905.25h2_ge_release_svc_refresh_CLIENT_CONSUMER_x64FRE_en-us.iso",
    sizeBytes: 7_736_125_440,
    sha256: "d141f6030fed50f75e2b03e1eb2e53646c4b21e5386047cb860af5223f102a32",
    hashFrom: "witnesses",
    source: "dockur/windows src/define.sh, getMido(); the same hash in many projects that pin this build",
  },
  {
    name: "windows11-evaluation",
    title: "Windows 11 Enterprise 25H2, x64, English (United States), for 90 days",
    group: "windows",
    file: "Win11_25H2_Enterprise_Evaluation_x64.iso",
    kind: "iso",
    link: `${microsoft}888969d5-f34g-4e03-ac9d-1f9786c66749/` +
      "26200.6584.250915-1905.25h2_ge_release_svc_refresh_CLIENTENTERPRISEEVAL_OEMRET_x64FRE_en-us.iso",
    sizeBytes: 7_092_807_680,
    sha256: "a61adeab895ef5a4db436e0a7011c92a2ff17bb0357f58b13bbc4062e535e7b9",
    hashFrom: "publisher",
    source: "Microsoft Evaluation Center, verification PDF; Pumba98/proxmox-packer-templates windows-11.pkrvars.hcl",
  },
  {
    name: "windows10-evaluation",
    title: "Windows 10 Enterprise 22H2, x64, English (United States), for 90 days",
    group: "windows",
    file: "Win10_22H2_Enterprise_Evaluation_x64.iso",
    kind: "iso",
    link: `${microsoft}988969d5-f34g-4e03-ac9d-1f9786c66750/` +
      "19045.2006.220908-0225.22h2_release_svc_refresh_CLIENTENTERPRISEEVAL_OEMRET_x64FRE_en-us.iso",
    sizeBytes: 5_550_497_792,
    sha256: "ef7312733a9f5d7d51cfa04ac497671995674ca5e1058d5164d6028f0938d668",
    hashFrom: "publisher",
    source: "Microsoft, Windows10Enterprise22H2HashValues.pdf; dockur/windows src/define.sh",
  },
  {
    name: "windows10",
    title: "Windows 10 22H2, x64, English (United States), Home and Pro",
    group: "windows",
    file: "Win10_22H2_English_x64v1.iso",
    kind: "iso",
    link: null,
    sizeBytes: 6_140_975_104,
    sha256: "a6f470ca6d331eb353b815c043e327a347f594f37ff525f17764738fe812852e",
    hashFrom: "publisher",
    source: "https://www.microsoft.com/software-download/windows10ISO, table of hashes; dockur/windows src/define.sh",
    note: "fetch asks Microsoft for a link; or media import what a browser downloaded from there",
  },
  ...virtioWin,
];

export function rowNamed(name: string): CatalogueRow | null {
  return catalogue.find((row) => [row.name, row.file, row.file.replace(/\.iso$/, "")].includes(name)) ?? null;
}

export function rowWithHash(sha256: string): CatalogueRow | null {
  return catalogue.find((row) => row.sha256 === sha256) ?? null;
}
