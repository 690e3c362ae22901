/**
 * A libvirtd of our own for the try-out: in its own mount, network and process namespaces, so that the machine's
 * libvirt, its networks and its folders are neither seen nor touched. Everything it keeps lies below one folder, so a
 * second start finds the same VMs. It never outlives us: see private_libvirtd.sh.
 */
import { AppError } from "../../model/errors.ts";

export interface PrivateLibvirtd {
  /** libvirt URI of its QEMU driver. */
  readonly qemuUri: string;
  /** libvirt URI of its test driver. */
  readonly testUri: string;
  /** Folder that the daemon and its guests see as /var/lib/libvirt/images. */
  readonly imagesFolder: string;
  stop(): Promise<void>;
}

const startDeadlineMs = 20_000;

/**
 * Starts it and waits until its socket is there. `home` keeps its files; `sockets` must be a short path (a unix
 * socket's path ends at 107 bytes). Throws AppError `hypervisor` with the daemon's own words.
 */
export async function startPrivateLibvirtd(home: string, sockets: string): Promise<PrivateLibvirtd> {
  await Deno.mkdir(home, { recursive: true });
  await Deno.mkdir(sockets, { recursive: true, mode: 0o700 });
  const socket = `${sockets}/libvirt-sock`;
  await Deno.remove(socket).catch(() => {}); // of a run that was killed
  const script = `${import.meta.dirname}/private_libvirtd.sh`;
  // In a session of its own: Ctrl-C in the terminal is for us; we end the daemon when its VMs are saved.
  const child = new Deno.Command("setsid", {
    args: ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "sh", script, home, sockets],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const words = new Response(child.stderr).text();
  let ended = false;
  const status = child.status.finally(() => ended = true);

  const deadline = Date.now() + startDeadlineMs;
  while (!await accepts(socket)) {
    if (ended || Date.now() > deadline) {
      if (!ended) child.kill("SIGKILL");
      const log = await Deno.readTextFile(`${home}/libvirtd.log`).catch(() => "");
      const said = [await words, log].join("\n").trim().split("\n").slice(-4).join(" · ");
      throw new AppError("hypervisor", `Cannot start a private libvirtd: ${said || "it said nothing"}`, {
        hint: "It needs root rights and new namespaces (unshare --mount --net --pid); containers must allow them",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  return {
    qemuUri: `qemu:///system?socket=${socket}`,
    testUri: `test:///default?socket=${socket}`,
    imagesFolder: `${home}/var/lib/libvirt/images`,
    async stop() {
      await child.stdin.close().catch(() => {}); // it may be gone already
      await status;
      await words;
      await Deno.remove(sockets, { recursive: true }).catch(() => {});
    },
  };
}

async function accepts(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}
