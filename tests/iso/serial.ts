/** The serial line as a person with a terminal program has it: what comes is read, what is typed is sent. */
import { DeadlineError } from "../machine/deadline.ts";

/** ECMA-48: what moves the cursor and colours; and the charset of a VT. */
// deno-lint-ignore no-control-regex -- escape sequences are what is taken out
const control = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78Mc])|[\x00-\x08\x0b-\x0c\x0e-\x1f]/g;

// deno-lint-ignore no-control-regex -- escape sequences are what is taken out
const unfinished = /\x1b(?:\[[0-9;?]*[ -/]*|[()])?$/;

export class Serial {
  #connection: Deno.UnixConn | null = null;
  #text = "";
  /** Up to here it was waited for. */
  #seen = 0;
  #heard: (() => void)[] = [];
  #ended = false;

  static async connect(path: string): Promise<Serial> {
    const serial = new Serial();
    serial.#connection = await Deno.connect({ transport: "unix", path });
    serial.#read(serial.#connection.readable);
    return serial;
  }

  /** Without what only moves the cursor. What has begun and not ended yet is not told. */
  get text(): string {
    return this.#text.replace(unfinished, "").replaceAll(control, "");
  }

  /** Waits for words behind those that were waited for before, and gives what they matched. */
  async until(words: RegExp, deadlineMs: number): Promise<RegExpExecArray> {
    const deadline = performance.now() + deadlineMs;
    while (true) {
      const text = this.text;
      const match = words.exec(text.slice(this.#seen));
      if (match !== null) {
        this.#seen += match.index + match[0].length;
        return match;
      }
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.#ended) {
        const last = text.slice(-1500);
        throw new DeadlineError(`${this.#ended ? "it ended" : `not within ${deadlineMs / 1000} s`}: ${words}\n${last}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, 1000));
        this.#heard.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async type(keys: string): Promise<void> {
    let bytes: Uint8Array = new TextEncoder().encode(keys);
    while (bytes.length > 0) bytes = bytes.subarray(await this.#connection!.write(bytes));
  }

  close(): void {
    try {
      this.#connection?.close();
    } catch {
      // Closed by its end.
    }
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        this.#text += text;
        for (const tell of this.#heard.splice(0)) tell();
      }
    } catch {
      // QEMU was killed: its end.
    }
    this.#ended = true;
    for (const tell of this.#heard.splice(0)) tell();
  }
}
