/**
 * What the page knows, as signals, and the few functions that change it. Fed by one read after each (re)connection and
 * then by the server's events: an event says what changed, and only that is read again.
 */
import { batch, computed, signal } from "@preact/signals";
import type { ChangeEvent, Detection, DomainDetail, DomainSummary, Plan, System, TrialReport } from "../server/dto.ts";
import { api, ApiError, followEvents } from "./api.ts";

/** Something that is read from the server. Old data stays while it is read again. */
export interface Loaded<T> {
  readonly data: T | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
}

const nothing = { data: null, error: null, loading: true } as const;

export const session = signal<"unknown" | "in" | "out">("unknown");
/** `lost`: the server does not answer; the page shows what it knew. */
export const stream = signal<"connecting" | "open" | "lost">("connecting");
export const system = signal<Loaded<System>>(nothing);
export const domains = signal<Loaded<ReadonlyMap<string, DomainSummary>>>(nothing);
export const detection = signal<Loaded<Detection>>(nothing);
export const plan = signal<Loaded<Plan>>(nothing);
export const trial = signal<Loaded<TrialReport>>(nothing);
/** The VM whose page is open. */
export const domain = signal<Loaded<DomainDetail> & { readonly uuid: string | null }>({ ...nothing, uuid: null });

export const hypervisor = computed(() => system.value.data?.hypervisor ?? null);
/** Whether anything can be asked of a VM now; else the sentence that says why not. */
export const actionsBlocked = computed(() => {
  if (stream.value === "lost") return "Neuron does not answer right now";
  const state = hypervisor.value?.state;
  return state === undefined || state === "connected" ? null : "libvirt is not reachable right now";
});

/** Reads into a signal; what is not an answer of the server is a mistake of ours and is not swallowed. */
async function load<T, S extends Loaded<T>>(target: { value: S }, read: () => Promise<T>): Promise<void> {
  target.value = { ...target.value, loading: true };
  try {
    const data = await read();
    target.value = { ...target.value, data, error: null, loading: false };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) session.value = "out";
    target.value = { ...target.value, error, loading: false };
  }
}

const loadSystem = () => load(system, api.readSystem);
export const loadDetection = () => load(detection, api.readDetection);
export const loadPlan = () => load(plan, api.readPlan);
export const loadTrial = () => load(trial, api.readTrial);
export const loadDomains = () =>
  load<ReadonlyMap<string, DomainSummary>, Loaded<ReadonlyMap<string, DomainSummary>>>(
    domains,
    async () => new Map((await api.listDomains()).map((each) => [each.uuid, each])),
  );

/** Opens a VM's page on what the list knows and reads the rest. */
export async function openDomain(uuid: string): Promise<void> {
  if (domain.value.uuid !== uuid) domain.value = { ...nothing, uuid };
  await refreshDomain(uuid);
}

async function refreshDomain(uuid: string): Promise<void> {
  try {
    learnDomain(await api.readDomain(uuid));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) session.value = "out";
    if (error.status === 404) forgetDomain(uuid);
    if (domain.value.uuid === uuid) domain.value = { ...domain.value, error, loading: false };
  }
}

/** A VM as some answer of the server has it, put everywhere it is shown. */
export function learnDomain(detail: DomainDetail): void {
  batch(() => {
    const known = domains.value.data;
    if (known !== null) domains.value = { ...domains.value, data: new Map(known).set(detail.uuid, detail) };
    if (domain.value.uuid === detail.uuid) {
      domain.value = { uuid: detail.uuid, data: detail, error: null, loading: false };
    }
  });
}

export function forgetDomain(uuid: string): void {
  const left = new Map(domains.value.data);
  if (left.delete(uuid)) domains.value = { ...domains.value, data: left };
}

/** So many changes at once are cheaper read as one list. */
const listInsteadAbove = 12;
let waiting: ChangeEvent[] = [];

function onChange(event: ChangeEvent): void {
  if (waiting.length === 0) queueMicrotask(applyChanges);
  waiting.push(event);
}

function applyChanges(): void {
  const events = waiting;
  waiting = [];
  const changed = new Set<string>();
  for (const event of events) {
    if (event.scope !== "domain") continue;
    if (event.type === "removed") removeShown(event.id);
    else changed.add(event.id);
  }
  const everything = events.some((event) => event.scope === "all");
  if (everything || events.some((event) => event.scope === "system")) void loadSystem();
  if (everything || changed.size > listInsteadAbove) {
    void loadDomains();
    const open = domain.value.uuid;
    if (open !== null && (everything || changed.has(open))) void refreshDomain(open);
  } else for (const uuid of changed) void refreshDomain(uuid);
}

function removeShown(uuid: string): void {
  forgetDomain(uuid);
  if (domain.value.uuid !== uuid) return;
  const error = new ApiError(404, { detail: "This VM has been deleted", code: "not-found" });
  domain.value = { uuid, data: null, error, loading: false };
}

let stopFollowing: (() => void) | null = null;

/** Follows the server from now on and reads everything once the stream is open, so that nothing falls between. */
export function follow(): void {
  stopFollowing?.();
  stopFollowing = followEvents({
    onOpen() {
      stream.value = "open";
      void loadSystem();
      void loadDomains();
      if (domain.value.uuid !== null) void refreshDomain(domain.value.uuid);
      // What could not be read while the server was away.
      if (detection.value.error !== null) void loadDetection();
      if (plan.value.error !== null) void loadPlan();
    },
    onChange,
    onBreak(ended) {
      stream.value = "lost";
      if (ended) setTimeout(checkSession, 2_000);
    },
  });
}

function unfollow(): void {
  stopFollowing?.();
  stopFollowing = null;
}

/** Whether we are signed in; follows if so, and asks again when nobody answers. */
export async function checkSession(): Promise<void> {
  try {
    await api.readSession();
    session.value = "in";
    follow();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) {
      session.value = "out";
      return;
    }
    stream.value = "lost";
    setTimeout(checkSession, 2_000);
  }
}

export async function signOut(): Promise<void> {
  await api.signOut();
  unfollow();
  batch(() => {
    session.value = "out";
    system.value = nothing;
    domains.value = nothing;
    detection.value = nothing;
    plan.value = nothing;
    trial.value = nothing;
    domain.value = { ...nothing, uuid: null };
  });
}
