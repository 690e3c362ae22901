/**
 * The command channel into the PC: image/overlay/usr/local/sbin/test-agent runs scripts one after another. It says hello
 * with the id of the boot, so that a reboot is seen as such and a script that it ended is not waited for.
 */
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { within } from "./deadline.ts";
import { type Lines, openLines } from "./lines.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The PC went down, or up again, while a script ran. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

interface Waiting {
  readonly id: string;
  readonly resolve: (ran: Ran) => void;
  readonly reject: (error: Error) => void;
}

export class Agent {
  #lines: Lines | null = null;
  #waiting: Waiting | null = null;
  #bootId: string | null = null;
  #greeted: ((bootId: string) => void)[] = [];
  /** Tells answers to this connection from those to an earlier one. */
  readonly #name = crypto.randomUUID();
  #count = 0;

  static async connect(socket: string): Promise<Agent> {
    const agent = new Agent();
    agent.#lines = await openLines(socket, (line) => agent.#hear(line));
    agent.#lines.ended.then(() => agent.#interrupt("the PC was switched off"));
    return agent;
  }

  /** Id of the running boot; null until its agent has said hello. */
  get bootId(): string | null {
    return this.#bootId;
  }

  /** The id of the next boot that is not `before`. */
  async booted(before: string | null, deadlineMs: number): Promise<string> {
    if (this.#bootId !== null && this.#bootId !== before) return this.#bootId;
    const hello = new Promise<string>((resolve) => this.#greeted.push(resolve));
    return await within(deadlineMs, "the PC has started and its agent says hello", hello);
  }

  /** Runs a script; one at a time. */
  async run(script: string, deadlineMs: number): Promise<Ran> {
    if (this.#waiting !== null) throw new Error("the PC runs one script at a time");
    const id = `${this.#name}-${++this.#count}`;
    const answer = new Promise<Ran>((resolve, reject) => this.#waiting = { id, resolve, reject });
    try {
      await this.#lines!.send(`${id} ${encodeBase64(script)}`);
      return await within(deadlineMs, `the script has ended: ${script.slice(0, 200)}`, answer);
    } finally {
      this.#waiting = null;
    }
  }

  close(): void {
    this.#lines?.close();
  }

  #hear(line: string): void {
    const hello = /^hello ([0-9a-f-]{36})$/.exec(line);
    if (hello !== null) {
      if (this.#bootId !== null && this.#bootId !== hello[1]) this.#interrupt("the PC has started anew");
      this.#bootId = hello[1]!;
      for (const greet of this.#greeted.splice(0)) greet(this.#bootId);
      return;
    }
    const [id, code, stdout, stderr] = line.split(" ");
    if (this.#waiting?.id !== id || stderr === undefined) return;
    const text = (word: string) => decodeBase64(word.replace(/\.$/, ""));
    this.#waiting!.resolve({ code: Number(code), stdout: text(stdout!), stderr: text(stderr) });
  }

  #interrupt(why: string): void {
    this.#waiting?.reject(new InterruptedError(why));
  }
}
