/**
 * The server's one connection to the hypervisor: connects, notices when it breaks, tries again with growing pauses, and
 * says where it stands. Asks the hypervisor for nothing by itself.
 */
import { AppError, errorMessage } from "../../model/errors.ts";
import type { HypervisorStatus } from "../dto.ts";
import type { HypervisorSession, HypervisorVersions, OpenHypervisor } from "./hypervisor.ts";

export interface LinkOptions {
  readonly uri: string;
  readonly open: OpenHypervisor;
  readonly now: () => number;
  /** Pauses between attempts, growing from the first to the second. */
  readonly retryMs?: readonly [number, number];
  /** The connection is new: everything must be read again. The session is only used once this has returned. */
  readonly onConnected: (session: HypervisorSession) => Promise<void>;
  readonly onChanged: (uuid: string) => void;
  readonly onStatus: () => void;
}

export class HypervisorLink {
  readonly #options: LinkOptions;
  #session: HypervisorSession | null = null;
  #opening: HypervisorSession | null = null;
  #status: HypervisorStatus;
  #stopped = false;
  readonly #stopping = Promise.withResolvers<null>();
  #wake: () => void = () => {};
  #loop: Promise<void> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#status = {
      uri: options.uri,
      state: "connecting",
      sinceMs: options.now(),
      problem: null,
      libvirtVersion: null,
      hypervisor: null,
    };
  }

  get status(): HypervisorStatus {
    return this.#status;
  }

  /** The open session. Throws AppError `hypervisor` while there is none. */
  require(): HypervisorSession {
    if (this.#session === null) {
      throw new AppError("hypervisor", `Not connected to ${this.#options.uri}`, {
        hint: this.#status.problem?.message ?? "Neuron is connecting; try again in a moment",
      });
    }
    return this.#session;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping.resolve(null);
    this.#wake();
    await (this.#session ?? this.#opening)?.close().catch(() => {});
    await this.#loop;
  }

  async #run(): Promise<void> {
    const [firstMs, lastMs] = this.#options.retryMs ?? [250, 5_000];
    let pauseMs = firstMs;
    while (!this.#stopped) {
      let problem: unknown = new AppError("hypervisor", "The connection to libvirt ended", {
        hint: "Neuron connects again by itself once libvirt answers",
      });
      try {
        await this.#useOneSession(() => pauseMs = firstMs);
      } catch (error) {
        problem = error;
      }
      this.#session = null;
      if (this.#stopped) return;
      this.#tell("disconnected", problem, null);
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, lastMs);
    }
  }

  async #useOneSession(onConnected: () => void): Promise<void> {
    const opening = this.#options.open(this.#options.uri);
    // A libvirtd that accepts and stays silent must not keep the server from ending.
    const session = await Promise.race([opening, this.#stopping.promise]);
    if (session === null) {
      opening.then((late) => late.close()).catch(() => {});
      return;
    }
    this.#opening = session;
    try {
      if (this.#stopped) return;
      const versions = await session.readVersions();
      await this.#options.onConnected(session);
      this.#session = session;
      onConnected();
      this.#tell("connected", null, versions);
      for await (const uuid of session.changes()) this.#options.onChanged(uuid);
    } finally {
      this.#opening = null;
      await session.close().catch(() => {});
    }
  }

  #tell(state: HypervisorStatus["state"], problem: unknown, versions: HypervisorVersions | null): void {
    const before = this.#status;
    this.#status = {
      uri: this.#options.uri,
      state,
      sinceMs: before.state === state ? before.sinceMs : this.#options.now(),
      problem: problem === null ? null : {
        message: errorMessage(problem),
        hint: problem instanceof AppError ? problem.hint ?? null : null,
      },
      libvirtVersion: versions?.libvirt ?? null,
      hypervisor: versions?.hypervisor ?? null,
    };
    if (before.state !== state || before.problem?.message !== this.#status.problem?.message) this.#options.onStatus();
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
