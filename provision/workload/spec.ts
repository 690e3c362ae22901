/**
 * The second half of what is wanted, after the host: which media, which VM, whether Windows is installed in it. Made of
 * the same answers by the same resolve(); what is still to be fetched has its path already, so that the VM's drives can
 * name it. Pure.
 */
import type { Answers } from "../../model/answers.ts";
import type { Detection } from "../../model/detection.ts";
import { AppError, type Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { WindowsRequest } from "../media/windows/sources.ts";
import type { Profile } from "../profiles.ts";
import { resolve } from "../resolve.ts";
import { wantedMedia, type WantedMedium } from "./wanted_media.ts";

export interface WorkloadSpec {
  readonly media: readonly WantedMedium[];
  /** Null: the answers want no VM, only a host that is ready for one. */
  readonly vm: WantedVm | null;
  /** Whether Windows is installed in it, unattended. */
  readonly install: boolean;
}

export interface WantedVm {
  readonly spec: VmSpec;
  readonly hostSpec: HostSpec;
  readonly detection: Detection;
  /** What was decided and why, for people. */
  readonly notes: readonly Finding[];
}

export interface WorkloadRequest {
  readonly answers: Answers;
  readonly detection: Detection;
  /** Those that may be named. */
  readonly profiles: readonly Profile[];
  /** Language tag of the host; null where it says none. */
  readonly hostLanguage: string | null;
  /** Where media are: libvirt's default pool. */
  readonly mediaFolder: string;
  /** The path of a verified medium that is there and installs this; null: none is. */
  shelved(request: WindowsRequest): string | null;
}

/**
 * A VM is wanted by whoever says anything of it (`vm`, `windows` or `virtio`), and an unattended installation by whoever
 * names the account: without one there is nobody to sign in, and Setup can only be answered by hand.
 *
 * @throws AppError as resolve() does, and `answer-missing` for half an account
 */
export function resolveWorkload(request: WorkloadRequest): WorkloadSpec {
  const { answers, detection, profiles } = request;
  const isWanted = answers.vm !== undefined || answers.windows !== undefined || answers.virtio !== undefined;
  if (!isWanted) return { media: [], vm: null, install: false };
  // Who says nothing of Windows installs what he likes.
  const installs = answers.windows !== undefined || answers.virtio !== undefined;
  const media = installs ? wantedMedia(request, resolve(answers, detection, profiles).vmSpec.os) : [];
  const { vmSpec: spec, hostSpec, notes } = resolve(withPaths(answers, media), detection, profiles);
  return { media, vm: { spec, hostSpec, detection, notes }, install: isInstallWanted(answers) };
}

/** The answers with the paths that "auto" and links lead to: resolve() puts what has a path into a drive. */
export function withPaths(answers: Answers, media: readonly WantedMedium[]): Answers {
  const pathOf = (role: WantedMedium["role"]) => media.find((medium) => medium.role === role)?.path;
  const [windows, virtio] = [pathOf("windows"), pathOf("virtio-win")];
  return {
    ...answers,
    ...(windows === undefined ? {} : { windows: { ...answers.windows, iso: windows } }),
    ...(virtio === undefined ? {} : { virtio: { ...answers.virtio, iso: virtio } }),
  };
}

function isInstallWanted({ windows }: Answers): boolean {
  const account = windows?.account;
  if (account === undefined) return false;
  for (const key of ["name", "password"] as const) {
    if (account[key] !== undefined) continue;
    throw new AppError("answer-missing", `windows.account.${key} is missing: the new Windows' account needs one`, {
      hint: '"windows": { "account": { "name": "ada", "password": { "file": "/root/ada.password" } } }',
    });
  }
  return true;
}
