/**
 * The management server's key and certificate, in one PEM file: replaced in one rename, they can never be of different
 * pairs. Made with openssl on stdin and stdout; judged here, so strictly that one altered byte is noticed.
 * Sources: RFC 5280 (self-signed certificates, key identifiers), RFC 7468 (PEM), openssl-req(1).
 */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { AppError } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";
import { sha256 } from "../node.ts";

const validDays = 3650;
/** A certificate this close to its end is made anew. */
const renewDays = 30;
const dayMs = 24 * 60 * 60 * 1000;

export interface CertificateStatus {
  /** Null when the file is good as it is; else what is wrong, for people. */
  readonly problem: string | null;
  /** The private key as PEM when it is sound: a new certificate is then made for the old key. */
  readonly soundKey: string | null;
  /** SHA-256 of the certificate, as browsers show it; null without one. */
  readonly fingerprint: string | null;
}

const pemBlock = (label: string) =>
  new RegExp(`-----BEGIN ${label}-----\\n[A-Za-z0-9+/=\\n]+-----END ${label}-----\\n`);

/**
 * The file: PEM behind a line of text (RFC 7468, section 2, allows it) with the digest of what follows. Signatures alone
 * do not cover every byte: readers differ in how strictly they take the encoding of the signature itself.
 */
const renderFile = (pem: string) => `# sha256 ${sha256(pem)}\n${pem}`;

/** @param text the whole file; null when it is missing */
export function judgeCertificate(text: string | null, hostname: string, nowMs: number): CertificateStatus {
  if (text === null) return { problem: "there is none", soundKey: null, fingerprint: null };
  const keyText = pemBlock("PRIVATE KEY").exec(text)?.[0] ?? null;
  const certificateText = pemBlock("CERTIFICATE").exec(text)?.[0] ?? null;
  const publicKey = keyText === null ? null : publicKeyOf(keyText);
  const certificate = certificateText === null ? null : parseCertificate(certificateText);
  const soundKey = publicKey === null ? null : keyText;
  const fingerprint = certificate?.fingerprint ?? null;
  const wrong = (problem: string) => ({ problem, soundKey, fingerprint });
  if (publicKey === null) return wrong("the key cannot be read");
  if (certificate === null) return wrong("the certificate cannot be read");
  if (certificate.publicKey !== publicKey) {
    // Which of the two is damaged? A certificate that vouches for itself is whole, so it is the key.
    const problem = "key and certificate are not a pair";
    return { problem, soundKey: certificate.isWhole ? null : soundKey, fingerprint };
  }
  if (renderFile(`${keyText}${certificateText}`) !== text) return wrong("the file is not as it was written");
  if (!certificate.isWhole) return wrong("the certificate's signature does not fit");
  if (nowMs < certificate.fromMs) return wrong("the certificate is not valid yet");
  if (nowMs > certificate.untilMs - renewDays * dayMs) return wrong("the certificate ends soon");
  if (!certificate.isFor(hostname)) {
    return wrong(`the certificate is for another name than ${hostname}`);
  }
  return { problem: null, soundKey, fingerprint };
}

/** As SPKI in PEM; null unless the text is exactly how its key is written, with a public half that fits. */
function publicKeyOf(keyText: string): string | null {
  try {
    const key = createPrivateKey(keyText);
    if (key.export({ type: "pkcs8", format: "pem" }) !== keyText) return null;
    return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
  } catch {
    return null;
  }
}

interface ReadCertificate {
  /** SPKI in PEM. */
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Signed with its own key, as all we make are; of one by an authority only the authority could say. */
  readonly isWhole: boolean;
  isFor(hostname: string): boolean;
}

/** Null unless the text is exactly how its certificate is written, and everything in it can be read. */
function parseCertificate(text: string): ReadCertificate | null {
  try {
    const certificate = new X509Certificate(text);
    if (certificate.toString() !== text) return null;
    return {
      publicKey: certificate.publicKey.export({ type: "spki", format: "pem" }).toString(),
      fingerprint: certificate.fingerprint256,
      fromMs: Date.parse(certificate.validFrom),
      untilMs: Date.parse(certificate.validTo),
      isWhole: certificate.verify(certificate.publicKey),
      isFor: (hostname) => certificate.checkHost(hostname) !== undefined,
    };
  } catch {
    return null;
  }
}

/** A key (the old one where it is sound) and a certificate for it. Throws AppError `command-failed`. */
export async function makeCertificate(host: Host, hostname: string, soundKey: string | null): Promise<Uint8Array> {
  const key = soundKey ??
    await openssl(host, ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], undefined);
  const names = [`DNS:${hostname}`, `DNS:localhost`, "IP:127.0.0.1", "IP:::1"];
  const certificate = await openssl(host, [
    "req",
    "-x509",
    "-new",
    "-sha256",
    "-key",
    "/dev/stdin",
    "-subj",
    // An X.520 common name has at most 64 characters; who checks names reads the alternative names.
    `/CN=${hostname.slice(0, 64)}`,
    "-days",
    `${validDays}`,
    "-config",
    "/dev/null",
    "-addext",
    `subjectAltName=${[...new Set(names)].join(",")}`,
    "-addext",
    "basicConstraints=critical,CA:FALSE",
    "-addext",
    "keyUsage=critical,digitalSignature",
    "-addext",
    "extendedKeyUsage=serverAuth",
    "-addext",
    "subjectKeyIdentifier=hash",
  ], key);
  const text = renderFile(`${key}${certificate}`);
  const { problem } = judgeCertificate(text, hostname, host.now());
  if (problem === null) return new TextEncoder().encode(text);
  throw new AppError("command-failed", `Cannot use the certificate openssl made for ${hostname}: ${problem}`, {
    hint: "Check the machine's clock and the version of openssl",
  });
}

async function openssl(host: Host, args: readonly string[], stdin: string | undefined): Promise<string> {
  const reason = "make the management server's key and certificate";
  const input = stdin === undefined ? {} : { stdin };
  const result = await host.run({ argv: ["openssl", ...args], step: "identity", reason, pure: true, ...input });
  if (result.code === 0) return result.stdout;
  const missing = result.code === 127;
  throw new AppError(
    "command-failed",
    `Cannot make the management certificate: ${result.stderr.trim() || "openssl failed"}`,
    {
      hint: missing ? "Install openssl (apt install openssl)" : "Run openssl version: it must be 1.1.1 or newer",
    },
  );
}
