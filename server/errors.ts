/**
 * The one place where an error becomes an HTTP answer (RFC 9457). Never shows a stack or a cause to the client: those
 * go to the log.
 */
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AppError, type ErrorCode, errorMessage } from "../model/errors.ts";
import type { Problem } from "./dto.ts";

const statuses: Record<ErrorCode, ContentfulStatusCode> = {
  "usage": 400,
  "answer-missing": 422,
  "answer-invalid": 422,
  "hardware-unsuitable": 422,
  "not-found": 404,
  "conflict": 409,
  "plan-changed": 409,
  "locked": 409,
  "file-access": 500,
  "command-failed": 502,
  "journal-damaged": 500,
  "verification-failed": 500,
  "template-invalid": 500,
  "xml-invalid": 422,
  "network": 502,
  "hypervisor": 502,
  "unauthenticated": 401,
  "forbidden": 403,
  "too-large": 413,
  "unsupported": 501,
  "interrupted": 503,
  "internal": 500,
};

const titles: Partial<Record<number, string>> = {
  400: "Bad Request",
  401: "Not signed in",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  411: "Length Required",
  413: "Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Cannot be done as asked",
  500: "Internal Error",
  501: "Not Supported",
  502: "Another program or machine could not do it",
  503: "Unavailable",
};

/** An answer whose status is not the one its code has by itself (405, 421, 400 for a body that does not fit). */
export class HttpProblem extends AppError {
  readonly status: ContentfulStatusCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    code: ErrorCode,
    message: string,
    options: { hint?: string; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(code, message, options.hint === undefined ? {} : { hint: options.hint });
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

/** What is not an AppError is our mistake: the client learns only that, the log learns everything. */
export function problemOf(thrown: unknown): Problem & { status: ContentfulStatusCode } {
  const error = isRefusalOfHono(thrown) ? new HttpProblem(thrown.status, "usage", thrown.message) : thrown;
  if (!(error instanceof AppError)) {
    return {
      type: "about:blank",
      title: titles[500]!,
      status: 500,
      detail: "The server made a mistake while answering",
      code: "internal",
      hint: "Try again; the server's log has the details",
    };
  }
  const status = error instanceof HttpProblem ? error.status : statuses[error.code];
  return {
    type: "about:blank",
    title: titles[status] ?? "Error",
    status,
    detail: errorMessage(error),
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

/** What hono itself refuses, such as a body that is no JSON, before any route of ours sees it. */
export function isRefusalOfHono(error: unknown): error is HTTPException {
  return error instanceof HTTPException && error.status < 500;
}

/** The HTTP response of anything thrown. */
export function problemResponse(error: unknown): Response {
  const problem = problemOf(error);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(error instanceof HttpProblem ? error.headers : {}),
    },
  });
}
