/** The launcher of the self-extracting file: first starts that race, are killed or find no room, and what it refuses. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { cacheFolder } from "../../../packaging/build.ts";
import { buildSelfExtracting } from "../../../packaging/self_extracting.ts";
import { layOutHost } from "../../fixtures/hosts.ts";
import { builtFile, type Ended, run, withFolder } from "./built.ts";

/** A file with another program in it: as good as another version. */
async function otherFile(folder: string, program: string): Promise<string> {
  await Deno.mkdir(`${folder}/content/app`, { recursive: true });
  await Deno.writeTextFile(`${folder}/content/app/neuron-setup.js`, program);
  const file = `${folder}/${crypto.randomUUID()}`;
  await buildSelfExtracting(`${folder}/content`, file, cacheFolder());
  return file;
}

const hello = 'console.log("hello", ...Deno.args);\n';
const start = (file: string, runtime: string, env: Record<string, string> = {}) =>
  run([file, "there"], { env: { NEURON_RUNTIME_FOLDER: runtime, ...env } });

function assertSaidHello(ended: Ended): void {
  assertEquals(ended, { code: 0, signal: null, stdout: "hello there\n", stderr: "" });
}

function assertRefused(ended: Ended, says: RegExp): void {
  assertEquals(ended.code, 1, ended.stdout);
  assertMatch(ended.stderr, says);
  assertMatch(ended.stderr, /^error: [^\n]+\nhint: [^\n]+\n$/);
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const isHash = (name: string) => /^[0-9a-f]{64}$/.test(name);

/** The lock, and one whole version. */
function assertOneVersion(runtime: string): void {
  const found = names(runtime);
  assertEquals([found.length, found.filter(isHash).length, found.at(-1)], [2, 1, "lock"], found.join(" "));
}

Deno.test("first starts at once all work, and leave one folder", async () => {
  await withFolder(async (folder) => {
    const file = await otherFile(folder, hello);
    const all = await Promise.all(Array.from({ length: 6 }, () => start(file, `${folder}/runtime`)));
    all.forEach(assertSaidHello);
    assertOneVersion(`${folder}/runtime`);
  });
});

Deno.test("a first start killed at any of its changing system calls is made good by the next", async () => {
  await withFolder(async (folder) => {
    const file = await otherFile(folder, hello);
    const runtime = `${folder}/runtime`;
    const points = [
      ...[1, 2, 3, 4].map((when) => ["mkdir", when] as const),
      ...[1, 2, 3].map((when) => ["fsync", when] as const),
      ...[1, 40, 92].map((when) => ["write", when] as const),
      ["rename", 1] as const,
      ["flock", 1] as const,
    ];
    for (const [call, when] of points) {
      const inject = `inject=${call}:signal=KILL:when=${when}`;
      const killed = await run(
        ["strace", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject, file, "there"],
        {
          env: { NEURON_RUNTIME_FOLDER: runtime },
        },
      );
      assertEquals(killed.signal, "SIGKILL", `${call} ${when}: ${killed.stdout}${killed.stderr}`);
      assertSaidHello(await start(file, runtime));
      assertOneVersion(runtime);
      await Deno.remove(runtime, { recursive: true });
    }
  });
});

Deno.test("a full disk is said, nothing half stays, and with room the next start works", async () => {
  await withFolder(async (folder) => {
    const file = await otherFile(folder, hello);
    const small = `${folder}/small`;
    await Deno.mkdir(small);
    assertEquals((await run(["mount", "-t", "tmpfs", "-o", "size=50m,mode=0755", "small", small])).code, 0);
    try {
      assertRefused(await start(file, small), /No space left on device/);
      assertEquals(names(small), ["lock"]);
      assertEquals((await run(["mount", "-o", "remount,size=300m", small])).code, 0);
      assertSaidHello(await start(file, small));
      assertOneVersion(small);
      assertEquals((await run(["mount", "-o", "remount,noexec", small])).code, 0);
      assertRefused(await start(file, small), /Cannot run .*Permission denied/);
    } finally {
      await run(["umount", "--lazy", small]);
    }
  });
});

Deno.test("what others could change is never started", async () => {
  await withFolder(async (folder) => {
    const file = await otherFile(folder, hello);
    const open = `${folder}/open`;
    await Deno.mkdir(open);
    await Deno.chmod(open, 0o777);
    assertRefused(await start(file, open), /others can write there/);
    assertRefused(await start(file, `${open}/below`), /Refused to start from .*open: others can write/);
    await Deno.mkdir(`${folder}/theirs`);
    await Deno.chown(`${folder}/theirs`, 12345, 12345);
    assertRefused(await start(file, `${folder}/theirs`), /belongs to user 12345/);
    await Deno.symlink(open, `${folder}/link`);
    assertRefused(await start(file, `${folder}/link`), /open: others can write there/);
    assertRefused(await start(file, "relative/folder"), /no absolute path/);
    const runtime = `${folder}/runtime`;
    assertSaidHello(await start(file, runtime));
    await Deno.chmod(`${runtime}/${names(runtime)[0]}`, 0o777);
    assertRefused(await start(file, runtime), /others can write there/);
  });
});

Deno.test("a file that is not as it was made is refused, and leaves nothing", async () => {
  await withFolder(async (folder) => {
    const bytes = await Deno.readFile(await otherFile(folder, hello));
    const damaged = async (what: string, change: (copy: Uint8Array) => Uint8Array, says: RegExp) => {
      await Deno.writeFile(`${folder}/${what}`, change(bytes.slice()), { mode: 0o755 });
      assertRefused(await start(`${folder}/${what}`, `${folder}/runtime`), says);
      assertEquals(names(folder).includes("runtime") ? names(`${folder}/runtime`) : ["lock"], ["lock"]);
    };
    const flip = (at: number) => (copy: Uint8Array) => {
      copy[at]! ^= 1;
      return copy;
    };
    await damaged("middle", flip(bytes.length >> 1), /damaged/);
    await damaged("digest", flip(bytes.length - 48), /damaged: its SHA-256/);
    await damaged("short", (copy) => copy.slice(0, -1), /damaged: its end is missing/);
    await damaged("hollow", (copy) => {
      const tail = copy.slice(-80);
      return new Uint8Array([...copy.slice(0, copy.length - 5000), ...tail]);
    }, /damaged/);
  });
});

Deno.test("what was unpacked and is damaged since is unpacked anew", async () => {
  await withFolder(async (folder) => {
    const file = await otherFile(folder, hello);
    const runtime = `${folder}/runtime`;
    assertSaidHello(await start(file, runtime));
    const inside = `${runtime}/${names(runtime)[0]}`;
    await Deno.truncate(`${inside}/deno`, 1000);
    assertSaidHello(await start(file, runtime));
    await Deno.remove(`${inside}/app`, { recursive: true });
    assertSaidHello(await start(file, runtime));
    assertOneVersion(runtime);
  });
});

Deno.test("a new version sweeps the old one away, but not while that runs", async () => {
  await withFolder(async (folder) => {
    const runtime = `${folder}/runtime`;
    const waiting = await otherFile(folder, "console.log('up'); for await (const _ of Deno.stdin.readable);\n");
    const [second, third] = [await otherFile(folder, hello), await otherFile(folder, `${hello}// third\n`)];
    const child = new Deno.Command(waiting, {
      env: { NEURON_RUNTIME_FOLDER: runtime },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    assertSaidHello(await start(second, runtime));
    assertEquals(names(runtime).filter(isHash).length, 2);
    await child.stdin.close();
    assertEquals((await child.status).code, 0);
    await reader.cancel();
    assertSaidHello(await start(third, runtime));
    assertOneVersion(runtime);
  });
});

Deno.test("neither variables, streams, names nor the working folder of the caller matter", async () => {
  await withFolder(async (folder) => {
    const file = await otherFile(
      folder,
      'console.log(Deno.args.join("|"), Deno.env.get("LD_PRELOAD"), Deno.env.get("NODE_EXTRA_CA_CERTS"));\n',
    );
    const runtime = `${folder}/a folder # 100%/ü`;
    const hostile = {
      NEURON_RUNTIME_FOLDER: runtime,
      LD_PRELOAD: "/nonexistent.so",
      LD_LIBRARY_PATH: "/nonexistent",
      GLIBC_TUNABLES: "glibc.malloc.check=9",
      DENO_DIR: "/proc/nonexistent",
      DENO_V8_FLAGS: "--no-such-flag",
      DENO_CERT: "/nonexistent",
      NODE_OPTIONS: "--require=/nonexistent",
      RUST_LOG: "trace",
      NODE_EXTRA_CA_CERTS: "/etc/ssl/certs/ca-certificates.crt",
    };
    await Deno.mkdir(`${folder}/cwd`);
    for (const [name, text] of [["deno.json", "{ nonsense"], ["package.json", "nonsense"], [".npmrc", "nonsense"]]) {
      await Deno.writeTextFile(`${folder}/cwd/${name}`, text!);
    }
    const said = "one|--two| undefined /etc/ssl/certs/ca-certificates.crt\n";
    const words = ["one", "--two", ""];
    const ended = await run([file, ...words], { env: hostile, cwd: `${folder}/cwd` });
    assertEquals(ended, { code: 0, signal: null, stdout: said, stderr: "" });
    const shell = async (script: string) => await run(["bash", "-c", script, "bash", file, folder], { env: hostile });
    for (const name of ["deno", "dx", "", "x".repeat(5000)]) {
      assertEquals(
        (await shell(`unset LD_PRELOAD; exec -a '${name}' "$1" one --two ''`)).stdout,
        said,
        name.slice(0, 9),
      );
    }
    assertEquals((await shell(`unset LD_PRELOAD; "$1" one --two '' <&- 2>&-`)).stdout, said);
    assertEquals((await shell('unset LD_PRELOAD; "$1" one --two "" >&- <&-')).code, 0);
    assertEquals(
      (await shell(`unset LD_PRELOAD; mkdir "$2/gone" && cd "$2/gone" && rmdir "$2/gone" && "$1" --two`)).code,
      0,
    );
    for (const mask of ["0777", "0000"]) {
      const fresh = `export NEURON_RUNTIME_FOLDER="$2/mask${mask}"; unset LD_PRELOAD; umask ${mask}; "$1" one --two ''`;
      assertEquals((await shell(fresh)).stdout, said, mask);
    }
  });
});

Deno.test("a person without root rights and without a home has a runtime too, and root's is not asked for", async () => {
  await withFolder(async (folder) => {
    const file = await otherFile(folder, hello);
    await Deno.chmod(folder, 0o755);
    await Deno.mkdir(`${folder}/home`);
    await Deno.chown(`${folder}/home`, 54321, 54321);
    const as = (env: Record<string, string>) =>
      run(["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", file, "there"], { env });
    assertSaidHello(await as({ HOME: `${folder}/home` }));
    assertOneVersion(`${folder}/home/.cache/neuron/runtime`);
    assertSaidHello(await as({ HOME: "relative" }));
    const fallback = "/var/tmp/neuron-54321";
    assertOneVersion(`${fallback}/runtime`);
    await Deno.remove(fallback, { recursive: true });
    await Deno.mkdir(fallback);
    await Deno.chown(fallback, 12345, 12345);
    try {
      assertRefused(await as({}), /Cannot make the folder|belongs to user 12345/);
    } finally {
      await Deno.remove(fallback, { recursive: true });
    }
  });
});

Deno.test("units of systemd start the file itself, wherever it is, and the installed one where there is one", async () => {
  await withFolder(async (folder) => {
    await layOutHost("intel-z690-rx6650xt", `${folder}/machine`);
    await Deno.mkdir(`${folder}/live`);
    const script = `set -e
cp "$1" /usr/local/bin/neuron
/usr/local/bin/neuron plan --json
echo; echo ---
mv /usr/local/bin/neuron /usr/bin/neuron-setup
neuron-setup plan --json`;
    const enter = new URL("../provision/live_enter.sh", import.meta.url).pathname;
    const ended = await run([
      ...["unshare", "--mount", "--net", "--pid", "--fork", "--", "sh", enter] as const,
      ...[`${folder}/live`, `${folder}/machine`, "sh", "-c", script, "sh", await builtFile()],
    ]);
    assertEquals(ended.code, 0, ended.stderr);
    const [elsewhere, installed] = ended.stdout.split("\n---\n");
    assertStringIncludes(elsewhere!, "/usr/local/bin/neuron prove --restart");
    assertStringIncludes(installed!, "/usr/bin/neuron-setup prove --restart");
    assert(!ended.stdout.includes("/runtime/"));
  });
});
