/**
 * Linux systems by osinfo-db's data on this machine: cloud images that cloud-init sets up, and installers. Nothing of it
 * is copied into this program: what a machine knows is as new as its package osinfo-db, and what is in /etc/osinfo comes
 * before it (osinfo-db-import puts newer data there).
 * Sources: libosinfo.rng in /usr/share/osinfo/schema (os, image, media, variant), osinfo-db-path(1) for the folders.
 */
import type { Element } from "@xmldom/xmldom";
import type { HostFiles } from "../../host/host.ts";
import { parseXml } from "../../vm/xml.ts";

export interface LinuxMedium {
  /** `debian12-cloud`, `fedora40-server-netinst` */
  readonly name: string;
  readonly title: string;
  /** `cloud`: a disk with a system that waits for its seed · `installer`: a medium to start from. */
  readonly use: "cloud" | "installer";
  readonly kind: "qcow2" | "iso";
  readonly link: string;
  /** The file's name, as in the link and in its publisher's list. */
  readonly published: string;
  /** Its name on the shelf: publishers give the same one to several versions. */
  readonly file: string;
  /** `2023-06-10`; null: not said. */
  readonly released: string | null;
  /** Its maker has ended it, by the day of today. */
  readonly ended: boolean;
}

const folders = ["/etc/osinfo", "/usr/local/share/osinfo", "/usr/share/osinfo"];

/** Newest first. A file that cannot be read as XML is passed over: one bad file should not hide the others. */
export function readLinuxMedia(files: Pick<HostFiles, "list" | "readText">, nowMs: number): LinuxMedium[] {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const byName = new Map<string, LinuxMedium>();
  for (const path of osFiles(files)) {
    for (const medium of parseOs(files.readText(path) ?? "", today)) {
      if (!byName.has(medium.name)) byName.set(medium.name, medium);
    }
  }
  return [...byName.values()].toSorted((a, b) => (b.released ?? "").localeCompare(a.released ?? ""));
}

/** `20221130`, of the newest there is; null without any. */
export function osinfoVersion(files: Pick<HostFiles, "readText">): string | null {
  const versions = folders.flatMap((folder) => files.readText(`${folder}/VERSION`)?.trim() || []);
  return versions.toSorted().at(-1) ?? null;
}

function osFiles(files: Pick<HostFiles, "list">): string[] {
  return folders.flatMap((folder) =>
    (files.list(`${folder}/os`) ?? []).flatMap((vendor) =>
      (files.list(`${folder}/os/${vendor}`) ?? []).filter((name) => name.endsWith(".xml"))
        .map((name) => `${folder}/os/${vendor}/${name}`)
    )
  );
}

export function parseOs(text: string, today: string): LinuxMedium[] {
  // Most of the files are about old systems without links; reading them as XML would take longer than the rest.
  if (!text.includes("<family>linux</family>") || !text.includes('arch="x86_64"') || !text.includes("<url>")) return [];
  try {
    return [...parseXml(text).getElementsByTagName("os")].flatMap((os) => mediaOf(os, today));
  } catch {
    return [];
  }
}

function mediaOf(os: Element, today: string): LinuxMedium[] {
  const id = childText(os, "short-id");
  if (id === null || !/^[a-z0-9][a-z0-9.-]{0,60}$/i.test(id) || childText(os, "family") !== "linux") return [];
  const title = childText(os, "name") ?? id;
  const released = childText(os, "release-date");
  const ended = (childText(os, "eol-date") ?? "9") <= today;
  const common = { released, ended };
  const cloud =
    childrenOf(os, "image").filter((image) =>
      isPc(image) && image.getAttribute("cloud-init") === "true" && image.getAttribute("format") === "qcow2"
    ).flatMap(linkOf)[0];
  const installers = childrenOf(os, "media").filter((media) =>
    isPc(media) && media.getAttribute("installer") !== "false"
  )
    .flatMap((media) => linkOf(media).map((link) => ({ link, variant: variantOf(media) })));
  const taken = new Set<string>();
  return [
    ...(cloud === undefined ? [] : [{
      name: `${id}-cloud`,
      title: `${title}, cloud image`,
      use: "cloud" as const,
      kind: "qcow2" as const,
      link: cloud,
      published: fileOf(cloud),
      file: `${id}-cloud.qcow2`,
      ...common,
    }]),
    ...installers.flatMap(({ link, variant }) => {
      const words = variant ?? fileWords(link);
      const name = `${id}-${words}`;
      // Several media of one variant are a network installer and discs: the first is the one its maker names first.
      const unique = taken.has(name) ? `${id}-${fileWords(link)}` : name;
      if (taken.has(unique)) return [];
      taken.add(unique);
      return [{
        name: unique,
        title: `${title}, installer (${fileOf(link)})`,
        use: "installer" as const,
        kind: "iso" as const,
        link,
        published: fileOf(link),
        file: `${unique}.iso`,
        ...common,
      }];
    }),
  ];
}

function isPc(element: Element): boolean {
  return element.getAttribute("arch") === "x86_64";
}

/** Only files by https; a plain link to a host that has https as well is asked that way. */
function linkOf(element: Element): string[] {
  const link = (childText(element, "url") ?? "").replace(/^http:/, "https:");
  const sound = URL.canParse(link) && link.startsWith("https://") &&
    /^[A-Za-z0-9][\w.+-]{0,190}\.(?:iso|qcow2|img)$/i.test(fileOf(link));
  return sound ? [link] : [];
}

function variantOf(media: Element): string | null {
  const id = childrenOf(media, "variant")[0]?.getAttribute("id") ?? null;
  return id !== null && /^[a-z0-9.-]{1,40}$/.test(id) ? id : null;
}

function fileWords(link: string): string {
  return fileOf(link).replace(/\.[^.]+$/, "").toLowerCase();
}

function fileOf(link: string): string {
  return link.slice(link.lastIndexOf("/") + 1);
}

/** Texts in other languages have an attribute; the plain one is English. */
function childText(parent: Element, name: string): string | null {
  const child = childrenOf(parent, name).find((each) => !each.hasAttribute("xml:lang"));
  return child?.textContent?.trim() || null;
}

function childrenOf(parent: Element, name: string): Element[] {
  return [...parent.childNodes].filter((node) => node.nodeName === name) as Element[];
}
