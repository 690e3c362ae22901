/**
 * A daemon on a unix socket that speaks libvirt's framing and then says whatever a test wants: what a real daemon cannot be
 * made to do. It lets every client in.
 */
import { remoteProgram } from "../../../libvirt/protocol/remote.gen.ts";
import { frame, FrameReader, type Message } from "../../../libvirt/wire.ts";
import type { XdrWriter } from "../../../libvirt/xdr.ts";

export type { Message };

export interface Client {
  readonly connection: Deno.UnixConn;
  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): Promise<void>;
  /** Sends a message; what is left out is that of a good reply to `call`. */
  reply(call: Message, changes?: Partial<Message>, write?: (writer: XdrWriter) => void): Promise<void>;
}

export interface FakeDaemon {
  uri: string;
  /** Calls heard so far, keepalive and the opening's included, by procedure number. */
  heard: number[];
}

const { AUTH_LIST, CONNECT_OPEN, CONNECT_SUPPORTS_FEATURE, CONNECT_CLOSE } = remoteProgram.procedures;

/** Runs a test with a fake daemon. `answer` is given every message after the opening. */
export async function withFakeDaemon(
  answer: (message: Message, client: Client) => unknown,
  run: (daemon: FakeDaemon) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fake-libvirtd-" });
  const listener = Deno.listen({ transport: "unix", path: `${folder}/sock` });
  const heard: number[] = [];
  const clients: Promise<void>[] = [];
  const open = new Set<Deno.UnixConn>();
  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      clients.push(serve(connection, heard, answer).catch(ignoreClosed).finally(() => open.delete(connection)));
    }
  })().catch(ignoreClosed);
  try {
    await run({ uri: `qemu:///system?socket=${folder}/sock`, heard });
  } finally {
    listener.close();
    for (const connection of open) closeQuietly(connection);
    await accepting;
    await Promise.all(clients);
    await Deno.remove(folder, { recursive: true });
  }
}

/** What follows from either side closing its end. */
function ignoreClosed(error: unknown): void {
  const ends = [Deno.errors.BadResource, Deno.errors.Interrupted, Deno.errors.BrokenPipe, Deno.errors.ConnectionReset];
  if (!ends.some((each) => error instanceof each)) throw error;
}

function closeQuietly(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch (error) {
    ignoreClosed(error);
  }
}

async function serve(
  connection: Deno.UnixConn,
  heard: number[],
  answer: (message: Message, client: Client) => unknown,
): Promise<void> {
  const client: Client = {
    connection,
    raw: async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    },
    reply: (call, changes = {}, write = () => {}) =>
      client.raw(frame({ ...call, type: 1, status: 0, ...changes }, write)),
  };
  const frames = new FrameReader();
  try {
    for (;;) {
      const count = await connection.read(frames.space());
      if (count === null) return;
      frames.filled(count);
      for (let message = frames.next(); message !== undefined; message = frames.next()) {
        heard.push(message.procedure);
        if (!await letIn(message, client)) await answer({ ...message, payload: message.payload.slice() }, client);
      }
    }
  } finally {
    closeQuietly(connection);
  }
}

/** Answers what every client says first and last. */
async function letIn(message: Message, client: Client): Promise<boolean> {
  if (message.program !== remoteProgram.id || message.type !== 0) return false;
  switch (message.procedure) {
    case AUTH_LIST?.number:
      await client.reply(message, {}, (writer) => (writer.uint(1), writer.int(0)));
      return true;
    case CONNECT_SUPPORTS_FEATURE?.number:
      await client.reply(message, {}, (writer) => writer.int(1));
      return true;
    case CONNECT_OPEN?.number:
    case CONNECT_CLOSE?.number:
      await client.reply(message);
      return true;
    default:
      return false;
  }
}
