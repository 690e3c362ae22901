/** The pieces every route description shares. */
import { z } from "@hono/zod-openapi";
import { problemSchema } from "../dto.ts";
import { HttpProblem } from "../errors.ts";

const problem = { content: { "application/problem+json": { schema: problemSchema } } };

/** A JSON answer with this schema. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export const unauthenticated = { description: "Not signed in", ...problem };
export const forbidden = { description: "Not asked for by Neuron's own page", ...problem };
export const notFound = { description: "There is no such thing", ...problem };
export const conflict = { description: "The state forbids it; `hint` says what to do", ...problem };
export const invalid = { description: "The request does not fit; `detail` says where", ...problem };
export const failed = { description: "The hypervisor could not do it", ...problem };

/** What every signed-in read can answer beside its result. */
export const readErrors = { 401: unauthenticated } as const;
/** What every change can answer beside its result. */
export const changeErrors = { 401: unauthenticated, 403: forbidden, 502: failed } as const;

/** zod-openapi's hook for requests that do not fit their schema: one sentence, as a problem. */
export function refuseInvalid(result: { success: boolean; error?: z.ZodError | undefined }): void {
  if (result.success || result.error === undefined) return;
  const issue = result.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  throw new HttpProblem(
    400,
    "usage",
    `The request does not fit: ${where === "" ? "" : `${where}: `}${issue?.message}`,
    {
      hint: "/api/openapi.json describes every request",
    },
  );
}
