/** Waiting for conditions: each has a deadline, and says what it waited for. */

export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** The promise's value, or a DeadlineError that says `what` did not happen. */
export async function within<T>(deadlineMs: number, what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlineError(`not within ${deadlineMs / 1000} s: ${what}`)), deadlineMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until there is something else than null. */
export async function until<T>(
  deadlineMs: number,
  what: string,
  look: () => Promise<T | null> | T | null,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  while (true) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new DeadlineError(`not within ${deadlineMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
