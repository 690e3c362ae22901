/** A fact about the machine that a person should know, with what to do about it. */
import type { Finding } from "../../server/dto.ts";
import { severityWords, visible } from "../words.ts";
import { Badge } from "./basics.tsx";

export function FindingView({ finding }: { finding: Finding }) {
  const words = severityWords[finding.severity];
  return (
    <li class="finding">
      <Badge tone={words.tone} shape={words.shape}>{words.label}</Badge>
      <div>
        <strong>
          <bdi>{visible(finding.title)}</bdi>
        </strong>
        {finding.hint !== undefined && (
          <p>
            <bdi>{visible(finding.hint)}</bdi>
          </p>
        )}
        {finding.target !== undefined && (
          <code class="break">
            <bdi>{visible(finding.target)}</bdi>
          </code>
        )}
      </div>
    </li>
  );
}
