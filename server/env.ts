/** What middleware hands to routes. */
import type { SessionRow } from "./store/sessions.ts";

export interface ServerEnv {
  Bindings: { incoming?: { url?: string; socket?: { remoteAddress?: string } } };
  Variables: { session: SessionRow | null };
}
