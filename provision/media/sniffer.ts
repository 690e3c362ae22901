/** Looks at the first bytes of a body, before a wrong size is complained of: a page instead of the file says more. */
import { Fault } from "./faults.ts";
import { looksLikeHtml } from "./file_kinds.ts";

const enough = 1024;

export class Sniffer {
  #head = new Uint8Array();
  #judged = false;

  /** `sizeBytes`: what the answer says; `wantedBytes`: what it must be; null: not known. */
  constructor(readonly sizeBytes: number | null, readonly wantedBytes: number | null) {}

  take(chunk: Uint8Array): void {
    if (this.#judged) return;
    const head = new Uint8Array(this.#head.length + Math.min(chunk.length, enough));
    head.set(this.#head);
    head.set(chunk.subarray(0, enough), this.#head.length);
    this.#head = head;
    if (head.length >= enough) this.judge();
  }

  /** Throws Fault `html` or `wrong-size`; also called when the body ended early. */
  judge(): void {
    if (this.#judged) return;
    this.#judged = true;
    if (looksLikeHtml(this.#head)) throw new Fault("html", "what came is a web page, not the file");
    if (this.sizeBytes === null || this.wantedBytes === null || this.sizeBytes === this.wantedBytes) return;
    throw new Fault("wrong-size", `the file there has ${this.sizeBytes} bytes, and ${this.wantedBytes} were expected`);
  }
}
