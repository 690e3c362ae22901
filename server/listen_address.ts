/** `ADDR:PORT` as people write it. Pure. */
import { AppError } from "../model/errors.ts";

export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/** Reads `127.0.0.1:8443`, `[::1]:8443`, `localhost:8443`. Throws AppError `usage`. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined || port > 65_535) {
    throw new AppError("usage", `Cannot read "${text}" as an address to listen on`, {
      hint: "Write ADDR:PORT, for instance 127.0.0.1:8443 or [::1]:8443",
    });
  }
  return { hostname, port };
}

/** Without TLS only this machine itself may connect: anyone between could read the session and steer every VM. */
export function requireLoopback({ hostname, port }: ListenAddress): void {
  if (hostname === "localhost" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname)) return;
  throw new AppError(
    "unsupported",
    `Refusing to listen on ${hostname}: without HTTPS, others could read and take over your session`,
    {
      hint: `Listen on 127.0.0.1 and come in through SSH: ssh -L ${port}:127.0.0.1:${port} THIS-MACHINE`,
    },
  );
}

/** `host:port` values a browser may send for a loopback listener, the one we name first. */
export function loopbackHosts({ hostname, port }: ListenAddress): ReadonlySet<string> {
  const shown = hostname.includes(":") ? `[${hostname}]` : hostname;
  return new Set([shown, "localhost", "127.0.0.1", "[::1]"].map((name) => port === 80 ? name : `${name}:${port}`));
}
