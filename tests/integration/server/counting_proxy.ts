/**
 * Stands between a libvirt client and its daemon on a unix socket and counts the calls that pass: an independent answer to
 * "does it ask for anything?". Keepalive is not a call. Can break every connection, as a dying daemon does.
 */

const KEEPALIVE_PROGRAM = 0x6b656570;
const TYPE_CALL = 0;

export interface CountingProxy {
  readonly socket: string;
  readonly calls: number;
  close(): void;
}

export function startCountingProxy(socket: string, daemon: string): CountingProxy {
  let calls = 0;
  const listener = Deno.listen({ transport: "unix", path: socket });
  const open = new Set<Deno.Conn>();
  const serve = async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ transport: "unix", path: daemon }).catch(() => null);
      if (server === null) {
        client.close();
        continue;
      }
      open.add(client).add(server);
      const end = () => [client, server].forEach((each) => open.delete(each) && each.close());
      const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform: countCalls(() => calls++),
      });
      Promise.allSettled([
        client.readable.pipeThrough(counting).pipeTo(server.writable),
        server.readable.pipeTo(client.writable),
      ].map((pipe) => pipe.finally(() => closeQuietly(end))));
    }
  };
  serve().catch(() => {});
  return {
    socket,
    get calls() {
      return calls;
    },
    close: () => {
      listener.close();
      for (const connection of open) closeQuietly(() => connection.close());
    },
  };
}

/** Every message begins with its own length; program is the second word, type the fifth. */
function countCalls(count: () => void) {
  let unread = new Uint8Array(0);
  return (chunk: Uint8Array<ArrayBuffer>, controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
    controller.enqueue(chunk);
    const joined = new Uint8Array(unread.length + chunk.length);
    joined.set(unread);
    joined.set(chunk, unread.length);
    unread = joined;
    while (unread.length >= 28) {
      const view = new DataView(unread.buffer, unread.byteOffset);
      const length = view.getUint32(0);
      if (unread.length < length) return;
      if (view.getUint32(4) !== KEEPALIVE_PROGRAM && view.getUint32(16) === TYPE_CALL) count();
      unread = unread.slice(length);
    }
  };
}

function closeQuietly(close: () => void): void {
  try {
    close();
  } catch {
    // Closed by the other end already.
  }
}
