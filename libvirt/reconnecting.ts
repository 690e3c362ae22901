/**
 * Keeps a connection to a daemon that comes and goes: connects, tells, waits for its end, tells, and tries again, ever more
 * slowly. What the daemon manages may have changed meanwhile, so whoever hears `connected` reads everything again.
 */
import { type Connection, open } from "./connection.ts";
import { LibvirtError } from "./errors.ts";
import type { OpenOptions } from "./session.ts";

export type ConnectionChange =
  | { kind: "connected"; connection: Connection }
  /** Once for each `connected`, and once when the very first attempt fails. */
  | { kind: "disconnected"; reason: LibvirtError };

export interface ReconnectOptions extends OpenOptions {
  /** The first pause between two attempts, in ms; each further one is twice as long. */
  minDelayMs?: number;
  /** The longest pause. */
  maxDelayMs?: number;
}

/**
 * Connects again and again until `signal` ends it. Faults that time does not heal (a URI that is none, a transport that
 * this client has not) are thrown.
 *
 * @example
 * ```ts ignore
 * import { reconnecting } from "./mod.ts";
 *
 * const stop = new AbortController();
 * for await (const change of reconnecting("qemu:///system", { signal: stop.signal })) {
 *   if (change.kind === "disconnected") console.log(change.reason.message);
 *   else {
 *     console.log(await change.connection.listDomainsWithState());
 *     stop.abort();
 *   }
 * }
 * ```
 */
export async function* reconnecting(
  uri: string,
  options: ReconnectOptions = {},
): AsyncGenerator<ConnectionChange, void> {
  const { minDelayMs = 100, maxDelayMs = 10_000, signal, ...openOptions } = options;
  let delayMs = minDelayMs;
  let told = false;
  while (!signal?.aborted) {
    try {
      const connection = await open(uri, signal === undefined ? openOptions : { ...openOptions, signal });
      try {
        delayMs = minDelayMs;
        yield { kind: "connected", connection };
        const reason = await untilEnd(connection, signal);
        if (reason === undefined) return;
        yield { kind: "disconnected", reason };
        told = true;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof LibvirtError) || isLasting(error)) throw error;
      if (!told) yield { kind: "disconnected", reason: error };
      told = true;
    }
    // Between half and all of the delay, so that many clients do not come back at once.
    await pause(delayMs * (0.5 + Math.random() / 2), signal);
    delayMs = Math.min(maxDelayMs, delayMs * 2);
  }
}

function isLasting(error: LibvirtError): boolean {
  return error.origin === "client" && (error.code === "VIR_ERR_INVALID_ARG" || error.code === "VIR_ERR_NO_SUPPORT");
}

/** The reason of the connection's end; undefined when the signal came first. */
async function untilEnd(connection: Connection, signal: AbortSignal | undefined): Promise<LibvirtError | undefined> {
  if (signal === undefined) return await connection.closed;
  const stop = new AbortController();
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { signal: stop.signal });
  });
  try {
    return await Promise.race([connection.closed, aborted]);
  } finally {
    stop.abort();
  }
}

/** Resolves after a time, or when the signal comes. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
}
