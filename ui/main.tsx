/** The page's start: asks whether one is signed in, then shows what the address says. */
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Empty, Link, PageHead } from "./components/basics.tsx";
import { Frame } from "./components/frame.tsx";
import { DomainPage } from "./pages/domain.tsx";
import { DomainsPage } from "./pages/domains.tsx";
import { HardwarePage } from "./pages/hardware.tsx";
import { PlanPage } from "./pages/plan.tsx";
import { SignInPage } from "./pages/sign_in.tsx";
import { paths, route } from "./paths.ts";
import { checkSession, session, stream } from "./state.ts";

function App() {
  useEffect(() => {
    // A sign-in link is for whoever opens it, also when another session is still there.
    if (route.value.page === "sign-in" && location.hash.length > 1) session.value = "out";
    else void checkSession();
  }, []);
  if (session.value === "unknown") {
    return (
      <main class="waiting">
        <p role="status">{stream.value === "lost" ? "Neuron does not answer. It is tried again all the time …" : ""}</p>
      </main>
    );
  }
  if (session.value === "out" || route.value.page === "sign-in") return <SignInPage />;
  return (
    <Frame>
      <CurrentPage />
    </Frame>
  );
}

function CurrentPage() {
  const at = route.value;
  if (at.page === "vms") return <DomainsPage />;
  if (at.page === "vm") return <DomainPage key={at.uuid} uuid={at.uuid} tab={at.tab} />;
  if (at.page === "hardware") return <HardwarePage />;
  if (at.page === "plan") return <PlanPage />;
  return (
    <>
      <PageHead title="Nothing here" />
      <Empty title="There is no page at this address">
        <Link to={paths.vms} class="button">To the VMs</Link>
      </Empty>
    </>
  );
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
