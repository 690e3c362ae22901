/**
 * Runs the watch on a real VM: starts it, listens to its serial port, looks at its screen, hears libvirt's events, and
 * does what watch.ts asks for. Decides nothing itself. What a guest sends is bounded here: long lines are cut, and a
 * guest that talks without end is read no faster than it is understood.
 */
import { type Connection, type Domain, LibvirtError } from "../../libvirt/mod.ts";
import { AppError, errorMessage } from "../../model/errors.ts";
import { sha256 } from "../node.ts";
import { parseStage } from "../unattend/stages.ts";
import { pingAgent, readStage } from "./agent.ts";
import { asPng } from "./picture.ts";
import { beginWatch, happen, type Happening, type Moment, type Watch } from "./watch.ts";

/** KEY_ENTER of Linux's input-event-codes.h. */
const enterKey = 28;
const longestLine = 4096;
const mostWaiting = 1000;
const hearOutMs = 2000;

export interface InstallOptions {
  /** Milliseconds since 1970. */
  now(): number;
  /** Time between two looks at the screen. */
  readonly lookEveryMs: number;
  /** How much slower than usual this machine is; 1 for a usual one. */
  readonly slowness: number;
  /** The VM runs and installs already: only the watch is taken up again. */
  readonly resumes?: boolean;
  readonly signal?: AbortSignal;
  /** A new line of the timeline, as it happens. */
  tell(moment: Moment): void;
  /** A picture for the timeline, as PNG. */
  keepPicture(png: Uint8Array, watch: Watch): void;
}

/**
 * Until the guest is done, has failed, or is stuck. The VM is left as it is: also one that failed can be looked at.
 *
 * @param domain switched off unless the watch is taken up again; its first serial port is a pty
 * @throws AppError `conflict` when it runs already, or does not and should, `interrupted`; LibvirtError when libvirt is lost
 */
export async function install(connection: Connection, domain: Domain, options: InstallOptions): Promise<Watch> {
  const resumes = options.resumes ?? false;
  if (await domain.isActive() !== resumes) throw resumes ? notRunning(domain) : running(domain);
  await using events = await connection.subscribe(["domain.lifecycle", "domain.reboot"]);
  const happenings = new Happenings();
  let closed = false;
  const hear = async () => {
    for await (const event of events) {
      if (closed) return;
      if (event.kind === "overflow" || event.domain.uuid !== domain.uuid) continue;
      if (event.kind === "domain.reboot") happenings.add({ type: "restarted" });
      else if (event.event === "stopped") {
        happenings.add({ type: "off", crashed: event.detail === "crashed" || event.detail === "failed" });
      }
    }
  };
  hear().catch((error) => happenings.fail(error));
  let watch = beginWatch(options.now(), resumes);
  for (const moment of watch.timeline) options.tell(moment);
  let picture: Uint8Array | null = null;
  let console_ = resumes ? await listen(domain, happenings) : await startListening(domain, happenings);
  const agent = new AgentEar(domain, happenings);
  let lookAtMs = options.now() + options.lookEveryMs;
  try {
    while (watch.outcome === null) {
      if (options.signal?.aborted === true) throw interrupted(domain);
      // By the clock, not when all is quiet: a guest that talks without end must not keep us from looking.
      if (options.now() >= lookAtMs) {
        picture = await look(domain, happenings) ?? picture;
        agent.listen(watch);
        happenings.add({ type: "tick" });
        lookAtMs = options.now() + options.lookEveryMs;
      }
      const happening = await happenings.next(lookAtMs - options.now());
      if (happening === null) continue;
      const { watch: next, acts } = happen(watch, options.now(), happening, options.slowness);
      for (const moment of next.timeline.slice(watch.timeline.length)) options.tell(moment);
      watch = next;
      for (const act of acts) {
        if (act === "press-key") await pressKey(domain);
        else if (act === "start") {
          await console_.hearOut();
          await console_.close();
          console_ = await startListening(domain, happenings);
        } else if (picture !== null) options.keepPicture(picture, watch);
      }
    }
    return watch;
  } finally {
    closed = true;
    await console_.close();
  }
}

function running({ name }: Domain): AppError {
  return new AppError("conflict", `Cannot install in the VM "${name}": it is running`, {
    hint: `Switch it off first: neuron-setup vm destroy ${name}`,
  });
}

function notRunning({ name }: Domain): AppError {
  return new AppError("conflict", `Cannot go on watching the VM "${name}": it was switched off`, {
    hint: "Start the installation again",
  });
}

function interrupted({ name }: Domain): AppError {
  return new AppError("interrupted", `Interrupted: the VM "${name}" goes on by itself, but nobody watches it`, {
    hint: `The same command takes the watch up again; neuron-setup vm show ${name} tells its state`,
  });
}

interface Listening {
  /** What the guest said before it went off may still be on its way. */
  hearOut(): Promise<void>;
  close(): Promise<void>;
}

/** Paused until somebody listens, so that no line is lost. */
async function startListening(domain: Domain, happenings: Happenings): Promise<Listening> {
  await domain.start({ paused: true });
  const listening = await listen(domain, happenings);
  await domain.resume();
  return listening;
}

async function listen(domain: Domain, happenings: Happenings): Promise<Listening> {
  const stream = await domain.openConsole();
  const ended = readLines(stream.readable, (line) => {
    const stage = parseStage(line);
    if (stage !== null) happenings.add({ type: "stage", stage });
  }).catch(() => {
    // The guest was switched off: an event tells of it.
  });
  return {
    hearOut: () => Promise.race([ended, new Promise<void>((resolve) => setTimeout(resolve, hearOutMs))]),
    close: () => stream.close(),
  };
}

async function readLines(chunks: AsyncIterable<unknown>, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) continue;
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n|\r/);
    rest = lines.pop()!.slice(-longestLine);
    for (const line of lines) take(line);
  }
}

async function look(domain: Domain, happenings: Happenings): Promise<Uint8Array | null> {
  try {
    const bytes = await (await domain.screenshot()).stream.bytes();
    happenings.add({ type: "screen", digest: sha256(bytes) });
    return asPng(bytes);
  } catch (error) {
    // Between two starts, or with a screen of its own card alone, there is nothing to be seen.
    if (error instanceof LibvirtError && !error.isConnectionLost) return null;
    throw error;
  }
}

/** Asks the guest agent now and then, one question at a time, and never keeps the watch waiting for the answer. */
class AgentEar {
  #asking = false;

  constructor(readonly domain: Domain, readonly happenings: Happenings) {}

  listen({ agentAnswered, resumes, stage }: Watch): void {
    // What the serial port tells is enough; in the middle of things the guest's log has to say how far it is.
    if (this.#asking || (agentAnswered && !(resumes && stage === null))) return;
    this.#asking = true;
    this.#ask(resumes && stage === null).catch((error) => this.happenings.fail(error)).finally(() => {
      this.#asking = false;
    });
  }

  async #ask(wantsStage: boolean): Promise<void> {
    if (!await pingAgent(this.domain)) return;
    this.happenings.add({ type: "agent" });
    const stage = wantsStage ? await readStage(this.domain) : null;
    if (stage !== null) this.happenings.add({ type: "stage", stage });
  }
}

async function pressKey(domain: Domain): Promise<void> {
  try {
    await domain.sendKey([enterKey]);
  } catch (error) {
    if (!(error instanceof LibvirtError) || error.isConnectionLost) throw error;
  }
}

/** What happens, in its order, from several sources. */
class Happenings {
  readonly #waiting: Happening[] = [];
  #failure: unknown = null;
  #wake: (() => void) | null = null;

  /** More than this at once is a guest's flood: what comes later says the same again. */
  add(happening: Happening): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(happening);
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure = error instanceof LibvirtError ? error : new AppError("hypervisor", errorMessage(error));
    this.#wake?.();
  }

  /** Null when nothing happened for that long. */
  async next(patienceMs: number): Promise<Happening | null> {
    if (this.#waiting.length === 0 && this.#failure === null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, patienceMs);
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
      this.#wake = null;
    }
    const happening = this.#waiting.shift();
    if (happening === undefined && this.#failure !== null) throw this.#failure;
    return happening ?? null;
  }
}
