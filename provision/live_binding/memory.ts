/**
 * Which driver every function of a taken card had, remembered in the state folder (`taken.jsonl`) before the first
 * write, so that a run after a KILL can finish or give back. A record counts only in the start of the machine that it
 * was written in: what sysfs holds dies with it.
 */
import type { Host } from "../host/host.ts";
import { appendRecord, readLines } from "../host/recorded.ts";
import type { FunctionBefore } from "./function.ts";

const NAME = "taken.jsonl";

interface TakenRecord {
  readonly boot: string;
  readonly card: string;
  /** Null: given back. */
  readonly functions: readonly FunctionBefore[] | null;
}

/** What the card's functions were; null when this start of the machine has not seen it taken. */
export function recall(host: Host, card: string): readonly FunctionBefore[] | null {
  const boot = bootId(host);
  for (const line of readLines(host.state, NAME).reverse()) {
    const record = line as Partial<TakenRecord>;
    if (record.card === card && record.boot === boot) return record.functions ?? null;
  }
  return null;
}

/** Durable when it returns. */
export function remember(host: Host, card: string, functions: readonly FunctionBefore[] | null): void {
  const record: TakenRecord = { boot: bootId(host), card, functions };
  appendRecord(host.state, JSON.stringify(record), NAME);
}

function bootId(host: Host): string {
  return host.readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}
