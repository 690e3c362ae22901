/** A small Debian to install packages into: made by mmdebstrap from the build machine's apt sources, away afterwards. */
import { release, sourceFiles } from "../../packaging/apt_sources.ts";
import { tool } from "../../packaging/tool.ts";

export interface Ran {
  readonly code: number;
  /** stdout and stderr, as a person sees them. */
  readonly said: string;
}

export class Chroot implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Chroot> {
    const folder = await Deno.makeTempDir({ prefix: "neuron-deb-test-" });
    await tool("mmdebstrap", [
      "--quiet",
      "--mode=root",
      "--variant=apt",
      '--aptopt=APT::Install-Recommends "false"',
      "--include=debconf,openssl,systemd,init-system-helpers",
      await release(),
      `${folder}/root`,
      ...await sourceFiles(),
    ]);
    const chroot = new Chroot(`${folder}/root`);
    await tool("mount", ["-t", "proc", "proc", `${chroot.folder}/proc`]);
    return chroot;
  }

  async run(...argv: readonly string[]): Promise<Ran> {
    const { code, stdout, stderr } = await new Deno.Command("chroot", {
      args: [this.folder, ...argv],
      stdin: "null",
      clearEnv: true,
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        DEBIAN_FRONTEND: "noninteractive",
        LC_ALL: "C.UTF-8",
        NO_COLOR: "1",
      },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, said: `${text(stdout)}${text(stderr)}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await tool("umount", ["--lazy", `${this.folder}/proc`]);
    await Deno.remove(this.folder.replace(/\/root$/, ""), { recursive: true });
  }
}
