/** A small ESD of the Media Creation Tool's make, built by wimlib, and the catalogue that names it, in a cabinet. */
import { createHash } from "node:crypto";
import { done } from "../unattend/tools.ts";

export interface TestEsd {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export const esdName = "26200.6584.250915-1905.25h2_ge_release_svc_refresh_CLIENTCONSUMER_RET_x64FRE_de-de.esd";

/** What the files of the medium hold, by their paths; upper case as on a stick where `upper` says so. */
export function mediumFiles(): Record<string, string> {
  return {
    bootmgr: "the boot manager",
    "bootmgr.efi": "the boot manager for UEFI",
    "setup.exe": "MZ setup",
    "boot/etfsboot.com": "boots from a disc".padEnd(4096, "."),
    "efi/microsoft/boot/efisys.bin": "boots from a disc with UEFI".padEnd(8192, "."),
    "efi/boot/bootx64.efi": "MZ boot",
    "sources/setup.exe": "MZ setup too",
    "sources/a file with a long name that only Joliet keeps as it is, spaces and all.dll": "long",
  };
}

export function writeTree(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    Deno.mkdirSync(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(`${folder}/${path}`, bytes);
  }
}

interface Image {
  readonly name: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly properties?: Readonly<Record<string, string>>;
}

/** Captures images one after the other; `flags` for the first. */
export async function makeWim(folder: string, path: string, images: readonly Image[], flags: string[]): Promise<void> {
  for (const [index, { name, files, properties }] of images.entries()) {
    const root = `${folder}/image${index}`;
    writeTree(root, files);
    const all = Object.entries(properties ?? {}).map(([key, value]) => `--image-property=WINDOWS/${key}=${value}`);
    const verb = index === 0 ? "capture" : "append";
    await done(["wimlib-imagex", verb, root, path, name, ...(index === 0 ? flags : []), ...all], "wimtools");
    await Deno.remove(root, { recursive: true });
  }
}

export function edition(name: string, editionId: string, payload: Uint8Array, language = "de-DE"): Image {
  return {
    name,
    files: { "Windows/System32/ntoskrnl.exe": "MZ kernel", [`Windows/${editionId}.dat`]: payload },
    properties: {
      ARCH: "9",
      EDITIONID: editionId,
      INSTALLATIONTYPE: "Client",
      "LANGUAGES/LANGUAGE": language,
      "LANGUAGES/DEFAULT": language,
    },
  };
}

/** Images as Microsoft's ESDs have them; `without` leaves one out. */
export async function makeEsd(options: { payloadBytes?: number; without?: string } = {}): Promise<TestEsd> {
  const folder = await Deno.makeTempDir({ prefix: "esd-" });
  try {
    const payload = () => {
      const bytes = new Uint8Array(options.payloadBytes ?? 50_000);
      for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
      return bytes;
    };
    const pe = { ARCH: "9", INSTALLATIONTYPE: "WindowsPE", EDITIONID: "WindowsPE" };
    const images: Image[] = [
      { name: "Windows Setup Media", files: mediumFiles() },
      { name: "Microsoft Windows PE (x64)", files: { "Windows/System32/wpeinit.exe": "MZ pe" }, properties: pe },
      { name: "Microsoft Windows Setup (x64)", files: { "setup.exe": "MZ setup", "sources/x": "x" }, properties: pe },
      edition("Windows 11 Home", "Core", payload()),
      edition("Windows 11 Pro", "Professional", payload()),
    ].filter(({ name }) => name !== options.without);
    await makeWim(folder, `${folder}/x.esd`, images, ["--solid", "--check"]);
    return { name: esdName, bytes: await Deno.readFile(`${folder}/x.esd`) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export interface CatalogueFile {
  readonly name: string;
  readonly link: string;
  readonly bytes: Uint8Array;
  readonly language?: string;
  readonly edition?: string;
  readonly architecture?: string;
  readonly algorithm?: "sha1" | "sha256";
  /** Instead of the right one. */
  readonly hash?: string;
}

/** products.xml as the tool's catalogue is laid out. */
export function productsXml(files: readonly CatalogueFile[]): string {
  const rows = files.map((file) => {
    const algorithm = file.algorithm ?? "sha1";
    const hash = file.hash ?? createHash(algorithm).update(file.bytes).digest("hex");
    const tag = algorithm === "sha1" ? "Sha1" : "Sha256";
    return `<File id="x"><FileName>${file.name}</FileName><LanguageCode>${file.language ?? "de-de"}</LanguageCode>` +
      `<Language>German</Language><Edition>${file.edition ?? "Professional"}</Edition>` +
      `<Architecture>${file.architecture ?? "x64"}</Architecture><Size>${file.bytes.length}</Size>` +
      `<${tag}>${hash}</${tag}><FilePath>${file.link.replaceAll("&", "&amp;")}</FilePath><Key/>` +
      `<IsRetailOnly>False</IsRetailOnly></File>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<MCT><Catalogs><Catalog version="3.0"><PublishedMedia id="m" ` +
    `release="25H2"><Files>${rows.join("\n")}</Files></PublishedMedia></Catalog></Catalogs></MCT>\n`;
}

/** products.xml in a cabinet, as it is served. */
export async function makeCabinet(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir({ prefix: "cab-" });
  try {
    await Deno.writeTextFile(`${folder}/products.xml`, text);
    await done(["gcab", "--create", "--zip", "--nopath", `${folder}/products.cab`, `${folder}/products.xml`], "gcab");
    return await Deno.readFile(`${folder}/products.cab`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
