/** A terminal that leaves one empty line between paragraphs: whoever prints one sets it off on both sides. */
import type { Terminal } from "../command.ts";

export function singleBlanks(terminal: Terminal): Terminal {
  let wasBlank = false;
  return {
    ...terminal,
    print(line) {
      if (line !== "" || !wasBlank) terminal.print(line);
      wasBlank = line === "";
    },
  };
}
