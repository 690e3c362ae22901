/** Before and after of one change: a unified diff, its first lines until somebody wants all, nothing where there is nothing. */
import { useState } from "preact/hooks";
import type { Change } from "../../server/dto.ts";
import { noteOf, textOf } from "../change_text.ts";
import { type DiffGap, type DiffLine, diffLines, foldDiff } from "../diff.ts";
import { count, visible, visibleLines } from "../words.ts";

/** More lines than this wait behind a button. */
const shownAtFirst = 14;

export function ChangeDiff({ change }: { change: Change }) {
  const [all, setAll] = useState(false);
  if (change.action === "run") return null;
  const before = textOf(change.before);
  const after = textOf(change.after);
  const note = noteOf(change.after);
  if (note !== null) return <p class="note">{visible(note)}</p>;
  if (before === after) return null;
  const lines = foldDiff(diffLines(before, after));
  const short = lines.length > shownAtFirst + 4;
  return (
    <div class="fold">
      <div class="diff" tabIndex={0} role="region" aria-label={`Difference in ${change.target}`}>
        <table>
          <tbody>
            {(short && !all ? lines.slice(0, shownAtFirst) : lines).map((line, index) => (
              <Line key={index} line={line} />
            ))}
          </tbody>
        </table>
      </div>
      {short && (
        <button
          type="button"
          class="button more"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? "Show less" : `Show all ${lines.length} lines`}
        </button>
      )}
    </div>
  );
}

const signs = { same: " ", added: "+", removed: "−" } as const;

function Line({ line }: { line: DiffLine | DiffGap }) {
  if (line.kind === "gap") {
    return (
      <tr class="gap">
        <td colSpan={3}>{count(line.lines, "unchanged line")}</td>
      </tr>
    );
  }
  return (
    <tr class={line.kind}>
      <td class="line-number">{line.before}</td>
      <td class="line-number">{line.after}</td>
      <td>
        <span class="sign">{signs[line.kind]}</span>
        {visibleLines(line.text)}
      </td>
    </tr>
  );
}
