/** Resolves at the first Ctrl-C or TERM. A second Ctrl-C ends the process at once, for whoever cannot wait. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const first = () => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, first);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, first);
  });
}
