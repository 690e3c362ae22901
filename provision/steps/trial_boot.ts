/**
 * The trial boot: the machine starts with passthrough, proves every claim, and what is not proved is taken back
 * (provision/proof.ts). GRUB starts it once, with the old start as the default until then; with other boot loaders the
 * new start is the default at once. Where the machine stands is in files of ours, not in the journal: `boot-trial` says
 * that a trial is wanted, `proved` what was proved. Last of the host steps: it starts what they wrote.
 * Source: GRUB manual ("Environment block", grub-reboot).
 */
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { splitParameters } from "../distro/grub.ts";
import { daemonReload } from "../distro/systemd_units.ts";
import type { Host } from "../host/host.ts";
import { sha256 } from "../node.ts";
import { readTextOrNull, type Step, type WantedCommand, type WantedNode } from "../step.ts";
import { changesBoot, type GrubMenu, grubMenuOf, menuHas } from "./fallback_entry.ts";
import { type HostLife, lostLife, readHostLife } from "./host_life.ts";
import { programOfUnit, proofUnits, stopDeadline, unitLinks, unitPaths } from "./proof_units.ts";
import { seal, unseal } from "./sealed.ts";
import { oursAmong, withHead } from "./written.ts";

export const trialPath = "/etc/neuron/boot-trial";
export const provedPath = "/etc/neuron/proved";
const beforePath = "/etc/neuron/before-trial";
const entryId = "neuron-trial";

export interface TrialBootSeen {
  /** Null where there is no menu of GRUB's to write: the next start then is the trial anyway. */
  readonly menu: GrubMenu | null;
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
  /** The boot loader starts it once, and without passthrough until it is proved. */
  readonly once: boolean;
  /** This boot is with passthrough, by the trial's entry or by a person's choice in the menu. */
  readonly running: boolean;
  /** GRUB was asked to start it, and has not yet. */
  readonly asked: boolean;
}

export function readTrial(host: Host): Trial {
  const running = splitParameters(host.readText("/proc/cmdline")?.trim() ?? "");
  const menu = grubMenuOf(host);
  const environment = menu === null ? null : host.readText(menu.environment);
  return {
    wanted: host.stat(trialPath) !== null,
    once: menu !== null,
    running: running.includes("neuron.trial=1") || running.includes("neuron.vfio=1"),
    asked: /^next_entry=neuron-trial$/m.test(environment ?? ""),
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

const trialText = withHead("A trial boot is wanted: what it does not prove is taken back.", "");

const marked = [trialPath, provedPath, beforePath, ...unitPaths];

function trialNodes(spec: HostSpec, seen: TrialBootSeen): WantedNode[] {
  const reason = "the machine proves the trial boot by itself";
  return [
    {
      kind: "file",
      path: trialPath,
      text: trialText,
      triggers: seen.menu === null ? [] : [seen.menu.write.id, askId],
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
    triggers: unitPaths.includes(path)
      ? [stopDeadline.id, daemonReload.id]
      : path !== trialPath
      ? [daemonReload.id]
      : seen.menu === null
      ? []
      : [seen.menu.write.id],
  }));
}

const askId = "grub-reboot";

const askForTrial = ({ programs, environment }: GrubMenu): Omit<WantedCommand, "due"> => ({
  id: askId,
  argv: [programs.reboot, entryId],
  reason: "the next start, and only that, is the trial",
  derives: [],
  undo: [programs.editenv, environment, "unset", "next_entry"],
  needs: "reboot",
});

function menuCommands({ menu, inMenu, underWay }: TrialBootSeen, trial: boolean): WantedCommand[] {
  if (menu === null) return [];
  const write = { ...menu.write, due: inMenu === !trial };
  return trial ? [write, { ...askForTrial(menu), due: !underWay }] : [write];
}

/** @param proving the claims hold in this very boot: they become the default, and the trial ends */
const trialBootStep = (proving: boolean): Step<TrialBootSeen> => ({
  name: "trial_boot",
  title: "Trial boot",
  phase: "host",

  inspect(host, spec) {
    const { running, asked } = readTrial(host);
    const menu = grubMenuOf(host);
    return Promise.resolve({
      menu,
      ours: new Set([
        ...oursAmong(host, marked),
        ...unitLinks.filter((path) => host.stat(path) !== null),
      ]),
      proved: parseProved(readTextOrNull(host, provedPath)),
      before: parseBefore(readTextOrNull(host, beforePath)),
      now: readHostLife(host, spec),
      inMenu: menuHas(host, menu, entryId),
      underWay: running || asked,
      program: (host.live ? programOfUnit(host) : null) ?? host.program,
    });
  },

  wants(spec, seen) {
    const wanted = changesBoot(spec);
    const claims = claimsDigest(spec);
    const isProved = proving || seen.proved === claims;
    if (wanted && !isProved) {
      return { nodes: trialNodes(spec, seen), commands: [...menuCommands(seen, true), daemonReload] };
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
      commands: [...menuCommands(seen, false), stopDeadline, daemonReload],
    };
  },

  verify(_spec, { before, now }, when): Finding[] {
    return when === "effective" && before !== null ? lostLife(before, now) : [];
  },
});

export const trialBoot = trialBootStep(false);
/** In its place once the claims were judged to hold. */
export const trialBootProved = trialBootStep(true);
