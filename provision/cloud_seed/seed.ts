/**
 * The seed of a cloud image: what cloud-init reads at the first start from a small volume labelled CIDATA. JSON is YAML,
 * so no word of a person can become anything but a string. Pure.
 * Sources: cloud-init's documentation of the NoCloud data source, its modules (users, packages, runcmd, timezone, locale,
 * keyboard) and network configuration version 2.
 */
import { createHash } from "node:crypto";
import type { Answers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import { accountProblem, hostnameProblem, keyboardProblem, timeZoneProblem } from "../installer/settings.ts";

export interface SeedInput {
  readonly hostname: string;
  readonly account: string;
  /** As a password file has it; null: only by key. */
  readonly passwordHash: string | null;
  readonly sshKeys: readonly string[];
  readonly timeZone: string | null;
  readonly locale: string | null;
  /** `de` or `de:nodeadkeys` */
  readonly keyboard: string | null;
  readonly packages: readonly string[];
  readonly network: NonNullable<NonNullable<Answers["linux"]>["network"]> | null;
}

/** What the answers say, without the password. @throws AppError `answer-missing`, `answer-invalid` */
export function seedInput({ linux = {} }: Answers, vmName: string, passwordHash: string | null): SeedInput {
  const name = linux.account?.name;
  if (name === undefined) {
    throw new AppError("answer-missing", "linux.account.name is missing: the new Linux needs an account", {
      hint: '"linux": { "account": { "name": "ada", "password": { "file": "/root/ada.password" } } }',
    });
  }
  const sshKeys = linux.sshKeys ?? [];
  if (passwordHash === null && sshKeys.length === 0) {
    throw new AppError("answer-missing", "linux has neither account.password nor sshKeys: nobody could sign in", {
      hint: 'Add "sshKeys": ["ssh-ed25519 AAAA…"], or a password: { "file": "/root/ada.password" }',
    });
  }
  const hostname = linux.hostname ?? vmName.replace(/[^A-Za-z0-9-]+/g, "-").replace(/^-+|-+$/g, "").toLowerCase();
  refuse("linux.account.name", name, accountProblem(name));
  refuse("linux.hostname", hostname, hostnameProblem(hostname));
  if (linux.timeZone !== undefined) refuse("linux.timeZone", linux.timeZone, timeZoneProblem(linux.timeZone));
  if (linux.keyboard !== undefined) refuse("linux.keyboard", linux.keyboard, keyboardProblem(linux.keyboard));
  if (linux.network?.address !== undefined && linux.network.mac === undefined) {
    throw new AppError("answer-missing", "linux.network.mac is missing: an address belongs to one card of the VM", {
      hint: "virsh domiflist NAME shows it; without linux.network the VM asks for an address by DHCP",
    });
  }
  return {
    hostname,
    account: name,
    passwordHash,
    sshKeys,
    timeZone: linux.timeZone ?? null,
    locale: linux.locale ?? null,
    keyboard: linux.keyboard ?? null,
    packages: linux.packages ?? [],
    network: linux.network?.mac === undefined ? null : linux.network,
  };
}

/** The files of the volume. Without a MAC address there is no network-config: cloud-init then asks by DHCP itself. */
export function seedFiles(input: SeedInput): Map<string, Uint8Array> {
  const user = userData(input);
  const files = new Map([
    ["user-data", `#cloud-config\n${json(user)}`],
    ["meta-data", json({ "instance-id": instanceId(input), "local-hostname": input.hostname })],
  ]);
  if (input.network !== null) files.set("network-config", json(networkConfig(input.network)));
  return new Map([...files].map(([name, text]) => [name, new TextEncoder().encode(text)]));
}

function userData(input: SeedInput): object {
  const { account, passwordHash, sshKeys, hostname, timeZone, locale, keyboard, packages } = input;
  const [layout, variant] = keyboard?.split(":") ?? [];
  return {
    hostname,
    users: [{
      name: account,
      shell: "/bin/bash",
      // The groups that may administer are called differently everywhere; a rule of sudo is not.
      sudo: passwordHash === null ? "ALL=(ALL) NOPASSWD:ALL" : "ALL=(ALL) ALL",
      lock_passwd: passwordHash === null,
      ...(passwordHash === null ? {} : { passwd: passwordHash }),
      ...(sshKeys.length === 0 ? {} : { ssh_authorized_keys: sshKeys }),
    }],
    disable_root: true,
    ssh_pwauth: sshKeys.length === 0,
    ...(timeZone === null ? {} : { timezone: timeZone }),
    ...(locale === null ? {} : { locale }),
    ...(layout === undefined ? {} : { keyboard: { layout, ...(variant === undefined ? {} : { variant }) } }),
    package_update: true,
    packages: [...new Set(["qemu-guest-agent", ...packages])],
    runcmd: [["systemctl", "enable", "--now", "qemu-guest-agent.service"]],
  };
}

/** Every renderer of cloud-init knows a card by its MAC address; not all know one by a pattern of names. */
function networkConfig({ mac, address, gateway, nameServers }: NonNullable<SeedInput["network"]>): object {
  const card = { match: { macaddress: mac!.toLowerCase() }, "set-name": "eth0" };
  const v6 = address?.includes(":") === true;
  const fixed = {
    addresses: [address],
    ...(gateway === undefined ? {} : { [v6 ? "gateway6" : "gateway4"]: gateway }),
    ...(nameServers === undefined ? {} : { nameservers: { addresses: nameServers } }),
  };
  return { version: 2, ethernets: { eth0: { ...card, ...(address === undefined ? { dhcp4: true } : fixed) } } };
}

/** The same wish is the same machine to cloud-init; another wish, and it sets up anew. The password's salt does not count. */
function instanceId(input: SeedInput): string {
  const wish = JSON.stringify({ ...input, passwordHash: input.passwordHash === null });
  return `neuron-${createHash("sha256").update(wish).digest("hex").slice(0, 32)}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function refuse(key: string, value: string, problem: string | null): void {
  if (problem === null) return;
  throw new AppError("answer-invalid", `${key} is ${JSON.stringify(value)}: ${problem}`, {
    hint: "Correct it and run the same command again",
  });
}
