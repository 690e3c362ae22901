/** QEMU's monitor, as much of it as the tests need. Source: QEMU "QMP Protocol Specification". */
import { within } from "./deadline.ts";
import { type Lines, openLines } from "./lines.ts";

const ANSWER_DEADLINE_MS = 60_000;

export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

export class Qmp {
  #lines: Lines | null = null;
  #answers = new Map<number, (answer: Answer) => void>();
  #count = 0;
  /** Everything QEMU said by itself, oldest first: RESET, SHUTDOWN, GUEST_PANICKED. */
  readonly events: QmpEvent[] = [];

  static async connect(socket: string): Promise<Qmp> {
    const qmp = new Qmp();
    qmp.#lines = await openLines(socket, (line) => qmp.#hear(line));
    await qmp.execute("qmp_capabilities");
    return qmp;
  }

  async execute(command: string, words: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#count;
    const heard = new Promise<Answer>((resolve) => this.#answers.set(id, resolve));
    await this.#lines!.send(JSON.stringify({ execute: command, arguments: words, id }));
    const answer = await within(ANSWER_DEADLINE_MS, `QEMU answers ${command}`, heard);
    if (answer.error !== undefined) throw new Error(`QEMU refuses ${command}: ${answer.error.desc}`);
    return answer.return;
  }

  close(): void {
    this.#lines?.close();
  }

  #hear(line: string): void {
    const message = JSON.parse(line) as Answer & Partial<QmpEvent>;
    if (message.event !== undefined) this.events.push(message as QmpEvent);
    if (message.id === undefined) return;
    this.#answers.get(message.id)?.(message);
    this.#answers.delete(message.id);
  }
}
