/**
 * The only errors this client throws: what the daemon reported, what the wire could not mean, and what this client cannot do.
 * Nothing here reads or writes anything.
 */
import { VirErrorDomain, VirErrorLevel, VirErrorNumber } from "./protocol/constants.gen.ts";

/** libvirt's own names, `VIR_ERR_NO_DOMAIN`; a number unknown to this build reads `VIR_ERR_<number>`. */
export type LibvirtErrorCode = `VIR_ERR_${string}`;
/** libvirt's own names, `VIR_FROM_QEMU`; a number unknown to this build reads `VIR_FROM_<number>`. */
export type LibvirtErrorDomain = `VIR_FROM_${string}`;

export interface LibvirtErrorDetails {
  code: LibvirtErrorCode;
  message: string;
  domain?: LibvirtErrorDomain;
  /** How bad libvirt thinks it is: `none` and `warning` come with calls that partly worked. */
  level?: "none" | "warning" | "error";
  /** Who says so: the daemon over the wire, or this client. */
  origin?: "daemon" | "client";
  /** The call that failed, such as `DOMAIN_CREATE_XML`. */
  procedure?: string;
  /** The wire's extra strings and numbers, as libvirt filled them. */
  strings?: readonly (string | null)[];
  numbers?: readonly number[];
  cause?: unknown;
}

/**
 * An error of libvirt, from the daemon or from this client, with libvirt's own names (https://libvirt.org/html/libvirt-virterror.html).
 *
 * @example
 * ```ts ignore
 * import { LibvirtError, open } from "./mod.ts";
 *
 * await using connection = await open("qemu:///system");
 * try {
 *   await connection.lookupDomain("gone");
 * } catch (error) {
 *   if (error instanceof LibvirtError && error.code === "VIR_ERR_NO_DOMAIN") console.log("no such domain");
 *   else throw error;
 * }
 * ```
 */
export class LibvirtError extends Error {
  override name = "LibvirtError";
  readonly code: LibvirtErrorCode;
  readonly domain: LibvirtErrorDomain;
  readonly level: "none" | "warning" | "error";
  readonly origin: "daemon" | "client";
  readonly procedure: string | undefined;
  readonly strings: readonly (string | null)[];
  readonly numbers: readonly number[];

  constructor(details: LibvirtErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.domain = details.domain ?? "VIR_FROM_RPC";
    this.level = details.level ?? "error";
    this.origin = details.origin ?? "client";
    this.procedure = details.procedure;
    this.strings = details.strings ?? [];
    this.numbers = details.numbers ?? [];
  }

  /** True when the connection, not the request, failed: the same call may work after reconnecting. */
  get isConnectionLost(): boolean {
    return this.origin === "client" && (this.code === "VIR_ERR_INVALID_CONN" || this.code === "VIR_ERR_NO_CONNECT");
  }
}

/** Bytes that do not mean what the protocol says they must, or a value the protocol has no bytes for. */
export class XdrError extends LibvirtError {
  override name = "XdrError";

  constructor(message: string, options: { procedure?: string; cause?: unknown } = {}) {
    super({ code: "VIR_ERR_RPC", message, ...options });
  }
}

/** The wire's error struct (`virNetMessageError`), the fields that carry meaning. */
export interface WireError {
  code: number;
  domain: number;
  message: string | null;
  level: number;
  str1: string | null;
  str2: string | null;
  str3: string | null;
  int1: number;
  int2: number;
}

/**
 * The daemon's error as an exception. A daemon older than the call answers `unknown procedure: N`, which says nothing to
 * a reader; it becomes `VIR_ERR_NO_SUPPORT` with the call's name.
 */
export function fromWire(error: WireError, procedure: string): LibvirtError {
  const message = error.message ?? "the daemon gave no reason";
  const common = {
    domain: (nameOf(VirErrorDomain, error.domain) ?? `VIR_FROM_${error.domain}`) as LibvirtErrorDomain,
    level: error.level === VirErrorLevel.VIR_ERR_NONE
      ? "none" as const
      : error.level === VirErrorLevel.VIR_ERR_WARNING
      ? "warning" as const
      : "error" as const,
    origin: "daemon" as const,
    procedure,
    strings: [error.str1, error.str2, error.str3],
    numbers: [error.int1, error.int2],
  };
  if (error.code === VirErrorNumber.VIR_ERR_RPC && message.startsWith("unknown procedure")) {
    return new LibvirtError({
      ...common,
      code: "VIR_ERR_NO_SUPPORT",
      message: `this libvirt is too old for ${procedure}: its daemon does not know the call`,
    });
  }
  const code = (nameOf(VirErrorNumber, error.code) ?? `VIR_ERR_${error.code}`) as LibvirtErrorCode;
  return new LibvirtError({ ...common, code, message });
}

/** The key of a generated constant table whose value is `value`, where there is one. */
export function nameOf<T extends Record<string, number>>(table: T, value: number): (keyof T & string) | undefined {
  for (const key in table) if (table[key] === value) return key;
  return undefined;
}
