/**
 * `deno task deb`: dist/neuron-setup_VERSION_amd64.deb around the built file. The same sources give the same bytes.
 * Sources: deb(5), deb-control(5), deb-postinst(5), the Debian Policy Manual.
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { commands } from "../cli/commands.ts";
import { completable } from "../cli/completions/words.ts";
import { renderBash } from "../cli/completions/bash.ts";
import { renderFish } from "../cli/completions/fish.ts";
import { renderZsh } from "../cli/completions/zsh.ts";
import { ensurePackages } from "../cli/try/packages.ts";
import config from "../deno.json" with { type: "json" };
import { needs } from "../provision/distro/packages.ts";
import { build, builtProgram, distFolder, megabytes, runTask } from "./build.ts";
import { renderManPage } from "./man_page.ts";
import { sources } from "./product.ts";
import { tool } from "./tool.ts";

const parts = join(import.meta.dirname!, "deb");
const doc = "usr/share/doc/neuron-setup";

export interface DebOptions {
  /** The built file. */
  readonly program: string;
  /** Where the package goes. */
  readonly folder: string;
  /** Of the sources, unless a test wants another. */
  readonly version?: string;
}

/** Makes the package and gives its path. */
export async function buildDeb({ program, folder, version = config.version }: DebOptions): Promise<string> {
  const epoch = await sourceDate();
  const tree = await Deno.makeTempDir({ prefix: "neuron-deb-" });
  try {
    const put = async (path: string, content: string | Uint8Array<ArrayBuffer>, mode = 0o644) => {
      await Deno.mkdir(join(tree, dirname(path)), { recursive: true });
      await Deno.writeFile(join(tree, path), typeof content === "string" ? new TextEncoder().encode(content) : content);
      await Deno.chmod(join(tree, path), mode);
    };
    const all = await Promise.all(Object.values(commands).map((load) => load()));
    const words = completable(all, true);
    const date = new Date(epoch * 1000);
    await put("usr/bin/neuron-setup", await Deno.readFile(program), 0o755);
    await put(
      "usr/share/man/man8/neuron-setup.8.gz",
      gzip(renderManPage(all, version, date.toISOString().slice(0, 10))),
    );
    await put("usr/share/bash-completion/completions/neuron-setup", renderBash(words));
    await put("usr/share/zsh/vendor-completions/_neuron-setup", renderZsh(words));
    await put("usr/share/fish/vendor_completions.d/neuron-setup.fish", renderFish(words));
    for (const unit of ["neuron-first-boot@.service", "neuron-manager.service"]) {
      await put(`usr/lib/systemd/system/${unit}`, await part(`units/${unit}`));
    }
    await put("usr/lib/tmpfiles.d/neuron-setup.conf", await part("tmpfiles.conf"));
    await put("usr/share/lintian/overrides/neuron-setup", await part("lintian-overrides"));
    await put(`${doc}/changelog.gz`, gzip(renderChangelog(version, date)));
    await put(`${doc}/copyright`, await part("copyright"));
    const installedKib = await sizeKib(tree);
    await put("DEBIAN/md5sums", await checksums(tree));
    await put("DEBIAN/control", renderControl(version, installedKib));
    await put("DEBIAN/templates", await part("templates"));
    for (const script of ["preinst", "postinst", "prerm", "postrm"]) {
      await put(`DEBIAN/${script}`, (await part(script)).replaceAll("@VERSION@", version), 0o755);
    }
    await tool("find", [tree, "-type", "d", "-exec", "chmod", "0755", "{}", "+"], "findutils");
    await tool("find", [tree, "-exec", "touch", "--no-dereference", `--date=@${epoch}`, "{}", "+"], "findutils");
    const deb = join(folder, `neuron-setup_${version}_amd64.deb`);
    // What is in it is compressed already.
    await tool("dpkg-deb", ["--build", "--root-owner-group", "-Zgzip", "-z1", tree, deb], "dpkg", {
      env: { SOURCE_DATE_EPOCH: `${epoch}` },
    });
    return deb;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

/** Seconds since 1970 of the last commit, or SOURCE_DATE_EPOCH where there is no repository. */
export async function sourceDate(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given !== undefined) return Number(given);
  return Number((await tool("git", ["-C", sources, "log", "-1", "--format=%ct"])).trim());
}

const part = (name: string) => Deno.readTextFile(join(parts, name));
const gzip = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(text, { level: 9 }));

/** What commands beside the host phase ask for: Media Creation's list of Windows, and osinfo-db's of Linux systems. */
const forMedia = ["cabextract", "osinfo-db"];

/** What the host phase would install by itself comes with the package where recommended packages are wanted. */
export function recommended(): string[] {
  return [...new Set([...needs.flatMap(({ packages }) => packages.apt ?? []), ...forMedia])].sort();
}

function renderControl(version: string, installedKib: number): string {
  return `Package: neuron-setup
Version: ${version}
Architecture: amd64
Maintainer: The Neuron authors <neuron@localhost.localdomain>
Installed-Size: ${installedKib}
Depends: libc6 (>= 2.28), libgcc-s1, openssl, debconf (>= 0.5) | debconf-2.0, init-system-helpers (>= 1.54), systemd
Recommends: ${recommended().join(", ")}
Section: admin
Priority: optional
Description: turns a machine into an appliance that runs Windows with its own graphics card
 neuron-setup looks at the hardware, says what is possible and why, shows what
 it would change (VFIO, kernel parameters, initial ram disk, huge pages,
 libvirt), changes it, proves it in a trial boot, and takes it back exactly
 when asked. It defines virtual machines, fetches installation media that are
 verified, installs Windows unattended, and serves a page on this machine that
 shows and controls it all.
`;
}

function renderChangelog(version: string, date: Date): string {
  const day = date.toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (.*) GMT$/, "$1, $2 $3 $4 $5 +0000");
  return `neuron-setup (${version}) unstable; urgency=medium

  * What is new stands in CHANGELOG.md of the sources.

 -- The Neuron authors <neuron@localhost.localdomain>  ${day}
`;
}

async function sizeKib(tree: string): Promise<number> {
  return Number(
    (await tool("du", ["--summarize", "--apparent-size", "--block-size=1K", tree], "coreutils")).split("\t")[0],
  );
}

async function checksums(tree: string): Promise<string> {
  const paths = (await tool("find", [tree, "-type", "f", "-printf", "%P\\n"], "findutils")).trim().split("\n").sort();
  const lines = await Promise.all(
    paths.map(async (path) =>
      `${createHash("md5").update(await Deno.readFile(join(tree, path))).digest("hex")}  ${path}\n`
    ),
  );
  return lines.join("");
}

if (import.meta.main) {
  await runTask(async () => {
    await ensurePackages(["dpkg", "git"], console.log);
    const form = await build(console.log, builtProgram);
    const deb = await buildDeb({ program: builtProgram, folder: distFolder });
    console.log(`dist/${basename(deb)}: ${await megabytes(deb)}, ${form}`);
  });
}
