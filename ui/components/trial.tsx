/** The trial boot: that one is wanted, or what came of it and why. Nothing where there is nothing to tell. */
import type { TrialReport } from "../../server/dto.ts";
import { trialWords } from "../words.ts";
import { Badge } from "./basics.tsx";
import { FindingView } from "./finding.tsx";

export function TrialView({ report: { trial, proof } }: { report: TrialReport }) {
  const outcome = proof?.outcome ?? (trial.wanted ? "to-come" : "none");
  if (outcome === "none") return null;
  const { label, tone, shape, text } = trialWords[outcome];
  const findings = proof?.findings ?? [];
  return (
    <section class="section" aria-label="Trial boot">
      <div class="section-head">
        <h2>Trial boot</h2>
        <Badge tone={tone} shape={shape}>{label}</Badge>
      </div>
      <p>{text}</p>
      {findings.length > 0 && (
        <ul class="findings">{findings.map((each, index) => <FindingView key={index} finding={each} />)}</ul>
      )}
    </section>
  );
}
