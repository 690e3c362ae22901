/** What is said about a file that came, for people and for scripts. */
import type { MediaRecord } from "../../provision/media/record.ts";
import { sizeWords } from "../../provision/media/words.ts";
import type { Invocation } from "../command.ts";

const againstWords: Readonly<Record<string, string>> = {
  sha256: "the SHA-256 its publisher names",
  sha1: "the SHA-1 its publisher names",
};

export function tellFetched(invocation: Invocation, path: string, record: MediaRecord, already: boolean): void {
  const { terminal, options } = invocation;
  if (options.json) {
    terminal.print(JSON.stringify({ type: "done", path, already, ...record }));
    return;
  }
  terminal.print(`${path}  ${sizeWords(record.sizeBytes)}${already ? ", was here and is unchanged" : ""}`);
  if (options.quiet) return;
  const { verifiedAgainst, sha256, made, checksum } = record;
  terminal.print(`SHA-256 ${sha256}${verifiedAgainst === "sha256" ? ", as it must be" : ""}`);
  if (made !== undefined) {
    for (const { source, verifiedAgainst } of made.from) {
      terminal.note(
        `Made here from ${source}, which was checked against ${againstWords[verifiedAgainst] ?? verifiedAgainst}`,
      );
    }
  } else if (checksum !== undefined) {
    const { algorithm, from } = checksum;
    terminal.note(
      `Its ${algorithm.toUpperCase().replace("SHA", "SHA-")} is the one in ${from}: as good as the TLS of that host`,
    );
  } else if (verifiedAgainst !== "sha256") {
    terminal.note(
      "Nothing said which SHA-256 it must have: this one is recorded, and every later use is checked against it",
    );
  }
}
