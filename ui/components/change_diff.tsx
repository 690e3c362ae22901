/** Before and after of one change: a unified diff for text, the values for the rest, nothing where there is nothing. */
import type { Change } from "../../server/dto.ts";
import { diffLines, foldDiff } from "../diff.ts";
import { textOf } from "../change_text.ts";

export function ChangeDiff({ change }: { change: Change }) {
  if (change.action === "run") return null;
  const before = textOf(change.before);
  const after = textOf(change.after);
  if (before === after) return null;
  const lines = foldDiff(diffLines(before, after));
  return (
    <div class="diff" tabIndex={0} role="region" aria-label={`Difference in ${change.target}`}>
      <table>
        <tbody>
          {lines.map((line, index) =>
            line.kind === "gap"
              ? (
                <tr key={index} class="gap">
                  <td colSpan={3}>{line.lines} unchanged {line.lines === 1 ? "line" : "lines"}</td>
                </tr>
              )
              : (
                <tr key={index} class={line.kind}>
                  <td class="line-number">{line.before}</td>
                  <td class="line-number">{line.after}</td>
                  <td>
                    <span class="sign">{{ same: " ", added: "+", removed: "−" }[line.kind]}</span>
                    {line.text}
                  </td>
                </tr>
              )
          )}
        </tbody>
      </table>
    </div>
  );
}
