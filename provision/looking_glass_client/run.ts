/**
 * Runs the watch on a real VM: hears of it (watched_vm.ts), starts and stops the client, and waits. Decides nothing
 * itself.
 */
import { AppError } from "../../model/errors.ts";
import type { Child, Ending } from "../host/child.ts";
import { Inbox, WatchedVm } from "./watched_vm.ts";
import { type Act, beginWatch, type Event, happen, howItEnded, type Outcome, type Until, type Watch } from "./watch.ts";

/** What a person or a script is told. */
export type Told =
  | { readonly type: "waiting" }
  | { readonly type: "vm-stopped" }
  | {
    readonly type: "crashed";
    readonly ending: Ending;
    readonly lastLines: readonly string[];
    readonly againInMs: number;
  }
  | { readonly type: "closed" }
  | { readonly type: "obstacle"; readonly error: AppError };

export interface ShowOptions {
  readonly until: Until;
  readonly waits: boolean;
  readonly signal?: AbortSignal;
  /** How often libvirt is asked besides its events. */
  readonly askEveryMs: number;
  /** From the client's TERM to its KILL. */
  readonly graceMs: number;
  /** Monotonic. */
  now(): number;
  /** Shortens the pauses between two starts; 1 for people. */
  readonly pauseScale: number;
  /** Starts the client for the VM as it runs now. May throw AppError: what stands in the way. */
  start(xml: string): Child | Promise<Child>;
  tell(told: Told): void;
}

export interface Shown {
  readonly outcome: Outcome;
  /** What the last client said last. */
  readonly lastLines: readonly string[];
}

/**
 * Until the watch is over.
 *
 * @param uri libvirt's, of the domain
 * @throws AppError `interrupted`, and what `start` throws
 */
export async function show(uri: string, uuid: string, options: ShowOptions): Promise<Shown> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const inbox = new Inbox(signal);
  const vm = new WatchedVm(uri, uuid, options.askEveryMs, inbox, signal);
  const clients = new Clients(options, vm, inbox);
  let watch = beginWatch(options.until, options.waits);
  try {
    while (watch.outcome === null) {
      const event = await inbox.next();
      if (event === null) throw interrupted();
      const before = watch;
      const { watch: next, acts } = happen(watch, event);
      watch = next;
      tellOf(event, before, acts, options, clients);
      for (const act of acts) await clients.act(act);
    }
    return { outcome: watch.outcome, lastLines: clients.lastLines };
  } finally {
    stop.abort();
    await clients.stop();
    await vm.ended;
  }
}

function tellOf(event: Event, before: Watch, acts: readonly Act[], options: ShowOptions, clients: Clients): void {
  if (event.type === "vm" && !event.runs) {
    if (before.vmRuns === true) options.tell({ type: "vm-stopped" });
    const waits = before.vmRuns === null ? before.waits : before.vmRuns && before.until === "follow";
    if (waits) options.tell({ type: "waiting" });
  }
  if (event.type !== "client-ended" || before.client !== "up" || clients.ending === null) return;
  const { ending, lastLines } = clients;
  const pause = acts.find((act) => act.type === "pause");
  if (pause !== undefined) {
    options.tell({ type: "crashed", ending, lastLines, againInMs: pause.ms * options.pauseScale });
  } else if (event.how === "closed") options.tell({ type: "closed" });
}

function interrupted(): AppError {
  return new AppError("interrupted", "Interrupted: the window is closed, the VM goes on", {
    hint: "neuron-setup vm looking-glass shows it again",
  });
}

/** One client at a time. */
class Clients {
  ending: Ending | null = null;
  lastLines: readonly string[] = [];
  #child: Child | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly options: ShowOptions, readonly vm: WatchedVm, readonly inbox: Inbox) {}

  async act(act: Act): Promise<void> {
    if (act.type === "start-client") await this.#start();
    else if (act.type === "stop-client") this.stop().catch((error) => this.inbox.fail(error));
    else {
      const over = () => this.inbox.add({ type: "pause-over" });
      this.#pause = setTimeout(over, act.ms * this.options.pauseScale);
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#pause);
    await this.#child?.stop(this.options.graceMs);
  }

  async #start(): Promise<void> {
    const startedMs = this.options.now();
    const child = await this.#startedChild();
    if (child === null) return;
    this.#child = child;
    child.ended.then(async (ending) => {
      this.#child = null;
      this.ending = ending;
      this.lastLines = child.lastLines();
      // A client whose VM has just gone ends too, and may be faster than libvirt's event.
      if (await this.vm.runs() === false) this.inbox.add({ type: "vm", runs: false });
      const how = howItEnded(ending.code, ending.signal, this.lastLines);
      this.inbox.add({ type: "client-ended", how, lastedMs: this.options.now() - startedMs });
    }).catch((error) => this.inbox.fail(error));
  }

  async #startedChild(): Promise<Child | null> {
    const xml = await this.vm.xml();
    this.ending = null;
    if (xml === null) {
      // Gone again, or the daemon is: both are tried again unless an event says that it is over.
      this.inbox.add({ type: "client-ended", how: "crashed", lastedMs: 0 });
      return null;
    }
    try {
      return await this.options.start(xml);
    } catch (error) {
      if (!(error instanceof AppError) || this.options.until === "once") throw error;
      this.options.tell({ type: "obstacle", error });
      this.inbox.add({ type: "client-ended", how: "closed", lastedMs: 0 });
      return null;
    }
  }
}
