/**
 * What `vm looking-glass` says while it shows a VM, and how it ends, for people and for scripts. Pure but for printing.
 * The client repeats what guests call themselves: none of its lines reaches a terminal as it is.
 */
import { AppError, type Finding } from "../../model/errors.ts";
import { printable } from "../../provision/detect_report/words.ts";
import type { Shown, Told } from "../../provision/looking_glass_client/run.ts";
import type { ExitCode, Invocation } from "../command.ts";

export function end({ outcome, lastLines }: Shown, name: string): ExitCode {
  const said = lastLines.length === 0
    ? "It said nothing"
    : `It said last: ${printable(lastLines.slice(-3).join(" · "))}`;
  switch (outcome) {
    case "vm-off":
      throw notRunning(name);
    case "gave-up":
      throw new AppError("command-failed", `Cannot show "${name}": Looking Glass's client crashes again and again`, {
        hint: `${said}. neuron-setup doctor looks for known troubles`,
      });
    case "refused":
      throw new AppError("answer-invalid", `Cannot show "${name}": Looking Glass's client refuses an option`, {
        hint: `${said}. Is display.lookingGlass.escapeKey one that it knows (looking-glass-client -m help)?`,
      });
    case "vm-stopped":
    case "closed":
      return 0;
  }
}

export function notRunning(name: string): AppError {
  return new AppError("conflict", `"${name}" is not running`, {
    hint: `neuron-setup vm start ${name}, or add --wait to wait for it`,
  });
}

export function noteAll(notes: readonly Finding[], { terminal }: Invocation): void {
  for (const { severity, title, hint } of notes) {
    terminal.note(`${severity}: ${title}${hint === undefined ? "" : ` -> ${hint}`}`);
  }
}

export function asJson(told: Told): object {
  if (told.type === "obstacle") return { type: told.type, message: told.error.message, hint: told.error.hint ?? null };
  if (told.type !== "crashed") return told;
  const { ending, lastLines, againInMs } = told;
  return { type: told.type, ...ending, lastLines: lastLines.slice(-10), againInMs };
}

export function asText(told: Told, name: string): string {
  switch (told.type) {
    case "waiting":
      return `Waiting for "${name}" to start`;
    case "vm-stopped":
      return `"${name}" has stopped`;
    case "closed":
      return "The window was closed";
    case "obstacle":
      return `error: ${told.error.message} -> ${told.error.hint ?? ""}`;
    case "crashed": {
      const { ending: { code, signal }, lastLines, againInMs } = told;
      const last = lastLines.at(-1);
      const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
      return `The client ${how}${last === undefined ? "" : ` (${printable(last)})`}; again in ${
        Math.round(againInMs / 1000)
      } s`;
    }
  }
}
