/** The buttons of a VM, on its card and on its page, and the questions before what can lose something. */
import { useState } from "preact/hooks";
import type { DomainAction, DomainSummary } from "../../server/dto.ts";
import { actionWords, perform, underWay } from "../actions.ts";
import { actionsBlocked } from "../state.ts";
import { visible } from "../words.ts";
import { ActionButton } from "./basics.tsx";
import { DeleteDialog } from "./delete_dialog.tsx";
import { Dialog } from "./dialog.tsx";
import type { IconName } from "./icon.tsx";
import { Menu, type MenuItem } from "./menu.tsx";

const icons: Partial<Record<DomainAction, IconName>> = {
  start: "start",
  shutdown: "shutdown",
  reboot: "restart",
  pause: "pause",
  resume: "start",
};

/** `compact`: the one most likely action as a button, everything else in the menu. */
export function DomainActions({ domain, compact }: { domain: DomainSummary; compact: boolean }) {
  const [asking, setAsking] = useState<DomainAction | "delete" | null>(null);
  const busy = underWay.value.get(domain.uuid);
  const reasonOf = (action: DomainAction | "undefine") => actionsBlocked.value ?? domain.permissions[action].reason;
  const ask = (action: DomainAction) => {
    if (actionWords[action].warning === undefined) void perform(domain, action);
    else setAsking(action);
  };
  const button = (action: DomainAction, kind: "plain" | "primary" = "plain") => (
    <ActionButton
      key={action}
      label={busy === action ? actionWords[action].doing : actionWords[action].label}
      {...(icons[action] === undefined ? {} : { icon: icons[action] })}
      kind={kind}
      reason={reasonOf(action)}
      busy={busy === action}
      onPress={() => ask(action)}
    />
  );
  const item = (action: DomainAction): MenuItem => ({
    label: actionWords[action].label,
    reason: reasonOf(action),
    danger: actionWords[action].warning !== undefined,
    onChoose: () => ask(action),
  });
  const remove: MenuItem = {
    label: "Delete …",
    reason: reasonOf("undefine"),
    danger: true,
    onChoose: () => setAsking("delete"),
  };
  const first = likely(domain);
  const waking: DomainAction = domain.permissions.resume.allowed ? "resume" : "pause";
  const shown: DomainAction[] = compact ? [first] : ["start", "shutdown", "reboot", waking];
  const rest = (Object.keys(actionWords) as DomainAction[]).filter((action) => !shown.includes(action));
  return (
    <div class="actions" role="group" aria-label={`Actions for ${visible(domain.name)}`}>
      {shown.map((action) => button(action, !compact && action === first ? "primary" : "plain"))}
      <Menu
        label={`More actions for ${visible(domain.name)}`}
        {...(compact ? {} : { text: "More" })}
        items={[...rest.map(item), remove]}
      />
      {asking === "delete" && <DeleteDialog domain={domain} onClose={() => setAsking(null)} />}
      {asking !== null && asking !== "delete" && (
        <Dialog
          title={`${actionWords[asking].label} “${visible(domain.name)}”?`}
          confirm={actionWords[asking].label}
          danger
          onClose={() => setAsking(null)}
          onConfirm={() => {
            setAsking(null);
            void perform(domain, asking);
          }}
        >
          <p>{actionWords[asking].warning}</p>
        </Dialog>
      )}
    </div>
  );
}

function likely({ permissions }: DomainSummary): DomainAction {
  if (permissions.shutdown.allowed) return "shutdown";
  if (permissions.resume.allowed) return "resume";
  return permissions.start.allowed ? "start" : permissions.destroy.allowed ? "destroy" : "start";
}
