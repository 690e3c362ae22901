/**
 * The trial boot: the machine starts once with passthrough, proves every claim and only then makes it the default; what
 * is not proved is taken back (provision/proof.ts). Where the machine stands is in files of ours, not in the journal:
 * `boot-trial` says that a trial is wanted, `proved` what was proved. Last of the host steps: it starts what they wrote.
 * Source: GRUB manual ("Environment block", grub-reboot).
 */
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { grubConfig, splitParameters } from "../distro/grub.ts";
import { daemonReload } from "../distro/systemd_units.ts";
import type { HostFiles } from "../host/host.ts";
import { sha256 } from "../node.ts";
import { readTextOrNull, type Step, type WantedCommand, type WantedNode } from "../step.ts";
import { changesBoot, grubMenuOf, type WriteMenu } from "./fallback_entry.ts";
import { type HostLife, lostLife, readHostLife } from "./host_life.ts";
import { proofUnits, unitLinks, unitPaths } from "./proof_units.ts";
import { seal, unseal } from "./sealed.ts";
import { oursAmong, withHead } from "./written.ts";

export const trialPath = "/etc/neuron/boot-trial";
export const provedPath = "/etc/neuron/proved";
const beforePath = "/etc/neuron/before-trial";
const environmentPath = "/boot/grub/grubenv";
const entryId = "neuron-trial";

export interface TrialBootSeen {
  /** Null where there is no menu of GRUB's to write. */
  readonly menu: WriteMenu | null;
  /** What is there of ours and can be told by its mark. */
  readonly ours: ReadonlySet<string>;
  /** Digest of the claims that were proved; null when none were. */
  readonly proved: string | null;
  /** How the host was before the trial; null when that was not noted. */
  readonly before: HostLife | null;
  readonly now: HostLife;
  /** Whether grub.cfg has the trial's entry; null when there is no grub.cfg to look at. */
  readonly inMenu: boolean | null;
  /** The trial is on its way, or this boot is one: nothing to ask GRUB for. */
  readonly underWay: boolean;
  readonly program: readonly [string, ...string[]];
}

/** How far a trial is; what `prove` goes by. */
export interface Trial {
  readonly wanted: boolean;
  /** This boot is the trial's. */
  readonly running: boolean;
  /** GRUB was asked to start it, and has not yet. */
  readonly asked: boolean;
}

export function readTrial(files: HostFiles): Trial {
  const running = splitParameters(files.readText("/proc/cmdline")?.trim() ?? "");
  return {
    wanted: files.stat(trialPath) !== null,
    // A person may as well choose the system's own entry in the menu.
    running: running.includes("neuron.trial=1") || running.includes("neuron.vfio=1"),
    asked: /^next_entry=neuron-trial$/m.test(files.readText(environmentPath) ?? ""),
  };
}

/** What a proof is about: another card, or other parameters, need a trial of their own. */
export function claimsDigest(spec: HostSpec): string {
  const card = spec.gpu?.functions.map((fn) => [fn.address, fn.vendorId, fn.deviceId]) ?? [];
  return sha256(JSON.stringify([card, spec.gpuHandover, spec.hugepages, spec.isolatedCpus, spec.acsOverride]));
}

const renderProved = (digest: string) => seal(withHead("The trial boot proved these claims.", `claims ${digest}\n`));
const parseProved = (text: string | null) => /^claims ([0-9a-f]{64})$/m.exec(unseal(text) ?? "")?.[1] ?? null;

const renderBefore = (life: HostLife) =>
  seal(withHead("The host before the trial boot, to compare with.", `${JSON.stringify(life)}\n`));

function parseBefore(text: string | null): HostLife | null {
  const line = unseal(text)?.split("\n").find((one) => one.startsWith("{"));
  return line === undefined ? null : JSON.parse(line);
}

const trialText = withHead(
  "A trial boot is wanted: until it is proved, every other start is without passthrough.",
  "",
);

const marked = [trialPath, provedPath, beforePath, ...unitPaths];

function trialNodes(spec: HostSpec, seen: TrialBootSeen, menu: string): WantedNode[] {
  const reason = "the machine proves the trial boot by itself";
  return [
    {
      kind: "file",
      path: trialPath,
      text: trialText,
      triggers: [menu, askForTrial.id],
      needs: "reboot",
      reason: "the next start is a trial: what it does not prove is taken back",
    },
    {
      kind: "made",
      path: beforePath,
      mode: 0o644,
      valid: seen.before !== null,
      what: "which screens and networks the host has now",
      reason: "the trial boot must leave the host its screen and its network",
      make: (host) => Promise.resolve(new TextEncoder().encode(renderBefore(readHostLife(host, spec)))),
    },
    ...proofUnits(seen.program, trialPath).map((node) => ({ ...node, triggers: [daemonReload.id], reason })),
    ...gone(seen, [provedPath], "what was proved was something else"),
  ];
}

function gone(seen: TrialBootSeen, paths: readonly string[], reason: string): WantedNode[] {
  return paths.filter((path) => seen.ours.has(path)).map((path) => ({
    kind: "absent",
    path,
    reason,
    triggers: [path === trialPath ? seen.menu!.id : daemonReload.id],
  }));
}

const askForTrial: Omit<WantedCommand, "due"> = {
  id: "grub-reboot",
  argv: ["grub-reboot", entryId],
  reason: "the next start, and only that, is the trial",
  derives: [],
  undo: ["grub-editenv", environmentPath, "unset", "next_entry"],
  needs: "reboot",
};

/** @param proving the claims hold in this very boot: they become the default, and the trial ends */
const trialBootStep = (proving: boolean): Step<TrialBootSeen> => ({
  name: "trial_boot",
  title: "Trial boot",
  phase: "host",

  inspect(host, spec) {
    const config = host.readText(grubConfig);
    const { running, asked } = readTrial(host);
    return Promise.resolve({
      menu: grubMenuOf(host),
      ours: new Set([
        ...oursAmong(host, marked),
        ...unitLinks.filter((path) => host.stat(path) !== null),
      ]),
      proved: parseProved(readTextOrNull(host, provedPath)),
      before: parseBefore(readTextOrNull(host, beforePath)),
      now: readHostLife(host, spec),
      inMenu: config === null || config === "" ? null : config.includes(`'${entryId}'`),
      underWay: running || asked,
      program: host.program,
    });
  },

  wants(spec, seen) {
    if (seen.menu === null) return { nodes: [] };
    const writeMenu = seen.menu;
    const wanted = changesBoot(spec);
    const claims = claimsDigest(spec);
    const isProved = proving || seen.proved === claims;
    const menu = (expected: boolean) => ({ ...writeMenu, due: seen.inMenu === !expected });
    if (wanted && !isProved) {
      return {
        nodes: trialNodes(spec, seen, writeMenu.id),
        commands: [menu(true), { ...askForTrial, due: !seen.underWay }, daemonReload],
      };
    }
    const spent = [trialPath, beforePath, ...unitPaths, ...unitLinks];
    const reason = wanted ? "the trial boot is proved" : "every start is without passthrough";
    return {
      nodes: wanted
        ? [
          { kind: "file", path: provedPath, text: renderProved(claims), reason: "every claim held in the trial boot" },
          ...gone(seen, spent, reason),
        ]
        : gone(seen, [provedPath, ...spent], reason),
      commands: [menu(false), daemonReload],
    };
  },

  verify(_spec, { before, now }, when): Finding[] {
    return when === "effective" && before !== null ? lostLife(before, now) : [];
  },
});

export const trialBoot = trialBootStep(false);
/** In its place once the claims were judged to hold. */
export const trialBootProved = trialBootStep(true);
