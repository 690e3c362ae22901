/**
 * One round of a download: asks for what is missing and writes what comes, with several connections where the size is
 * known, a validator says that the answers belong together, and the server answers ranges. The first answer decides.
 * A connection that fails for the moment leaves its piece to the next round, while the others go on; any other failure
 * ends them all.
 */
import { accept, type Opened } from "./accept.ts";
import { consequenceOf, Fault } from "./faults.ts";
import type { Http } from "./http.ts";
import type { PartFile } from "./part_file.ts";
import { PieceWriter } from "./piece_writer.ts";
import { cut, missingOf, type Range } from "./ranges.ts";
import { Sniffer } from "./sniffer.ts";
import { ifRange, type Validator } from "./validator.ts";

export interface TransferLimits {
  /** At most so many connections at a time. */
  readonly connections: number;
  /** Pieces for several connections are between these. */
  readonly minPieceBytes: number;
  readonly maxPieceBytes: number;
  /** No file is bigger. */
  readonly maxBytes: number;
  /** What a cut may cost: so much is made durable at a time, or what came in so long. */
  readonly checkpointBytes: number;
  readonly checkpointMs: number;
}

export interface Round {
  readonly http: Http;
  readonly link: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly part: PartFile;
  /** What the file must have; null when nobody knows. */
  readonly wantedBytes: number | null;
  readonly limits: TransferLimits;
  readonly signal: AbortSignal;
  /** Called once the size is known; throws Fault `no-space`. */
  checkSpace(sizeBytes: number): void;
  /** Bytes that came in. */
  received(count: number): void;
}

/** When it returns, nothing is missing. Throws Fault, AppError of the disk, or the signal's reason. */
export async function transfer(round: Round): Promise<void> {
  const stop = new AbortController();
  const work = new Work(round, stop);
  try {
    await work.run();
  } finally {
    stop.abort();
    await round.part.checkpoint();
  }
}

class Work {
  readonly #signal: AbortSignal;
  #queue: Range[] = [];
  #checkpointing: Promise<void> | null = null;
  #checkpointMs = performance.now();
  #failure: unknown = null;

  constructor(readonly round: Round, readonly stop: AbortController) {
    this.#signal = AbortSignal.any([round.signal, stop.signal]);
  }

  async run(): Promise<void> {
    const opened = await this.#begin();
    if (opened === null) return;
    const parallel = opened.end !== null;
    const helpers = parallel ? Math.min(this.round.limits.connections - 1, this.#queue.length) : 0;
    await Promise.all([this.#worker(opened), ...Array.from({ length: helpers }, () => this.#worker(null))]);
    await this.#checkpointing;
    if (this.#failure !== null) throw this.#failure;
  }

  /** The first answer, and the queue of what it does not bring. Null when nothing is missing. */
  async #begin(): Promise<Opened | null> {
    const { part, limits } = this.round;
    if (part.validator !== null) {
      this.#queue = this.#cut(missingOf(part.finished, part.sizeBytes!));
      const first = this.#queue.shift();
      return first === undefined ? null : await this.#open(first);
    }
    if (limits.connections === 1) return await this.#open(null);
    const opened = await this.#open([0, limits.minPieceBytes]);
    if (opened.end === null) return opened;
    if (part.validator === null) {
      // Pieces of it could not be told from pieces of another file: the whole in one answer, then.
      opened.answer.drop();
      return await this.#open(null);
    }
    this.#queue = this.#cut([[opened.end, part.sizeBytes!]]);
    return opened;
  }

  #cut(ranges: readonly Range[]): Range[] {
    const { connections, minPieceBytes, maxPieceBytes } = this.round.limits;
    if (connections === 1) return [...ranges];
    const quarter = Math.ceil(this.round.part.sizeBytes! / connections / 4);
    return cut(ranges, Math.min(maxPieceBytes, Math.max(minPieceBytes, quarter)));
  }

  /** Never throws: all must have closed their files before the round ends. */
  async #worker(first: Opened | null): Promise<void> {
    try {
      if (first !== null) await this.#receive(first);
      for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
        await this.#receive(await this.#open(piece));
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const temporary = isTemporary(error);
    if (this.#failure === null || (isTemporary(this.#failure) && !temporary)) this.#failure = error;
    if (!temporary) this.stop.abort(error);
  }

  /** `piece` null: the whole file, without asking for a range. */
  async #open(piece: Range | null): Promise<Opened> {
    const { part, http, link, headers } = this.round;
    const answer = await http.get(link, {
      ...headers,
      ...(piece === null ? {} : { range: `bytes=${piece[0]}-${piece[1] - 1}` }),
      ...(piece === null || part.validator === null ? {} : { "if-range": ifRange(part.validator) }),
    }, this.#signal);
    try {
      return accept(answer, piece, part, (validator, sizeBytes) => this.#adopt(validator, sizeBytes));
    } catch (error) {
      answer.drop();
      throw error;
    }
  }

  #adopt(validator: Validator | null, sizeBytes: number | null): void {
    if ((sizeBytes ?? 0) > this.round.limits.maxBytes) throw this.#tooLong();
    this.round.part.adopt(validator, sizeBytes);
    if (sizeBytes !== null) this.round.checkSpace(sizeBytes);
  }

  async #receive({ answer, start, end }: Opened): Promise<void> {
    const { part, limits, wantedBytes } = this.round;
    const until = end ?? part.sizeBytes ?? wantedBytes ?? limits.maxBytes;
    const sniffer = start === 0 ? new Sniffer(part.sizeBytes, wantedBytes) : null;
    using writer = new PieceWriter(part, start);
    let at = start;
    try {
      for await (const chunk of answer.body) {
        this.round.received(chunk.length);
        sniffer?.take(chunk);
        at += chunk.length;
        if (at > until) throw this.#tooLong();
        await writer.write(chunk);
        this.#checkpointNowAndThen();
      }
      sniffer?.judge();
    } finally {
      answer.drop();
      await writer.flush();
    }
    const known = part.sizeBytes ?? wantedBytes;
    if (known !== null && at < until) {
      throw new Fault("cut", `${answer.url.host} ended after ${at - start} of ${until - start} bytes`);
    }
    if (part.sizeBytes === null) part.adopt(null, at);
  }

  /** In the background: a disk that is slow to fsync should not slow down the network. */
  #checkpointNowAndThen(): void {
    const { part, limits } = this.round;
    const due = part.unsavedBytes >= limits.checkpointBytes ||
      (part.unsavedBytes > 0 && performance.now() - this.#checkpointMs >= limits.checkpointMs);
    if (!due || this.#checkpointing !== null) return;
    this.#checkpointMs = performance.now();
    this.#checkpointing = part.checkpoint().catch((error) => this.#failed(error)).finally(() => {
      this.#checkpointing = null;
    });
  }

  #tooLong(): Fault {
    const { wantedBytes, part, limits } = this.round;
    return new Fault("too-long", `what comes is longer than ${wantedBytes ?? part.sizeBytes ?? limits.maxBytes} bytes`);
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof Fault && consequenceOf(error.kind).then === "again";
}
