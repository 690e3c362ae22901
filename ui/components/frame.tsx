/** Around every page: where one is, where one can go, how the server and libvirt are. */
import type { ComponentChildren } from "preact";
import { navigate, paths, route } from "../paths.ts";
import { domains, hypervisor, plan, signOut, stream, system } from "../state.ts";
import { dismiss, toast, toasts } from "../toasts.ts";
import { visible } from "../words.ts";
import { Link } from "./basics.tsx";
import { BrandMark, Icon, type IconName, Mark } from "./icon.tsx";

const places: readonly { to: string; page: string; label: string; icon: IconName }[] = [
  { to: paths.vms, page: "vms", label: "VMs", icon: "vms" },
  { to: paths.hardware, page: "hardware", label: "Hardware", icon: "hardware" },
  { to: paths.plan, page: "plan", label: "Plan", icon: "plan" },
];

export function Frame({ children }: { children: ComponentChildren }) {
  const here = route.value.page === "vm" ? "vms" : route.value.page;
  return (
    <div class="frame">
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        To the content
      </a>
      <header class="side">
        <div class="brand">
          <BrandMark />
          <div>
            <strong>Neuron</strong>
            <small>
              <bdi>{visible(system.value.data?.hostname ?? "…")}</bdi>
            </small>
          </div>
        </div>
        {system.value.data?.machine.live === false && <p class="try-out">A try-out: this system is not touched.</p>}
        <nav aria-label="Pages">
          {places.map((place) => (
            <Link key={place.to} to={place.to} class="place" aria-current={place.page === here ? "page" : undefined}>
              <Icon name={place.icon} />
              <span>{place.label}</span>
              <Tally page={place.page} />
            </Link>
          ))}
        </nav>
        <div class="side-foot">
          <LibvirtStatus />
          <button type="button" class="place" onClick={leave}>
            <Icon name="leave" />
            <span>Sign out</span>
          </button>
        </div>
      </header>
      <div class="main-column">
        <Banners />
        <main id="content" tabIndex={-1}>{children}</main>
      </div>
      <Toasts />
    </div>
  );
}

async function leave(): Promise<void> {
  try {
    await signOut();
    navigate(paths.signIn);
  } catch {
    toast("failed", "Cannot sign out", "Neuron does not answer; try again in a moment");
  }
}

function Tally({ page }: { page: string }) {
  const number = page === "vms"
    ? domains.value.data?.size
    : page === "plan"
    ? plan.value.data?.steps.reduce((sum, step) => sum + step.changes.length, 0)
    : undefined;
  return number === undefined || number === 0 ? null : <span class="tally">{number.toLocaleString("en")}</span>;
}

function LibvirtStatus() {
  const status = hypervisor.value;
  if (status === null) return null;
  const connected = status.state === "connected" && stream.value !== "lost";
  const words = stream.value === "lost"
    ? "Neuron does not answer"
    : status.state === "connected"
    ? "Live"
    : status.state === "connecting"
    ? "Connecting to libvirt"
    : "libvirt is away";
  return (
    <div class={`live ${connected ? "tone-good" : "tone-bad"}`} title={status.uri}>
      <Mark shape={connected ? "dot" : "cross"} />
      <div>
        <span>{words}</span>
        {connected && status.libvirtVersion !== null && (
          <small>libvirt {status.libvirtVersion} · {status.hypervisor}</small>
        )}
      </div>
    </div>
  );
}

function Banners() {
  const status = hypervisor.value;
  if (stream.value === "lost") {
    return (
      <div class="banner tone-bad" role="alert">
        <Mark shape="cross" />
        <p>
          <strong>The connection to Neuron is lost.</strong>{" "}
          What you see may be old. It is tried again all the time; when Neuron is back, this page goes on by itself.
        </p>
      </div>
    );
  }
  if (status?.state === "disconnected") {
    return (
      <div class="banner tone-attention" role="alert">
        <Mark shape="half" />
        <p>
          <strong>libvirt is not reachable.</strong>{" "}
          VMs that ran go on running; they can be seen as they were last, and steered again once it is back.{" "}
          <span class="muted">{status.problem?.message}</span>
        </p>
      </div>
    );
  }
  return null;
}

const toastLooks = {
  done: { tone: "good", shape: "check" },
  failed: { tone: "bad", shape: "cross" },
  note: { tone: "quiet", shape: "ring" },
} as const;

function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((each) => (
        <div key={each.id} class={`toast tone-${toastLooks[each.kind].tone}`}>
          <Mark shape={toastLooks[each.kind].shape} />
          <div>
            <strong>{each.text}</strong>
            {each.hint !== null && <p>{each.hint}</p>}
          </div>
          <button type="button" class="button icon-only ghost" aria-label="Close" onClick={() => dismiss(each.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
