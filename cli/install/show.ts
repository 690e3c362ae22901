/** What a person, or a script, sees of an installation while it runs. */
import type { InstallEvent } from "../../provision/installer/execute.ts";
import type { Invocation } from "../command.ts";
import { MediaLine } from "../media/line.ts";

/** JSON lines for scripts; for people a line for each reason, and a bar while the system is unpacked. */
export class InstallShow implements Disposable {
  readonly #invocation: Invocation;
  readonly #bar: MediaLine;
  #reason = "";
  #startedMs = 0;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
    this.#bar = new MediaLine(invocation.terminal);
  }

  tell(event: InstallEvent): void {
    const { options, terminal } = this.#invocation;
    if (options.json) return terminal.print(JSON.stringify(event));
    switch (event.type) {
      case "action-started": {
        terminal.redraw?.("");
        const number = `${event.index + 1}`.padStart(`${event.of}`.length);
        if (event.reason !== this.#reason && !options.quiet) {
          terminal.print(`  [${number}/${event.of}] ${event.reason}`);
        }
        if (options.verbose) terminal.print(`    ${event.what}`);
        this.#reason = event.reason;
        this.#startedMs = performance.now();
        return;
      }
      case "progress": {
        if (options.quiet) return;
        const { what, done, total } = event;
        const perMs = done / Math.max(1, performance.now() - this.#startedMs);
        const etaMs = perMs === 0 ? null : (total - done) / perMs;
        return this.#bar.show({ what, done, total, unit: "bytes", bytesPerSecond: perMs * 1000, etaMs });
      }
      case "warning":
        return terminal.note(`warning: ${event.message}`);
    }
  }

  [Symbol.dispose](): void {
    this.#bar[Symbol.dispose]();
  }
}
