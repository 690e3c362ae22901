/**
 * What answers.install asks for, with the defaults filled in and the forms of Linux checked. Pure. Secrets are not here:
 * only that there is one.
 */
import type { Answers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";

export type InstallAnswers = NonNullable<Answers["install"]>;

export const installDefaults = {
  hostname: "neuron",
  locale: "C.UTF-8",
  keyboard: "us",
  timeZone: "Etc/UTC",
} as const;

export interface InstallSettings {
  readonly hostname: string;
  readonly locale: string;
  readonly keyboard: { readonly layout: string; readonly variant: string };
  readonly timeZone: string;
  readonly accountName: string;
  readonly encrypt: boolean;
  readonly network: NetworkSettings;
}

export type NetworkSettings =
  | { readonly mode: "dhcp"; readonly device: string | null }
  | {
    readonly mode: "static";
    readonly device: string | null;
    readonly address: string;
    readonly gateway: string | null;
    readonly nameServers: readonly string[];
  };

/** NAME_REGEX of adduser, and the 32 characters of utmp. */
const LINUX_NAME = /^[a-z_][a-z0-9_-]{0,30}$/;
/** Accounts every Debian has; a person's must be another. */
const SYSTEM_ACCOUNTS = new Set(["root", "daemon", "bin", "sys", "mail", "nobody", "sudo", "libvirt", "kvm", "games"]);
const KEYBOARD = /^([a-z]{2,10})(?::([a-z0-9_-]{1,32}))?$/;
/** One label of a host name, or several: hostname(7). */
const HOSTNAME =
  /^(?=.{1,64}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const TIME_ZONE = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+){0,2}$/;

/** What is wrong with a name for an account, as a sentence; null: nothing. */
export function accountProblem(name: string): string | null {
  if (!LINUX_NAME.test(name)) {
    return "An account's name is 1 to 31 lower-case letters, digits, - or _, the first a letter or _";
  }
  return SYSTEM_ACCOUNTS.has(name) ? `"${name}" is an account of the system: take another name` : null;
}

export const hostnameProblem = (name: string): string | null =>
  HOSTNAME.test(name)
    ? null
    : "A host name is letters, digits and hyphens, up to 64 characters, parts separated by dots";

export const keyboardProblem = (text: string): string | null =>
  KEYBOARD.test(text) ? null : "A keyboard is a layout such as us or de, or layout:variant such as de:nodeadkeys";

export const timeZoneProblem = (text: string): string | null =>
  TIME_ZONE.test(text) ? null : "A time zone is a name such as Europe/Berlin";

/** @throws AppError `answer-missing`, `answer-invalid` */
export function installSettings(answers: Answers): InstallSettings {
  const install = answers.install ?? {};
  const { account } = install;
  if (account?.name === undefined || account.password === undefined) {
    throw new AppError("answer-missing", "Nobody could sign in: install.account with name and password is missing", {
      hint: 'Add "account": { "name": "…", "password": { "file": "…" } } to "install" in the answers',
    });
  }
  const hostname = install.hostname ?? answers.management?.hostname ?? installDefaults.hostname;
  const keyboard = install.keyboard ?? installDefaults.keyboard;
  const timeZone = install.timeZone ?? installDefaults.timeZone;
  refuseProblem("install.hostname", hostname, hostnameProblem(hostname));
  refuseProblem("install.account.name", account.name, accountProblem(account.name));
  refuseProblem("install.keyboard", keyboard, keyboardProblem(keyboard));
  refuseProblem("install.timeZone", timeZone, timeZoneProblem(timeZone));
  const [, layout = "", variant = ""] = KEYBOARD.exec(keyboard) ?? [];
  return {
    hostname,
    locale: install.locale ?? installDefaults.locale,
    keyboard: { layout, variant },
    timeZone,
    accountName: account.name,
    encrypt: install.encrypt !== undefined,
    network: networkSettings(install.network ?? {}),
  };
}

function networkSettings(network: NonNullable<InstallAnswers["network"]>): NetworkSettings {
  const { mode = "dhcp", device = null, address, gateway = null, nameServers = [] } = network;
  if (mode === "dhcp") return { mode, device };
  if (address === undefined) {
    throw new AppError("answer-missing", "install.network is static, but its address is missing", {
      hint: 'Add "address": "192.168.1.10/24", or say "mode": "dhcp"',
    });
  }
  refuseProblem("install.network.address", address, addressProblem(address));
  for (const one of gateway === null ? nameServers : [gateway, ...nameServers]) {
    refuseProblem("install.network", one, ipFamily(one) === null ? "It is no IP address" : null);
  }
  return { mode, device, address, gateway, nameServers };
}

function addressProblem(address: string): string | null {
  const [ip = "", prefix = ""] = address.split("/");
  const family = ipFamily(ip);
  if (family === null) return "It is no IP address with prefix";
  return Number(prefix) >= 1 && Number(prefix) <= (family === 4 ? 32 : 128)
    ? null
    : `The prefix is between 1 and ${family === 4 ? 32 : 128}`;
}

/** The platform's own URL parser knows what an address is. */
export function ipFamily(text: string): 4 | 6 | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return text.split(".").every((part) => Number(part) <= 255) ? 4 : null;
  return text.includes(":") && URL.canParse(`http://[${text}]/`) ? 6 : null;
}

function refuseProblem(key: string, value: string, problem: string | null): void {
  if (problem === null) return;
  throw new AppError("answer-invalid", `Cannot use "${value}" for ${key}: ${problem}`, {
    hint: "Correct it in the answers and run the same command again",
  });
}
