/** A connection through the system's ssh: a process whose standard input and output lead to the daemon over there. */
import { noConnect, type Transport } from "./transport.ts";
import type { Target } from "./uri.ts";

/**
 * virt-ssh-helper on the other machine where it has one, else netcat to libvirtd's socket; what libvirt's client does
 * (src/rpc/virnetclient.c). The script holds nothing from the URI but the quoted socket and daemon URI.
 */
export function connectSsh(target: Target): Transport {
  const { host, port } = target;
  const { user, command, keyfile } = target.ssh;
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
    throw noConnect(`${host} through ${command}`, cause);
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
