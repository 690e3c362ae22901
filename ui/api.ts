/** The typed client: the only file of the page that talks to the network. Knows no page and keeps no state. */
import { type ClientResponse, hc } from "hono/client";
import type { Api } from "../server/app.ts";
import type { ChangeEvent, DomainAction, Problem } from "../server/dto.ts";

const client = hc<Api>(location.origin, {
  headers: { "x-neuron-request": "1" },
  // The page's own policy is no-referrer, under which a browser sends "Origin: null" with every change
  // (https://fetch.spec.whatwg.org/#append-a-request-origin-header); the server wants to see the real one.
  init: { referrerPolicy: "same-origin" },
}).api.v1;

/** An answer that is no success. `status` 0: no answer at all. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;

  constructor(status: number, problem: Pick<Problem, "detail" | "code"> & { hint?: string | undefined }) {
    super(problem.detail);
    this.status = status;
    this.code = problem.code;
    this.hint = problem.hint ?? null;
  }
}

type Ok<R> = R extends ClientResponse<infer T, 200, string> ? T : never;

async function answer<R extends ClientResponse<unknown, number, string>>(pending: Promise<R>): Promise<Ok<R>> {
  const response = await reached(pending);
  if (response.status !== 200) throw await refusal(response);
  return await response.json() as Ok<R>;
}

async function reached<R>(pending: Promise<R>): Promise<R> {
  try {
    return await pending;
  } catch {
    throw new ApiError(0, {
      detail: "Neuron does not answer",
      code: "offline",
      hint: "It may have been stopped. The page goes on by itself when it is back",
    });
  }
}

async function refusal(response: { status: number; json(): Promise<unknown> }): Promise<ApiError> {
  const problem = await response.json().catch(() => null) as Partial<Problem> | null;
  return new ApiError(response.status, {
    detail: problem?.detail ?? `The server answered ${response.status}`,
    code: problem?.code ?? "internal",
    hint: problem?.hint,
  });
}

export const api = {
  signIn: (code: string) => answer(client.session.$post({ json: { code } })),
  readSession: () => answer(client.session.$get()),
  signOut: async () => {
    const response = await reached(client.session.$delete());
    if (!response.ok) throw await refusal(response);
  },
  readSystem: () => answer(client.system.$get()),
  readDetection: () => answer(client.detection.$get()),
  readPlan: () => answer(client.plan.$get()),
  readTrial: () => answer(client.trial.$get()),
  listDomains: async () => (await answer(client.domains.$get())).domains,
  readDomain: (uuid: string) => answer(client.domains[":uuid"].$get({ param: { uuid } })),
  readDomainXml: async (uuid: string) => (await answer(client.domains[":uuid"].xml.$get({ param: { uuid } }))).xml,
  performAction: (uuid: string, action: DomainAction) =>
    answer(client.domains[":uuid"][":action"].$post({ param: { uuid, action } })),
  previewDeletion: (uuid: string) => answer(client.domains[":uuid"].deletion.$get({ param: { uuid } })),
  deleteDomain: (uuid: string, confirm: string, disk: string[]) =>
    answer(client.domains[":uuid"].$delete({ param: { uuid }, query: { confirm, disk } })),
};

export interface EventHandlers {
  onOpen(): void;
  onChange(event: ChangeEvent): void;
  /** `ended`: the browser gave up; open a new stream. */
  onBreak(ended: boolean): void;
}

/** Follows the server's changes; the browser resumes after a break by itself. Returns how to stop. */
export function followEvents(handlers: EventHandlers): () => void {
  const source = new EventSource("/api/v1/events");
  source.onopen = () => handlers.onOpen();
  source.onmessage = (message) => handlers.onChange(JSON.parse(message.data) as ChangeEvent);
  source.onerror = () => handlers.onBreak(source.readyState === EventSource.CLOSED);
  return () => source.close();
}
