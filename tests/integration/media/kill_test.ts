/**
 * A download in a process of its own, killed: anywhere in the middle, and inside each kind of system call that changes
 * something. What a power cut loses beyond a kill, the bytes that were not fsynced, is spoilt before the next try. At
 * the end there are the right bytes, and never a name without them. And a random series of everything at once.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { faultyServer, type Reply } from "./faulty_server.ts";
import { assertFinished, discImage, fetchInto, type Place, place, sha256 } from "./place.ts";
import { AppError } from "../../../model/errors.ts";

const content = discImage(1_500_000);
const known = { sha256: sha256(content), sizeBytes: content.length };
const script = new URL("./download_once.ts", import.meta.url).pathname;
const program = [Deno.execPath(), "run", "--allow-all", "--no-check", "--cached-only", script];

Deno.test("killed anywhere, with everything lost that was not made durable, it ends with the right bytes", async () => {
  using where = place();
  await using server = await faultyServer(content, () => ({ paceMs: 3 }));
  const root = where.folder.slice(0, -"/images".length);
  let went = 0;
  for (const killAt of [10_000, 250_000, 500_000, 400_000, 600_000]) {
    const before = server.bytesSent();
    const child = new Deno.Command(program[0]!, {
      args: [...program.slice(1), root, server.url, known.sha256],
      stdout: "null",
    })
      .spawn();
    const ended = child.status;
    while (server.bytesSent() - before < killAt) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill("SIGKILL");
    await ended;
    assertEquals(where.names().filter((name) => !/^(\.|file\.iso\.part)/.test(name)), []);
    went = Math.max(went, loseWhatWasNotDurable(where));
  }
  assert(went > 0, "no kill left anything to go on with");
  await fetchInto(where, { link: server.url, ...known });
  assertFinished(where, content);
});

Deno.test("killed inside any changing system call, the next run ends as if nothing had happened", async () => {
  await using server = await faultyServer(content);
  let killed = 0;
  for (const call of ["fsync", "rename", "unlink", "fchmodat,chmod", "ftruncate", "write"]) {
    for (const when of call === "write" ? [9, 14] : [1, 2, 3]) {
      using where = place();
      const root = where.folder.slice(0, -"/images".length);
      const status = await strace(`inject=${call}:signal=KILL:when=${when}`, call, [root, server.url, known.sha256]);
      if (status.signal === "SIGKILL") killed++;
      const names = where.names();
      // The name is given last: whoever finds it finds the right bytes, and the record that says so.
      if (names.includes("file.iso")) {
        assertEquals(sha256(where.bytes()), known.sha256);
        assertEquals(JSON.parse(Deno.readTextFileSync(where.note("file.iso"))).sha256, known.sha256);
      } else loseWhatWasNotDurable(where);
      await fetchInto(where, { link: server.url, ...known });
      assertEquals(where.names().filter((name) => !name.includes(".part")), ["file.iso"]);
      assertEquals(sha256(where.bytes()), known.sha256);
    }
  }
  assert(killed >= 8, `only ${killed} runs were really killed`);
});

Deno.test("the system calls at the end: fsync of the file, record, rename, fsync of the folder", async () => {
  using where = place();
  await using server = await faultyServer(discImage(50_000));
  const log = await Deno.makeTempFile();
  const root = where.folder.slice(0, -"/images".length);
  await strace("trace=fsync,rename,unlink", "fsync,rename,unlink", [root, server.url, ""], ["-y", "-o", log]);
  const calls = Deno.readTextFileSync(log).split("\n")
    .flatMap((line) => /\b(fsync|rename|unlink)\((.*)\)/.exec(line)?.slice(1, 3).join(" ").replaceAll(root, "") ?? [])
    .filter((line) => line.includes("/images"))
    .map((line) => line.replaceAll("/var/lib/neuron/media/images", "NOTES"))
    .map((line) => line.replace(/ \d+</, " <"));
  assertEquals(calls.slice(-8), [
    "fsync <NOTES/.file.iso.json.neuron-tmp>",
    'rename "NOTES/.file.iso.json.neuron-tmp", "NOTES/file.iso.json"',
    "fsync <NOTES>",
    "fsync </images/file.iso.part>",
    'rename "/images/file.iso.part", "/images/file.iso"',
    "fsync </images>",
    'unlink "NOTES/file.iso.part.json"',
    "fsync <NOTES>",
  ]);
  await Deno.remove(log);
});

Deno.test("a random series of faults, interruptions and lost writes ends with the right bytes or a refusal", async () => {
  const fault = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Reply>({}) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 60_000 }).map((cutAfter): Reply => ({ cutAfter })) },
    fc.constantFrom<Reply>({ status: 500 }, { status: 416 }, { ignoreRange: true }, { etag: '"second"' }),
    fc.constantFrom<Reply>({ etag: null }, { etag: 'W/"weak"' }, { content: discImage(1_500_000), etag: '"other"' }),
    fc.integer({ min: 0, max: content.length - 1 }).map((flip): Reply => ({ flip })),
  );
  const run = fc.record({
    faults: fc.array(fault, { maxLength: 12 }),
    connections: fc.constantFrom(1, 2, 4),
    lost: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 4 }), async (runs) => {
      using where = place();
      for (const { faults, connections, lost } of runs) {
        await using server = await faultyServer(content, ({ number }) => faults[number] ?? {});
        try {
          await fetchInto(where, { link: server.url, ...known }, { limits: { connections } });
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          assertEquals(where.names().includes("file.iso"), false);
          if (lost) loseWhatWasNotDurable(where);
        }
      }
      await using server = await faultyServer(content);
      await fetchInto(where, { link: server.url, ...known });
      assertFinished(where, content);
    }),
    { numRuns: 25 },
  );
});

/** Spoils every byte of the part that its state does not claim. Returns how many it claims. */
function loseWhatWasNotDurable({ folder, note }: Place): number {
  const part = `${folder}/file.iso.part`;
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(part);
  } catch {
    return 0;
  }
  const claimed = new Uint8Array(bytes.length).fill(0x5a);
  let count = 0;
  for (const [start, end] of claims(note("file.iso.part"))) {
    claimed.set(bytes.subarray(start, end), start);
    count += end - start;
  }
  Deno.writeFileSync(part, claimed);
  return count;
}

function claims(path: string): [number, number][] {
  try {
    return JSON.parse(Deno.readTextFileSync(path)).finished;
  } catch {
    return [];
  }
}

async function strace(
  inject: string,
  trace: string,
  args: readonly string[],
  more: readonly string[] = ["-o", "/dev/null"],
): Promise<Deno.CommandStatus> {
  const words = ["-f", "-qq", "-e", `trace=${trace}`, "-e", "signal=none", "-e", inject, ...more, ...program, ...args];
  try {
    return await new Deno.Command("strace", { args: words, stdout: "null", stderr: "null" }).spawn().status;
  } catch (error) {
    throw new Error("strace is needed: apt install strace", { cause: error });
  }
}
