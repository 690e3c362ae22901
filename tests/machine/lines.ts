/** A socket of QEMU's as lines of text: QMP and the PC's command channel both speak so. */

/** A line is lost when nobody listens: both protocols name what an answer belongs to. */
export interface Lines {
  send(line: string): Promise<void>;
  /** Closes the connection; `ended` settles. */
  close(): void;
  /** Settles when the other side is gone. */
  readonly ended: Promise<void>;
}

/** Connects to a socket, which must be there already. */
export async function openLines(path: string, hear: (line: string) => void): Promise<Lines> {
  const connection = await Deno.connect({ transport: "unix", path });
  const encoder = new TextEncoder();
  const read = async () => {
    let unread = "";
    try {
      for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
        const lines = (unread + text).split("\n");
        unread = lines.pop()!;
        for (const line of lines) hear(line.trimEnd());
      }
    } catch {
      // Killed or closed: the same as its end.
    }
  };
  const ended = read();
  return {
    ended,
    close: () => {
      try {
        connection.close();
      } catch {
        // Already closed by its end.
      }
    },
    async send(line) {
      let bytes = encoder.encode(`${line}\n`);
      while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
    },
  };
}
