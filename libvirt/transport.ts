/**
 * The byte streams a connection runs over: a unix socket, ssh's standard input and output, or TLS. With transport_ssh.ts and
 * transport_tls.ts the only module of this client that does I/O; it knows nothing of libvirt's messages.
 */
import { LibvirtError } from "./errors.ts";
import { connectSsh } from "./transport_ssh.ts";
import { connectTls } from "./transport_tls.ts";
import { chooseSocket, type Target } from "./uri.ts";

/** A two-way stream of bytes. `Deno.Conn` is one. */
export interface Transport {
  /** Fills at least one byte of the buffer, or returns null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Opens the stream that a URI's target means. Throws LibvirtError VIR_ERR_NO_CONNECT when nobody is there. */
export async function connectTransport(target: Target): Promise<Transport> {
  switch (target.transport) {
    case "unix":
      return await connectUnix(target);
    case "ssh":
      return connectSsh(target);
    case "tls":
      return await connectTls(target);
  }
}

async function connectUnix(target: Target): Promise<Transport> {
  const path = chooseSocket(target, { exists, uid: Deno.uid, runtimeFolder });
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    throw noConnect(path, cause);
  }
}

/** The error for a place where no daemon could be reached. */
export function noConnect(where: string, cause: unknown): LibvirtError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LibvirtError({
    code: "VIR_ERR_NO_CONNECT",
    message: `could not connect to libvirt at ${where}: ${reason}`,
    cause,
  });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function runtimeFolder(): string | undefined {
  try {
    return Deno.env.get("XDG_RUNTIME_DIR");
  } catch {
    return undefined; // Without --allow-env the usual /run/user/<uid> is assumed.
  }
}
