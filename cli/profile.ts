/** `neuron-setup profile`: names for sizes and comforts of a VM; the shipped ones, and one's own. */
import { resolve as resolvePath } from "node:path";
import { AppError, errorMessage } from "../model/errors.ts";
import { nameSchema } from "../model/text_rules.ts";
import type { VmAnswers } from "../model/vm_spec.ts";
import { status } from "../provision/engine.ts";
import type { Host } from "../provision/host/host.ts";
import {
  createProfile,
  deleteProfile,
  parseProfile,
  profileNamed,
  readOwn,
  replaceProfile,
} from "../provision/profile_store.ts";
import { type Profile, shippedProfiles } from "../provision/profiles.ts";
import { mergeParts } from "../provision/vm/merge.ts";
import type { Command, ExitCode, Flag, Invocation } from "./command.ts";
import { confirmed, openMachine, yesFlag } from "./machine.ts";
import { runVerb, type Verb } from "./vm/verb.ts";
import { integerFlag, textFlag } from "./vm/words.ts";

const changes = ["display-name", "description", "memory-mib", "vcpus", "disk-gib"];

const verbs: Readonly<Record<string, Verb>> = {
  list: { usage: ["list [--json]"], flags: [], load: () => Promise.resolve(list) },
  show: { usage: ["show NAME [--json]"], flags: [], load: () => Promise.resolve(show) },
  create: {
    usage: ["create NAME [--from PROFILE] [--memory-mib N] [--vcpus N] [--disk-gib N] …", "create --file FILE.json"],
    flags: ["from", "file", ...changes],
    load: () => Promise.resolve(create),
  },
  edit: {
    usage: ["edit NAME [--memory-mib N] [--vcpus N] [--disk-gib N] …", "edit --file FILE.json"],
    flags: ["file", ...changes],
    load: () => Promise.resolve(edit),
  },
  delete: { usage: ["delete NAME [--yes]"], flags: ["yes"], load: () => Promise.resolve(remove) },
};

const flags: readonly Flag[] = [
  { name: "from", value: "PROFILE", help: "create: begin with this one (general)" },
  { name: "file", value: "FILE", help: "create, edit: a whole profile as show --json prints it" },
  { name: "display-name", value: "TEXT", help: "create, edit: how it is called where there is room" },
  { name: "description", value: "TEXT", help: "create, edit: what it is for" },
  { name: "memory-mib", value: "N", help: "create, edit: memory of the VM" },
  { name: "vcpus", value: "N", help: "create, edit: its vCPUs" },
  { name: "disk-gib", value: "N", help: "create, edit: size of its first disk" },
  yesFlag,
];

export const profileCommand: Command = {
  name: "profile",
  summary: "names for the sizes of a VM: list, make, change and delete one's own",
  usage: Object.values(verbs).flatMap((verb) => verb.usage.map((line) => `profile ${line}`)),
  flags,
  examples: [
    { line: "neuron-setup profile list", why: "those that come with Neuron, and your own" },
    {
      line: "sudo neuron-setup profile create studio --from adobe-creative --memory-mib 49152",
      why: 'then "vm": { "profile": "studio" } in an answers file, or in the wizard',
    },
    { line: "neuron-setup profile show gaming --json >mine.json", why: "everything of it, to edit and give to --file" },
  ],
  run: (invocation) => runVerb("profile", verbs, invocation),
};

function list(invocation: Invocation): Promise<ExitCode> {
  noWords("list", invocation);
  const { options, terminal } = invocation;
  const { profiles: own, damaged } = readOwn(openMachine(invocation));
  if (options.json) {
    const shown = [...shippedProfiles.map((one) => ({ ...one, shipped: true })), ...own.map(ownOne)];
    terminal.print(JSON.stringify({ schema: "neuron.profiles/1", profiles: shown, damaged }, null, 2));
    return Promise.resolve(0);
  }
  const width = Math.max(...[...shippedProfiles, ...own].map(({ name }) => name.length));
  for (const profile of [...shippedProfiles, ...own]) {
    terminal.print(`${profile.name.padEnd(width)}  ${sizes(profile)}  ${profile.description}`);
  }
  for (const { file, problem } of damaged) terminal.note(`warning: ${file} is passed over: ${problem}`);
  return Promise.resolve(0);
}

const ownOne = (profile: Profile) => ({ ...profile, shipped: false });

function sizes({ spec: { cpu, memory, disks } }: Profile): string {
  const gib = memory?.mib === undefined ? "  -" : `${Number((memory.mib / 1024).toFixed(1))}`.padStart(3);
  return `${`${cpu?.vcpus ?? "-"}`.padStart(2)} vCPUs ${gib} GiB ${
    `${disks?.[0]?.sizeGib ?? "-"}`.padStart(4)
  } GiB of disk`;
}

function show(invocation: Invocation): Promise<ExitCode> {
  const { options, terminal } = invocation;
  const profile = profileNamed(openMachine(invocation), oneName("show", invocation));
  if (!options.json) {
    terminal.print(`${profile.displayName} (${profile.name})`);
    terminal.print(`  ${profile.description}`);
    terminal.print(`  ${sizes(profile).trim().replace(/ +/g, " ")}`);
    terminal.print(JSON.stringify(profile.spec, null, 2));
  } else terminal.print(JSON.stringify(profile, null, 2));
  return Promise.resolve(0);
}

function create(invocation: Invocation): Promise<ExitCode> {
  const host = openMachine(invocation);
  const profile = wholeFrom(invocation) ?? made(host, invocation);
  createProfile(host, profile);
  return told(invocation, profile);
}

function made(host: Host, invocation: Invocation): Profile {
  const name = oneName("create", invocation);
  if (!nameSchema.safeParse(name).success) {
    throw new AppError("answer-invalid", `"${name}" is no name for a profile`, {
      hint: `It is ${nameSchema.description}`,
    });
  }
  const from = profileNamed(host, textFlag(invocation, "from") ?? "general");
  return changed({ ...from, name, displayName: name, description: `Made from ${from.displayName}` }, invocation);
}

function edit(invocation: Invocation): Promise<ExitCode> {
  const host = openMachine(invocation);
  const profile = wholeFrom(invocation) ?? changed(profileNamed(host, oneName("edit", invocation)), invocation);
  replaceProfile(host, profile);
  return told(invocation, profile);
}

/** The profile with what the flags say, checked as a whole. */
function changed(profile: Profile, invocation: Invocation): Profile {
  const [memory, vcpus, disk] = [
    integerFlag(invocation, "memory-mib", 16, 16 * 1024 * 1024),
    integerFlag(invocation, "vcpus", 1, 512),
    integerFlag(invocation, "disk-gib", 1, 65536),
  ];
  const [first, ...others] = profile.spec.disks ?? [];
  const spec: VmAnswers = mergeParts(profile.spec, {
    ...(memory === undefined ? {} : { memory: { mib: memory } }),
    ...(vcpus === undefined ? {} : { cpu: { vcpus } }),
    ...(disk === undefined ? {} : { disks: [{ ...first, sizeGib: disk }, ...others] }),
  });
  const displayName = textFlag(invocation, "display-name") ?? profile.displayName;
  const description = textFlag(invocation, "description") ?? profile.description;
  return parseProfile(JSON.stringify({ ...profile, displayName, description, spec }), "these flags");
}

function wholeFrom(invocation: Invocation): Profile | null {
  const file = textFlag(invocation, "file");
  if (file === undefined) return null;
  const other = ["from", ...changes].find((name) => invocation.flags[name] !== undefined);
  if (other !== undefined || invocation.words.length > 0) {
    throw new AppError("usage", "A profile of --file is whole: no name and no other flag goes with it", {
      hint: "Change the file, or leave --file out",
    });
  }
  try {
    return parseProfile(Deno.readTextFileSync(resolvePath(file)), file);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("not-found", `Cannot read the profile ${file}: ${errorMessage(error)}`, {
      hint: "neuron-setup profile show NAME --json prints one to begin with",
    });
  }
}

function remove(invocation: Invocation): Promise<ExitCode> {
  const host = openMachine(invocation);
  const name = oneName("delete", invocation);
  profileNamed(host, name);
  if (!confirmed(`Delete the profile "${name}"?`, invocation)) return Promise.resolve(0);
  const { last, lastHost } = status(host);
  deleteProfile(host, name, [last, lastHost].some((apply) => profileOf(apply?.origin) === name));
  if (!invocation.options.quiet) invocation.terminal.print(`Deleted the profile ${name}`);
  return Promise.resolve(0);
}

const profileOf = (origin: unknown) => (origin as { vm?: { profile?: unknown } } | undefined)?.vm?.profile;

function told({ options, terminal }: Invocation, profile: Profile): Promise<ExitCode> {
  if (options.json) terminal.print(JSON.stringify(profile, null, 2));
  else if (!options.quiet) terminal.print(`${profile.name}: ${sizes(profile).trim().replace(/ +/g, " ")}`);
  return Promise.resolve(0);
}

function oneName(verb: string, { words }: Invocation): string {
  if (words.length === 1) return words[0]!;
  throw new AppError("usage", `profile ${verb} takes one name`, { hint: `neuron-setup profile ${verb} NAME` });
}

function noWords(verb: string, { words }: Invocation): void {
  if (words.length > 0) throw new AppError("usage", `profile ${verb} takes no words, but "${words[0]}" was given`);
}
