/** What goes wrong below HTTP, in the words of faults.ts. Source: undici's docs/api/Errors.md, Node's error codes. */
import { errorMessage } from "../../model/errors.ts";
import { Fault } from "./faults.ts";

/** What a browser would call a certificate error: no second try makes it better. */
const untrusted = /certificate|self.signed|CERT_|UNABLE_TO_|UnknownIssuer|ERR_TLS/i;

/** What undici or an abort threw, as a Fault; anything an abort gave as its reason comes back as it is. */
export function faultOf(
  error: unknown,
  signal: AbortSignal,
  url: URL,
  otherwise: "cut" | "unreachable" = "unreachable",
): unknown {
  if (signal.aborted) return signal.reason;
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof Fault) return at;
  const message = errorMessage(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (untrusted.test(`${code} ${message}`)) {
    return new Fault("untrusted", `the certificate of ${url.host} cannot be trusted: ${message}`, { cause: error });
  }
  const kind = ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"].includes(code) ? "cut" : otherwise;
  const what = kind === "cut" ? `the connection to ${url.host} broke off` : `${url.host} cannot be reached`;
  return new Fault(kind, `${what}: ${message}`, { cause: error });
}
