/** Waits for a condition, not for a time. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!await holds()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs / 1000} s: ${holds}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
