/**
 * Who may vouch for a server: the authorities this program brings along, and those of the system, where a company or a
 * person adds their own (update-ca-certificates, update-ca-trust).
 */
import { rootCertificates } from "node:tls";

/** Debian and Arch, Fedora, openSUSE. */
const bundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
];

/** PEM of all of them. SSL_CERT_FILE names another bundle than the system's (OpenSSL, SSL_CTX_load_verify_locations(3)). */
export function readAuthorities(): string {
  const named = Deno.env.get("SSL_CERT_FILE");
  return [...rootCertificates, readFirst(named === undefined ? bundles : [named])].join("\n");
}

function readFirst(paths: readonly string[]): string {
  for (const path of paths) {
    try {
      return Deno.readTextFileSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
  return "";
}
