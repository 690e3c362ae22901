/** A hypervisor in memory that counts what is asked of it, tells of changes, and can go away. */
import type { DomainAction, DomainState } from "../../../server/dto.ts";
import type { HypervisorSession, ObservedDomain } from "../../../server/services/hypervisor.ts";
import { AppError } from "../../../model/errors.ts";

export const uuidOf = (number: number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;

export function domainXml(name: string, inside = ""): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='KiB'>65536</memory><vcpu>2</vcpu>` +
    `<os><type arch='x86_64' machine='q35'>hvm</type></os>${inside}</domain>`;
}

const outcomes: Record<DomainAction, DomainState> = {
  start: "running",
  shutdown: "shutoff",
  destroy: "shutoff",
  reboot: "running",
  reset: "running",
  pause: "paused",
  resume: "running",
};

export class FakeHypervisor {
  readonly domains = new Map<string, ObservedDomain>();
  readonly calls: string[] = [];
  readonly volumes = new Set<string>();
  /** What the next action answers with instead of doing it. */
  refusal: AppError | null = null;
  reachable = true;
  #queue: string[] = [];
  #wake: () => void = () => {};
  #session = 0;

  add(number: number, name: string, state: DomainState = "shutoff", inside = ""): string {
    const uuid = uuidOf(number);
    this.domains.set(uuid, { uuid, name, state, persistent: true, autostart: false, xml: domainXml(name, inside) });
    return uuid;
  }

  /** As if somebody else had changed it. */
  change(uuid: string, change: Partial<ObservedDomain> | null): void {
    if (change === null) this.domains.delete(uuid);
    else this.domains.set(uuid, { ...this.domains.get(uuid)!, ...change });
    this.#queue.push(uuid);
    this.#wake();
  }

  /** The connection breaks; new ones fail until `comeBack`. */
  goAway(): void {
    this.reachable = false;
    this.#session++;
    this.#wake();
  }

  comeBack(): void {
    this.reachable = true;
  }

  readonly open = (_uri: string): Promise<HypervisorSession> => {
    if (!this.reachable) return Promise.reject(new AppError("hypervisor", "nobody listens"));
    const own = ++this.#session;
    this.#queue = [];
    const counted = <T>(name: string, value: () => T): Promise<T> => {
      this.calls.push(name);
      if (own !== this.#session) return Promise.reject(new AppError("hypervisor", "connection lost"));
      return new Promise((done) => done(value()));
    };
    const { domains } = this;
    return Promise.resolve({
      readVersions: () => counted("readVersions", () => ({ libvirt: "9.0.0", hypervisor: "FAKE 1.0.0" })),
      readAll: () => counted("readAll", () => [...domains.values()]),
      readOne: (uuid) => counted("readOne", () => domains.get(uuid) ?? null),
      readXml: (uuid) => counted("readXml", () => domains.get(uuid)!.xml),
      perform: (uuid, action) =>
        counted(`perform ${action}`, () => {
          if (this.refusal !== null) throw this.refusal;
          this.change(uuid, { state: outcomes[action] });
        }),
      undefine: (uuid) => counted("undefine", () => this.change(uuid, null)),
      readKept: () => counted("readKept", () => ({ managedSave: true, snapshots: 2 })),
      isVolume: (path) => counted("isVolume", () => this.volumes.has(path)),
      deleteVolume: (path) => counted("deleteVolume", () => void this.volumes.delete(path)),
      changes: () => this.#changes(own),
      close: () => {
        if (own === this.#session) this.#session++;
        this.#wake();
        return Promise.resolve();
      },
    });
  };

  async *#changes(own: number): AsyncIterable<string> {
    while (own === this.#session) {
      const next = this.#queue.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((done) => this.#wake = done);
    }
  }
}

/** Waits for a condition, with a deadline. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 3_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}
