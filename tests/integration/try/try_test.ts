/**
 * `deno task start` as a person uses it: the real program, a real private libvirtd, a real VM, Ctrl-C, and again.
 * Needs root, QEMU and libvirt (tests/run.ts installs them).
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";

const main = join(import.meta.dirname!, "../../../main.ts");
const deadlineMs = 60_000;

/** The running try-out, and what it has said so far on both streams. */
class TryOut {
  readonly #child: Deno.ChildProcess;
  readonly #pumps: Promise<void>[];
  said = "";

  constructor(folder: string, ...args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", main, "try", "--folder", folder, "--listen", "127.0.0.1:0", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#pumps = [this.#child.stdout, this.#child.stderr].map((stream) => this.#pump(stream));
  }

  async #pump(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) this.said += decoder.decode(bytes, { stream: true });
  }

  /** Waits for the words; fails with all that was said when they do not come. */
  async saying(pattern: RegExp): Promise<RegExpExecArray> {
    const end = Date.now() + deadlineMs;
    for (;;) {
      const match = pattern.exec(this.said);
      if (match !== null) return match;
      assert(Date.now() < end, `It never said ${pattern}, but:\n${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async end(signal: Deno.Signal): Promise<number> {
    this.#child.kill(signal);
    const { code } = await this.#child.status;
    await Promise.all(this.#pumps);
    return code;
  }
}

/** Signs in by the one-time link as the page does, and gives back a fetch of the API with the session's cookie. */
async function signIn(tried: TryOut): Promise<(path: string) => Promise<unknown>> {
  const [, base, code] = await tried.saying(/Sign in once: +(http:\S+)\/sign-in#(\S+)/);
  const response = await fetch(`${base}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", "origin": base!, "x-neuron-request": "1" },
    body: JSON.stringify({ code }),
  });
  const said = await response.text();
  assert(response.ok, `signing in: ${response.status} ${said}`);
  const cookie = response.headers.getSetCookie()[0]!.split(";")[0]!;
  return async (path) => {
    const answer = await fetch(`${base}/api/v1/${path}`, { headers: { cookie } });
    assertEquals(answer.status, 200, path);
    return await answer.json();
  };
}

interface Listed {
  domains: { name: string; state: string }[];
}

/** Everything below a folder with size and time, but for what may change: the try-out must not touch it. */
async function fingerprint(...folders: string[]): Promise<string> {
  const args = [...folders, "-printf", "%p %s %T@ %m %l\\n"];
  const { stdout } = await new Deno.Command("find", { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout).split("\n").sort().join("\n");
}

Deno.test("task start: a real VM, saved by Ctrl-C and brought back by the next start; the machine untouched", async () => {
  const folder = await Deno.makeTempDir({ prefix: "try-" });
  const machine = ["/etc", "/boot", "/var/lib/libvirt", "/var/log/libvirt"];
  const before = await fingerprint(...machine);
  try {
    const first = new TryOut(folder);
    const api = await signIn(first);
    assertMatch(first.said, /Rehearsed on a copy/);
    const { domains } = await api("domains") as Listed;
    assertEquals(domains.map(({ name, state }) => [name, state]), [["hello", "running"]]);
    assertEquals((await api("detection") as { schema: string }).schema, "neuron.detect/1");
    assertEquals(await first.end("SIGINT"), 0);
    assertStringIncludes(first.said, 'Saved the VM "hello"');

    const second = new TryOut(folder);
    const again = await signIn(second);
    assertStringIncludes(second.said, 'Brought the VM "hello" back');
    assertEquals((await again("domains") as Listed).domains.map(({ state }) => state), ["running"]);
    // Killed without a word: the daemon and its guests must not outlive it.
    await second.end("SIGKILL");
    await gone(folder);

    const third = new TryOut(folder);
    await signIn(third);
    assertEquals(await third.end("SIGTERM"), 0);
    await gone(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(await fingerprint(...machine), before);
});

Deno.test("task start --demo-host: a dozen VMs, and the plan of that machine", async () => {
  const folder = await Deno.makeTempDir({ prefix: "try-" });
  try {
    const tried = new TryOut(folder, "--demo-host", "intel-z370-gt1030");
    const api = await signIn(tried);
    assertEquals((await api("domains") as Listed).domains.length, 12);
    const { steps } = await api("plan") as { steps: { name: string; changes: unknown[] }[] };
    assert(steps.some(({ name, changes }) => name === "vfio_binding" && changes.length > 0));

    const other = new TryOut(folder, "--demo-host", "intel-z370-gt1030");
    await other.saying(/hint: End that one with Ctrl-C/);
    assertEquals(await tried.end("SIGINT"), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("task start --demo-host with an unknown name says which there are", async () => {
  const folder = await Deno.makeTempDir({ prefix: "try-" });
  try {
    const tried = new TryOut(folder, "--demo-host", "../../etc");
    await tried.saying(/There is no demonstration machine[^\n]*\nhint: There are: [^\n]*intel-z370-gt1030/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Waits until no process has a file of the folder in its command line any more. */
async function gone(folder: string): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const { stdout } = await new Deno.Command("pgrep", { args: ["--full", folder], stderr: "null" }).output();
    const left = new TextDecoder().decode(stdout).trim();
    if (left === "") return;
    assert(Date.now() < end, `These processes outlived the try-out: ${left.replaceAll("\n", " ")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
