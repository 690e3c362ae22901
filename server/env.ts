/** What middleware hands to routes. */
import type { SessionRow } from "./store/sessions.ts";

export interface ServerEnv {
  Bindings: { incoming?: { socket?: { remoteAddress?: string } } };
  Variables: { session: SessionRow | null };
}
