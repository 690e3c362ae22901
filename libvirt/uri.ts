/**
 * Reads a connection URI (https://libvirt.org/uri.html) and says which socket it means, as libvirt's own client chooses it.
 * Pure: what exists in the file system is asked through a function.
 */
import { LibvirtError } from "./errors.ts";

/** Where to connect, and what to ask the daemon to open there. */
export interface Target {
  /** The hypervisor driver: `qemu`, `test`, … */
  driver: string;
  transport: "unix" | "ssh" | "tls";
  /** The URI the daemon is given: driver and path, without the client's own parts. */
  daemonUri: string;
  path: string;
  /** `socket=`: the socket to use, whatever else would have been chosen. */
  socket: string | undefined;
  /** `mode=`: the daemon of the driver itself, libvirtd, or whichever is there. */
  mode: "auto" | "direct" | "legacy";
  readOnly: boolean;
  /** The other machine, where there is one. */
  host: string;
  port: number | undefined;
  /** `pkipath=`: where the certificates for TLS lie. */
  pkiFolder: string | undefined;
  ssh: {
    user: string | undefined;
    command: string;
    keyfile: string | undefined;
  };
}

const URI = /^([a-z][a-z0-9]*)(?:\+([a-z0-9]+))?:\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/i;
const AUTHORITY = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/;
/** Parameters that the client keeps for itself; the daemon gets the others. */
const CLIENT_PARAMETERS = new Set([
  "socket",
  "mode",
  "command",
  "keyfile",
  "proxy",
  "no_verify",
  "no_tty",
  "sshauth",
  "pkipath",
  "tls_priority",
]);
const TRANSPORTS = "this client connects through unix sockets (qemu:///system), ssh (qemu+ssh://host/system) and TLS " +
  "(qemu+tls://host/system)";

function invalid(uri: string, why: string): LibvirtError {
  return new LibvirtError({ code: "VIR_ERR_INVALID_ARG", message: `libvirt URI ${JSON.stringify(uri)}: ${why}` });
}

/** Reads a URI. Throws LibvirtError: VIR_ERR_INVALID_ARG for one that is none, VIR_ERR_NO_SUPPORT for a transport not built. */
export function parseUri(uri: string, options: { readOnly?: boolean } = {}): Target {
  const match = URI.exec(uri);
  if (match === null) {
    throw invalid(uri, "it is not of the form driver[+transport]://[user@host[:port]]/path[?parameters]");
  }
  const [, driver = "", named, authority = "", path = "", query = ""] = match;
  const authorityMatch = AUTHORITY.exec(authority);
  if (authorityMatch === null) throw invalid(uri, `${JSON.stringify(authority)} is not [user@]host[:port]`);
  const [, user, host = "", port] = authorityMatch;
  const transport = named?.toLowerCase() ?? (host === "" ? "unix" : "tls");
  if (transport !== "unix" && transport !== "ssh" && transport !== "tls") {
    throw new LibvirtError({
      code: "VIR_ERR_NO_SUPPORT",
      message: `libvirt URI ${JSON.stringify(uri)} wants the transport ${transport}; ${TRANSPORTS}`,
    });
  }
  if (transport === "unix" && host !== "") throw invalid(uri, "a unix socket is on this machine; it takes no host");
  if (transport !== "unix" && host === "") throw invalid(uri, `${transport} needs a host`);
  // A host or user that begins with a dash would be read by ssh as an option.
  if (/^-/.test(host) || /^-/.test(user ?? "")) throw invalid(uri, "a host or user cannot begin with a dash");

  const parameters = new URLSearchParams(query);
  const mode = parameters.get("mode") ?? "auto";
  if (mode !== "auto" && mode !== "direct" && mode !== "legacy") {
    throw invalid(uri, `mode=${mode} is none of auto, direct, legacy`);
  }
  if (transport === "tls" && (parameters.get("no_verify") ?? "0") !== "0") {
    const message = `libvirt URI ${
      JSON.stringify(uri)
    }: no_verify is not supported; this client always verifies the daemon`;
    throw new LibvirtError({ code: "VIR_ERR_NO_SUPPORT", message });
  }
  const socket = parameters.get("socket") ?? undefined;
  if (socket !== undefined && !socket.startsWith("/")) throw invalid(uri, "socket= needs an absolute path");
  const daemonParameters = [...parameters].filter(([name]) => !CLIENT_PARAMETERS.has(name));
  const daemonQuery = daemonParameters.length === 0 ? "" : `?${new URLSearchParams(daemonParameters)}`;
  return {
    driver: driver.toLowerCase(),
    transport,
    daemonUri: `${driver.toLowerCase()}://${path === "" ? "/" : path}${daemonQuery}`,
    path,
    socket,
    mode,
    readOnly: options.readOnly ?? false,
    host: host.replace(/^\[|\]$/g, ""),
    port: port === undefined ? undefined : Number(port),
    pkiFolder: parameters.get("pkipath") ?? undefined,
    ssh: {
      user: user === undefined ? undefined : unescaped(uri, user),
      command: parameters.get("command") ?? "ssh",
      keyfile: parameters.get("keyfile") ?? undefined,
    },
  };
}

function unescaped(uri: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(uri, `${JSON.stringify(text)} is not percent-encoded rightly`);
  }
}

/** What choosing a socket needs to know of this machine. */
export interface SocketSurroundings {
  exists(path: string): boolean;
  /** The effective user id; null where there is none, which counts as root. Asked for sessions only. */
  uid(): number | null;
  /** `$XDG_RUNTIME_DIR`. */
  runtimeFolder(): string | undefined;
}

/**
 * The socket that libvirt's client would use: the driver's own daemon (virtqemud-sock) when its socket is there, else
 * libvirtd's (libvirt-sock); for `/session` as an ordinary user those below the user's runtime folder.
 */
export function chooseSocket(target: Target, surroundings: SocketSurroundings): string {
  if (target.socket !== undefined) return target.socket;
  const uid = target.path === "/session" ? surroundings.uid() ?? 0 : 0;
  const isSession = uid > 0;
  const folder = isSession ? `${surroundings.runtimeFolder() ?? `/run/user/${uid}`}/libvirt` : "/var/run/libvirt";
  const suffix = target.readOnly && !isSession ? "-sock-ro" : "-sock";
  const direct = `${folder}/virt${target.driver}d${suffix}`;
  const legacy = `${folder}/libvirt${suffix}`;
  if (target.mode === "direct") return direct;
  if (target.mode === "legacy") return legacy;
  return surroundings.exists(direct) ? direct : legacy;
}
