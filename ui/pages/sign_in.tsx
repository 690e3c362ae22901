/** Signing in: by the link itself, or by pasting it. Says where the link is to be found. */
import { useEffect, useState } from "preact/hooks";
import { api, ApiError } from "../api.ts";
import { BrandMark } from "../components/icon.tsx";
import { navigate, paths } from "../paths.ts";
import { checkSession, session } from "../state.ts";

export function SignInPage() {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<{ message: string; hint: string | null } | null>(null);
  const [busy, setBusy] = useState(false);

  const signIn = async (code: string) => {
    setBusy(true);
    setProblem(null);
    try {
      await api.signIn(code);
      await api.readSession();
      await checkSession();
      if (location.pathname === paths.signIn) navigate(paths.vms, { replace: true });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      session.value = "out";
      setProblem(error.message === "You are not signed in" ? cookieRefused : error);
    } finally {
      setBusy(false);
    }
  };

  useEffect(() => {
    document.title = "Sign in · Neuron";
    const code = location.hash.slice(1);
    if (location.pathname !== paths.signIn || code === "") return;
    // The code leaves the address bar and the history before anything else.
    history.replaceState(null, "", paths.signIn);
    void signIn(code);
  }, []);

  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <BrandMark />
        <h1>Sign in to Neuron</h1>
        {problem !== null && (
          <div class="problem" role="alert">
            <div>
              <strong>{problem.message}</strong>
              {problem.hint !== null && <p>{problem.hint}</p>}
            </div>
          </div>
        )}
        <p>
          Neuron printed a <strong>sign-in link</strong>{" "}
          in the terminal where it was started. Open it in this browser: it works once and for fifteen minutes. For a
          new one, press Enter in that terminal.
        </p>
        <div class="terminal" role="img" aria-label="The link stands in the terminal, after: Sign in once">
          Sign in once:
          <br />
          <b>{location.origin}/sign-in#…</b>
        </div>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const code = text.trim().replace(/^.*#/, "");
            if (code !== "") void signIn(code);
          }}
        >
          <label class="field">
            <span>Or paste the link here</span>
            <input
              type="text"
              value={text}
              autocomplete="off"
              spellcheck={false}
              placeholder={`${location.origin}/sign-in#…`}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="button primary" disabled={busy || text.trim() === ""}>
            {busy ? "Signing in …" : "Sign in"}
          </button>
        </form>
      </div>
    </main>
  );
}

const cookieRefused = {
  message: "This browser did not keep the sign-in cookie",
  hint: "Safari does not keep it without HTTPS. Use Firefox, Chromium, Chrome or Edge, with a fresh link",
};
