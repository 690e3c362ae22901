/** What would be changed on the host, step by step, with the reason of each change. Changes nothing itself. */
import { useEffect } from "preact/hooks";
import type { Change, Plan } from "../../server/dto.ts";
import { Empty, PageHead, Problem, Skeleton } from "../components/basics.tsx";
import { attributesOf } from "../change_text.ts";
import { ChangeDiff } from "../components/change_diff.tsx";
import { FindingView } from "../components/finding.tsx";
import { Icon, Mark } from "../components/icon.tsx";
import { TrialView } from "../components/trial.tsx";
import { loadPlan, loadTrial, plan, system, trial } from "../state.ts";
import { count, visible } from "../words.ts";

const actionLabels: Record<Change["action"], string> = {
  create: "New",
  update: "Change",
  delete: "Remove",
  run: "Run",
};

export function PlanPage() {
  const lookAgain = () => {
    void loadPlan();
    void loadTrial();
  };
  useEffect(lookAgain, []);
  const { data, error, loading } = plan.value;
  return (
    <>
      <PageHead title="Plan" lead="What Neuron would change on the host, and why.">
        <button type="button" class="button" aria-disabled={loading} onClick={() => loading || lookAgain()}>
          <Icon name="again" />Look again
        </button>
      </PageHead>
      {error !== null && <Problem error={error} onRetry={loadPlan} />}
      {trial.value.data !== null && <TrialView report={trial.value.data} />}
      {data === null && error === null && <Skeleton rows={5} />}
      {data !== null && error === null && <PlanView plan={data} />}
    </>
  );
}

function PlanView({ plan }: { plan: Plan }) {
  const steps = plan.steps.filter((step) => step.changes.length > 0);
  const blockers = plan.blockers ?? [];
  if (steps.length === 0 && blockers.length === 0) {
    return (
      <Empty title="Nothing to change">
        <p>The host is already as it should be. A plan made now is empty, and so it stays until something changes.</p>
      </Empty>
    );
  }
  return (
    <>
      <Summary plan={plan} blocked={blockers.length > 0} />
      {blockers.length > 0 && (
        <section class="section">
          <div class="section-head">
            <h2>In the way</h2>
            <p class="muted">While any of these holds, apply refuses and changes nothing.</p>
          </div>
          <ul class="findings">{blockers.map((each, index) => <FindingView key={index} finding={each} />)}</ul>
        </section>
      )}
      <ol class="steps">
        {steps.map((step) => (
          <li key={step.name} class="step">
            <div class="step-head">
              <h2>{step.title}</h2>
              <small class="muted">{count(step.changes.length, "change")}</small>
            </div>
            {step.changes.map((change, index) => <ChangeView key={`${change.target}-${index}`} change={change} />)}
          </li>
        ))}
      </ol>
      <p class="muted small">
        Fingerprint of this plan: <code class="break">{plan.digest}</code>
      </p>
    </>
  );
}

function Summary({ plan, blocked }: { plan: Plan; blocked: boolean }) {
  const changes = plan.steps.reduce((sum, step) => sum + step.changes.length, 0);
  const machine = system.value.data?.machine;
  return (
    <section class="summary" aria-label="In short">
      <div>
        <Mark shape="ring" />
        <p>
          <strong>Nothing on this system has been changed.</strong> This is only a look: {count(changes, "change")}{" "}
          would be made by <code>neuron-setup apply</code>
          {machine?.live === false ? " on the real machine." : "."}
          {blocked && " It would be refused as things are."}
        </p>
      </div>
      {plan.rebootNeeded && (
        <div>
          <Mark shape="half" />
          <p>
            <strong>A reboot would be needed</strong> before all of it takes effect.
          </p>
        </div>
      )}
      {machine?.live === false && (
        <div>
          <Mark shape="bars" />
          <p>
            <strong>This is about a copy</strong>, in which files are written and commands only recorded.{" "}
            <span class="muted">{machine.description && `Looked at: ${sentence(visible(machine.description))}`}</span>
          </p>
        </div>
      )}
    </section>
  );
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function ChangeView({ change }: { change: Change }) {
  return (
    <article class="change">
      <header>
        <span class={`verb verb-${change.action}`}>{actionLabels[change.action]}</span>
        <code class="target break">
          <bdi>{visible(change.target)}</bdi>
        </code>
        {attributesOf(change).map((each) => <span key={each} class="tag">{each}</span>)}
        {change.needs === "reboot" && <span class="tag">after a reboot</span>}
      </header>
      <p>{visible(change.reason)}</p>
      <ChangeDiff change={change} />
    </article>
  );
}
