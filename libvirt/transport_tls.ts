/**
 * A connection through TLS with certificates on both sides, in the places where libvirt looks for them
 * (https://libvirt.org/kbase/tlscerts.html). The daemon's certificate is always verified.
 */
import { LibvirtError } from "./errors.ts";
import { noConnect, type Transport } from "./transport.ts";
import type { Target } from "./uri.ts";

const DEFAULT_PORT = 16514;
/** What the daemon sends once it has accepted our certificate (src/rpc/virnetclient.c). */
const ACCEPTED = 1;

export interface PkiFiles {
  ca: string;
  certificate: string;
  key: string;
}

/** All three in one folder where the URI names one, else the system's. */
export function pkiFiles(folder: string | undefined): PkiFiles {
  return folder === undefined
    ? {
      ca: "/etc/pki/CA/cacert.pem",
      certificate: "/etc/pki/libvirt/clientcert.pem",
      key: "/etc/pki/libvirt/private/clientkey.pem",
    }
    : { ca: `${folder}/cacert.pem`, certificate: `${folder}/clientcert.pem`, key: `${folder}/clientkey.pem` };
}

/** Throws LibvirtError: VIR_ERR_NO_CONNECT, or VIR_ERR_AUTH_FAILED when the daemon does not accept our certificate. */
export async function connectTls(target: Target): Promise<Transport> {
  const { host: hostname, port = DEFAULT_PORT } = target;
  const files = pkiFiles(target.pkiFolder);
  const where = `${hostname}:${port}`;
  let connection: Deno.TlsConn;
  try {
    const [ca, cert, key] = await Promise.all(
      [files.ca, files.certificate, files.key].map((path) => Deno.readTextFile(path)),
    );
    connection = await Deno.connectTls({ hostname, port, caCerts: [ca!], cert: cert!, key: key! });
  } catch (cause) {
    throw noConnect(where, cause);
  }
  const refusal = await refusalOf(connection);
  if (refusal === undefined) return connection;
  connection.close();
  // The daemon's certificate is not what it should be, as against: it ended the connection when it saw ours.
  if (refusal instanceof Deno.errors.InvalidData) throw noConnect(where, refusal);
  throw new LibvirtError({
    code: "VIR_ERR_AUTH_FAILED",
    message: `the daemon at ${where} does not accept the certificate ${files.certificate}`,
    cause: refusal,
  });
}

/** Why there is no connection after all; undefined when both sides have accepted the other's certificate. */
async function refusalOf(connection: Deno.TlsConn): Promise<unknown> {
  const answer = new Uint8Array(1);
  try {
    await connection.handshake();
    const count = await connection.read(answer);
    return count === 1 && answer[0] === ACCEPTED ? undefined : new Error("the daemon closed the connection");
  } catch (cause) {
    return cause;
  }
}
