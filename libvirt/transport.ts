/**
 * The byte streams a connection runs over: a unix socket, or ssh's standard input and output. The only module of this
 * client that does I/O; it knows nothing of libvirt's messages.
 */
import { LibvirtError } from "./errors.ts";
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
  return target.transport === "ssh" ? connectSsh(target) : await connectUnix(target);
}

async function connectUnix(target: Target): Promise<Transport> {
  const path = chooseSocket(target, { exists, uid: Deno.uid, runtimeFolder });
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LibvirtError({
      code: "VIR_ERR_NO_CONNECT",
      message: `could not connect to libvirt at ${path}: ${reason}`,
      cause,
    });
  }
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

/**
 * virt-ssh-helper on the other machine where it has one, else netcat to libvirtd's socket; what libvirt's client does
 * (src/rpc/virnetclient.c). The script holds nothing from the URI but the quoted socket and daemon URI.
 */
function connectSsh(target: Target): Transport {
  const { host, port, user, command, keyfile } = target.ssh;
  const socket = target.socket ?? "/var/run/libvirt/libvirt-sock";
  const helper = target.socket === undefined ? `virt-ssh-helper ${quote(target.daemonUri)}` : `nc -U ${quote(socket)}`;
  const script = `if command -v virt-ssh-helper >/dev/null 2>&1; then exec ${helper}; else exec nc -U ${
    quote(socket)
  }; fi`;
  const args = ["-T", "-e", "none", "-o", "BatchMode=yes"];
  if (port !== undefined) args.push("-p", String(port));
  if (user !== undefined) args.push("-l", user);
  if (keyfile !== undefined) args.push("-i", keyfile);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, {
      args: [...args, "--", host, "sh", "-c", quote(script)],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (cause) {
    throw new LibvirtError({ code: "VIR_ERR_NO_CONNECT", message: `could not start ${command} to ${host}`, cause });
  }
  const reader = child.stdout.getReader({ mode: "byob" });
  const writer = child.stdin.getWriter();
  let spare: Uint8Array<ArrayBuffer> = new Uint8Array(64 * 1024);
  return {
    read: async (buffer) => {
      const { value, done } = await reader.read(spare.subarray(0, Math.min(spare.length, buffer.length)));
      if (done || value === undefined) return null;
      buffer.set(value);
      spare = new Uint8Array(value.buffer);
      return value.length;
    },
    write: async (bytes) => {
      await writer.write(bytes);
      return bytes.length;
    },
    close: () => {
      // Both ends may be gone already, with ssh; there is nobody left to tell.
      writer.abort().catch(() => {});
      reader.cancel().catch(() => {});
      try {
        child.kill("SIGTERM");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // It has ended by itself.
      }
    },
  };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
