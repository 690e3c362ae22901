/**
 * Who this machine is to browsers, and the user its management server runs as: one PEM file and a sysusers.d line.
 * The private key never leaves its file: no plan, journal or message shows it.
 * Sources: sysusers.d(5).
 */
import { isIP } from "node:net";
import type { Finding } from "../../model/errors.ts";
import { readTextOrNull, type Step } from "../step.ts";
import { type CertificateStatus, judgeCertificate, makeCertificate } from "./certificate.ts";
import { withHead } from "./written.ts";

/** Private key and certificate, in this order; 0600. */
export const certificatePath = "/etc/neuron/tls/server.pem";
const sysusersPath = "/etc/sysusers.d/neuron.conf";

const sysusers = withHead(
  "The management server runs as this user, without rights of its own.",
  `u neuron - "Neuron management server" - -\n`,
);

/** What a certificate may be made for: nothing in it can become an option or an extension of openssl. */
const hostnamePattern = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

export interface IdentitySeen {
  readonly certificate: CertificateStatus;
}

export const identity: Step<IdentitySeen> = {
  name: "identity",
  title: "Identity of the management server",
  phase: "host",

  inspect(host, spec) {
    const text = readTextOrNull(host, certificatePath);
    return Promise.resolve({ certificate: judgeCertificate(text, spec.identity.hostname, host.now()) });
  },

  blockers(spec) {
    const { hostname } = spec.identity;
    if (hostnamePattern.test(hostname) && isIP(hostname) === 0) return [];
    return [{
      code: "hostname-invalid",
      severity: "blocker",
      title: `Cannot make a certificate for ${JSON.stringify(hostname)}: it is no host name`,
      hint: 'Write "management.hostname" in the answers, of letters, digits, hyphens and dots',
    }];
  },

  wants(spec, { certificate }) {
    const { problem, soundKey } = certificate;
    return {
      nodes: [{
        kind: "made",
        path: certificatePath,
        mode: 0o600,
        valid: problem === null,
        what: `${soundKey === null ? "a new key and certificate" : "a new certificate for the same key"}`,
        reason: problem === null
          ? "browsers know the machine by it"
          : `the management server needs a certificate: ${problem}`,
        make: (host) => makeCertificate(host, spec.identity.hostname, soundKey),
      }, {
        kind: "file",
        path: sysusersPath,
        text: sysusers,
        triggers: ["sysusers"],
        reason: "the management server runs as a user of its own",
      }],
      commands: [{
        id: "sysusers",
        argv: ["systemd-sysusers", sysusersPath],
        reason: "make the user neuron",
        due: false,
        derives: [],
        keeps: true,
      }],
    };
  },

  verify(_spec, { certificate }): Finding[] {
    if (certificate.problem === null) return [];
    return [{
      code: "certificate-not-valid",
      severity: "blocker",
      title: `The management certificate cannot be used: ${certificate.problem}`,
      hint: "neuron-setup apply makes a new one",
      target: certificatePath,
    }];
  },
};
