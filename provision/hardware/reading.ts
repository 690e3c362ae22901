/**
 * Reads the machine's files for the parsers: every path at most once, and nothing it meets is an error. What is missing
 * is null; what is there but cannot be read is null too and is remembered in `unreadable`, so that it can be told.
 * Never writes, and never parses.
 */
import { errorMessage } from "../../model/errors.ts";
import type { HostFiles } from "../host/host.ts";

/** As much of a Host as detection needs: nothing that writes, nothing that runs. */
export type MachineFiles = Pick<HostFiles, "readText" | "readBytes" | "list" | "stat" | "readLink">;

export interface UnreadableFile {
  readonly path: string;
  readonly why: string;
}

/** What one path was asked for: `detect --capture` copies exactly these. */
export type Question = "bytes" | "text" | "list" | "link" | "exists";

export class Reading {
  readonly unreadable: UnreadableFile[] = [];
  readonly #files: MachineFiles;
  readonly #answers = new Map<string, unknown>();

  constructor(files: MachineFiles) {
    this.#files = files;
  }

  /** Whole text of a file; bytes that are no UTF-8 and NULs come through and are the parser's business. */
  text(path: string): string | null {
    return this.#once("text", path, () => this.#files.readText(path));
  }

  bytes(path: string): Uint8Array | null {
    return this.#once("bytes", path, () => this.#files.readBytes(path));
  }

  /** Names in a folder, sorted; null when there is none. */
  list(path: string): readonly string[] | null {
    return this.#once("list", path, () => this.#files.list(path));
  }

  /** Text of a symbolic link, or null. A dangling link still has a text. */
  link(path: string): string | null {
    return this.#once("link", path, () => this.#files.readLink(path));
  }

  exists(path: string): boolean {
    return this.#once("exists", path, () => this.#files.stat(path) === null ? null : true) ?? false;
  }

  /** Everything that was asked so far, in the order of the first question. */
  questions(): { question: Question; path: string }[] {
    return [...this.#answers.keys()].map((key) => {
      const colon = key.indexOf(":");
      return { question: key.slice(0, colon) as Question, path: key.slice(colon + 1) };
    });
  }

  #once<Answer>(question: Question, path: string, ask: () => Answer | null): Answer | null {
    const key = `${question}:${path}`;
    // The key names the question, so the stored answer has the question's type.
    if (this.#answers.has(key)) return this.#answers.get(key) as Answer | null;
    let answer: Answer | null = null;
    try {
      answer = ask();
    } catch (error) {
      this.unreadable.push({ path, why: errorMessage(error) });
    }
    this.#answers.set(key, answer);
    return answer;
  }
}
