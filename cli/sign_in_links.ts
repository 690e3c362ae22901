/** A fresh sign-in link for each press of Enter in the terminal where the server runs: the old one may be used or too old. */
import type { Terminal } from "./command.ts";

/** Reads standard input until disposed; does nothing where no person sits at it. */
export function offerSignInLinks(server: { signInLink(): string }, terminal: Terminal): Disposable {
  if (!terminal.interactive) return { [Symbol.dispose]: () => {} };
  const lines = Deno.stdin.readable.getReader();
  const follow = async () => {
    for (;;) {
      const { done } = await lines.read();
      if (done) return;
      terminal.print(`Sign in once:  ${server.signInLink()}`);
    }
  };
  // Ends with the reader; a terminal that went away is the end of it as well.
  follow().catch(() => {});
  terminal.note("Enter prints a fresh sign-in link.");
  return { [Symbol.dispose]: () => void lines.cancel().catch(() => {}) };
}
