/**
 * People's own profiles: one file each in `<state>/profiles/`, of the same shape as the shipped ones, which nobody can
 * change. Reading them never fails a machine: a file that is none is told by name where profiles are listed or named.
 */
import { AppError } from "../model/errors.ts";
import { describeProblems } from "../model/schema_problems.ts";
import type { Host } from "./host/host.ts";
import { type Profile, profileSchema, shippedProfiles } from "./profiles.ts";

const folder = "profiles";
const fileOf = (name: string) => `${folder}/${name}.json`;

export interface DamagedProfile {
  readonly file: string;
  readonly problem: string;
}

/** The shipped ones first, then people's own by name. */
export function readProfiles(host: Host): readonly Profile[] {
  return [...shippedProfiles, ...readOwn(host).profiles];
}

export function readOwn(
  host: Host,
): { readonly profiles: readonly Profile[]; readonly damaged: readonly DamagedProfile[] } {
  const profiles: Profile[] = [];
  const damaged: DamagedProfile[] = [];
  for (const name of host.state.list(folder).filter((file) => file.endsWith(".json"))) {
    const file = `${host.state.path}/${folder}/${name}`;
    try {
      const text = new TextDecoder().decode(host.state.read(`${folder}/${name}`) ?? new Uint8Array());
      const profile = parseProfile(text, file);
      if (`${profile.name}.json` === name && !isShipped(profile.name)) profiles.push(profile);
      else damaged.push({ file, problem: `it calls itself "${profile.name}"` });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      damaged.push({ file, problem: error.message });
    }
  }
  return { profiles, damaged };
}

/** @throws AppError `answer-invalid` with one line for each thing that is wrong */
export function parseProfile(text: string, source: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError("answer-invalid", `Cannot read the profile in ${source}: it is no JSON`, {
      hint: "neuron-setup profile show NAME --json prints one to begin with",
      cause: error,
    });
  }
  const result = profileSchema.safeParse(value);
  const problems = describeProblems(profileSchema, value, result.error?.issues ?? []);
  if (result.success && problems.length === 0) return result.data;
  throw new AppError("answer-invalid", `Cannot use the profile in ${source}: ${problems.join("\n")}`, {
    hint: "neuron-setup profile show NAME --json prints one to begin with",
  });
}

/** @throws AppError `not-found` naming those there are */
export function profileNamed(host: Host, name: string): Profile {
  const profiles = readProfiles(host);
  const found = profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  throw new AppError("not-found", `There is no profile "${name}"`, {
    hint: `There are: ${profiles.map((profile) => profile.name).join(", ")}`,
  });
}

/** @throws AppError `conflict` where there is one of that name */
export function createProfile(host: Host, profile: Profile): void {
  using _lock = host.state.lock();
  if (readProfiles(host).some(({ name }) => name === profile.name) || host.state.read(fileOf(profile.name)) !== null) {
    throw new AppError("conflict", `Cannot make the profile "${profile.name}": there is one of this name`, {
      hint: "Give another name, or change it with neuron-setup profile edit",
    });
  }
  write(host, profile);
}

/** @throws AppError `forbidden` for a shipped one, `not-found` */
export function replaceProfile(host: Host, profile: Profile): void {
  using _lock = host.state.lock();
  refuseShipped("change", profile.name);
  profileNamed(host, profile.name);
  write(host, profile);
}

/** @throws AppError `forbidden` for a shipped one, `not-found`, `conflict` where the last answers name it */
export function deleteProfile(host: Host, name: string, isInUse: boolean): void {
  using _lock = host.state.lock();
  refuseShipped("delete", name);
  profileNamed(host, name);
  if (isInUse) {
    throw new AppError("conflict", `Cannot delete the profile "${name}": this machine was set up with it`, {
      hint: "Set it up with another one first (neuron-setup apply); VMs that were made with it stay as they are",
    });
  }
  host.state.remove(fileOf(name));
}

const isShipped = (name: string) => shippedProfiles.some((profile) => profile.name === name);

function refuseShipped(what: string, name: string): void {
  if (!isShipped(name)) return;
  throw new AppError("forbidden", `Cannot ${what} the profile "${name}": it comes with Neuron`, {
    hint: `Make one of your own from it: neuron-setup profile create NAME --from ${name}`,
  });
}

function write(host: Host, profile: Profile): void {
  host.state.replace(fileOf(profile.name), new TextEncoder().encode(`${JSON.stringify(profile, null, 2)}\n`));
}
