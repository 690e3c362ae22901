/**
 * A bounded queue between the connection and one consumer of events. Adding never waits, so a slow consumer cannot hold up
 * replies; when it falls too far behind, what it missed is replaced by one marker or ends its queue, as it chose.
 */

export interface EventQueueOptions<T> {
  /** How many unread events are kept. */
  capacity: number;
  /** What takes the place of the unread events when there are too many; an Error ends the queue with it. */
  overflow: (dropped: number) => T | Error;
  /** Called once, when the consumer stops or the queue has ended. */
  onDone?: () => void;
}

export class EventQueue<T> implements AsyncIterableIterator<T> {
  readonly #options: EventQueueOptions<T>;
  #values: T[] = [];
  #dropped = 0;
  #waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: Error) => void }[] = [];
  #ended: { error: Error | undefined } | undefined;
  #doneCalled = false;

  constructor(options: EventQueueOptions<T>) {
    this.#options = options;
  }

  push(value: T): void {
    if (this.#ended !== undefined) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) return reader.resolve({ value, done: false });
    if (this.#values.length < this.#options.capacity) {
      this.#values.push(value);
      return;
    }
    this.#dropped += this.#values.length + (this.#dropped === 0 ? 1 : 0);
    const marker = this.#options.overflow(this.#dropped);
    this.#values = marker instanceof Error ? [] : [marker];
    if (marker instanceof Error) this.end(marker);
  }

  /** No more will come. What is unread is still delivered, then the error, where there is one. */
  end(error?: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = { error };
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reader of waiting) this.#finish(reader.resolve, reader.reject);
    this.#done();
  }

  next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.#values.length > 0) {
        resolve({ value: this.#values.shift()!, done: false });
        if (this.#values.length === 0) this.#dropped = 0;
      } else if (this.#ended !== undefined) this.#finish(resolve, reject);
      else this.#waiting.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.#values = [];
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** The error is thrown once; after it the queue is simply over. */
  #finish(resolve: (result: IteratorResult<T>) => void, reject: (error: Error) => void): void {
    const error = this.#ended?.error;
    if (error === undefined) return resolve({ value: undefined, done: true });
    this.#ended = { error: undefined };
    reject(error);
  }

  #done(): void {
    if (this.#doneCalled) return;
    this.#doneCalled = true;
    this.#options.onDone?.();
  }
}
