import { assert, assertEquals, assertMatch } from "@std/assert";
import { buildPage } from "../../../ui/build.ts";

const main = `${import.meta.dirname}/../../../main.ts`;

function serve(state: string, ...words: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-prompt", "--no-check", main, "serve", "--state", state, ...words],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
}

Deno.test("serve prints the page and a link, keeps people signed in over a restart, and ends cleanly on TERM", async () => {
  await buildPage();
  const state = await Deno.makeTempDir();
  try {
    let cookie: string | undefined;
    let listen = "127.0.0.1:0";
    for (let start = 0; start < 2; start++) {
      const child = serve(state, "--listen", listen, "--connect", "test:///default?socket=/nonexistent");
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      while (!/sign-in#[\w-]{22}\n/.test(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`serve ended early: ${text}`);
        text += value;
      }
      const [, origin, code] = /(http:\/\/[\d.:]+)\/sign-in#([\w-]{22})/.exec(text)!;
      listen = origin!.slice("http://".length);
      if (cookie === undefined) {
        const response = await fetch(`${origin}/api/v1/session`, {
          method: "POST",
          headers: { origin: origin!, "x-neuron-request": "1", "content-type": "application/json" },
          body: JSON.stringify({ code }),
        });
        await response.body?.cancel();
        cookie = response.headers.get("set-cookie")!.split(";")[0]!;
      }
      const system = await fetch(`${origin}/api/v1/system`, { headers: { cookie } });
      assertEquals(system.status, 200, start === 0 ? "signed in" : "still signed in after the restart");
      assertMatch((await system.json()).hypervisor.uri, /^test:/);
      child.kill("SIGTERM");
      assertEquals((await child.status).code, 0);
      await reader.cancel();
      await child.stderr.cancel();
    }
  } finally {
    await Deno.remove(state, { recursive: true });
  }
});

Deno.test("serve refuses to be reached by others without HTTPS, and a port that is taken, with a hint", async () => {
  const state = await Deno.makeTempDir();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    for (const listen of ["0.0.0.0:8443", "[::]:8443", `127.0.0.1:${taken.addr.port}`]) {
      const { code, stderr } = await serve(state, "--listen", listen).output();
      const said = new TextDecoder().decode(stderr);
      assertEquals(code, 1, said);
      assert(/^error: .+\nhint: .+/m.test(said), said);
    }
  } finally {
    taken.close();
    await Deno.remove(state, { recursive: true });
  }
});
