/** The real program in a pseudo terminal made by `script` (package bsdutils), without a size unless one is given. */

const top = `${import.meta.dirname}/../../..`;
const deadlineMs = 60_000;

export class Pty implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";
  #seen = 0;

  /** @param through words before the program's own, such as setpriv's */
  constructor(
    args: readonly string[],
    { term, size, through = [] }: {
      readonly term: string;
      readonly size?: string;
      readonly through?: readonly string[];
    },
  ) {
    const command = [
      "exec",
      ...through,
      Deno.execPath(),
      "run",
      "-A",
      "--no-prompt",
      "--no-check",
      `${top}/main.ts`,
      ...args,
    ]
      .map((word) => `'${word}'`).join(" ").replace("'exec'", "exec");
    this.#process = new Deno.Command("script", {
      args: ["-qefc", size === undefined ? command : `stty ${size}; ${command}`, "/dev/null"],
      env: { TERM: term, NO_COLOR: "1", SHELL: "/bin/sh" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#keys = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Waits until `text` is on the terminal, after what was waited for before. Returns what came up to it. */
  async until(text: string): Promise<string> {
    const deadline = setTimeout(() => this.#process.kill(), deadlineMs);
    try {
      while (!this.#rest().includes(text)) {
        const { value, done } = await this.#output.read();
        if (done) throw new Error(`The program ended before it said "${text}". It said:\n${this.#text}`);
        this.#text += value;
      }
    } finally {
      clearTimeout(deadline);
    }
    const end = this.#rest().indexOf(text) + text.length;
    const upTo = this.#rest().slice(0, end);
    this.#seen += end;
    return upTo;
  }

  /** Everything that came so far. */
  get said(): string {
    return this.#text;
  }

  async send(keys: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(keys));
  }

  /** Reads to the end. The input stays open: what ends is the program. */
  async ended(): Promise<{ readonly code: number; readonly rest: string }> {
    const deadline = setTimeout(() => this.#process.kill(), deadlineMs);
    for (let read = await this.#output.read(); !read.done; read = await this.#output.read()) this.#text += read.value;
    const { code } = await this.#process.status;
    clearTimeout(deadline);
    return { code, rest: this.#rest() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keys.close().catch(() => {});
    try {
      this.#process.kill();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
    await this.#output.cancel();
    await this.#process.status;
  }

  /** What was not waited for yet, without cursor movements. */
  #rest(): string {
    // deno-lint-ignore no-control-regex -- escape sequences are what is taken out
    return this.#text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").slice(this.#seen);
  }
}
