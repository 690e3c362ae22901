/**
 * From answers, VM and host to everything the answer medium says. Pure, and the only place that decides it.
 */
import type { Answers } from "../../model/answers.ts";
import { AppError, type Finding } from "../../model/errors.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { UnattendInput } from "../../templates/unattend_input.ts";
import { chooseKeyboard, chooseLanguage, chooseTimeZone } from "./choose_locale.ts";
import { firstLogonCommand, type Requirement, specializeCommands, windowsPeCommands } from "./commands.ts";
import { editionsOf, findEdition, releases, serverImageName, type WindowsVersion } from "./editions.ts";
import { type GuestSettings, guestSettings } from "./guest_settings.ts";
import type { HostLocale } from "./host_locale.ts";
import { accountName, computerName } from "./names.ts";
import { encodePassword } from "./secrets.ts";
import { chooseImage, type WimImage } from "./wim.ts";

export interface UnattendRequest {
  readonly answers: Answers;
  readonly vmSpec: VmSpec;
  readonly hostLocale: HostLocale;
  readonly password: string;
  readonly productKey: string | null;
  /** What is on the Windows medium; null: nobody looked. */
  readonly images: readonly WimImage[] | null;
}

export interface UnattendPlan {
  readonly input: UnattendInput;
  readonly settings: GuestSettings;
  readonly vmName: string;
  /** For people: `Windows 11 Pro`. */
  readonly title: string;
  readonly notes: readonly Finding[];
}

/** @throws AppError `answer-missing`, and `answer-invalid` for what Windows or this VM cannot do */
export function planUnattend(request: UnattendRequest): UnattendPlan {
  const { answers, vmSpec, hostLocale } = request;
  const version = versionOf(answers, vmSpec);
  const release = releases[version];
  checkDisks(vmSpec);
  const account = accountName(answers.windows?.account?.name);
  const chosen = chooseEdition(request, version);
  const { language, notes: languageNotes } = chooseLanguage(
    answers.windows?.language,
    hostLocale.language,
    chosen.languages,
  );
  const zone = chooseTimeZone(answers.windows?.timeZone, hostLocale.timeZone);
  const virtio = usesVirtio(vmSpec);
  const input: UnattendInput = {
    language: { ...language, input: chooseKeyboard(answers.windows?.keyboard, hostLocale.keyboard, language) },
    windowsPeCommands: windowsPeCommands(release.driverFolder, release.server ? [] : missingRequirements(vmSpec)),
    partitions: vmSpec.firmware.uefi ? "gpt" : "mbr",
    image: chosen.image,
    productKey: request.productKey ?? chosen.genericKey,
    driverFolder: virtio ? "X:\\neuron\\drivers" : null,
    computerName: computerName(vmSpec.name, account),
    timeZone: zone.name,
    server: release.server,
    account: { name: account, encodedPassword: encodePassword(request.password, "Password") },
    encodedAdministratorPassword: release.server ? encodePassword(request.password, "AdministratorPassword") : null,
    specializeCommands,
    firstLogonCommand,
  };
  return {
    input,
    settings: guestSettings(vmSpec, release.driverFolder),
    vmName: vmSpec.name,
    title: chosen.title,
    notes: [...languageNotes, ...zone.notes],
  };
}

function versionOf(answers: Answers, { os }: VmSpec): WindowsVersion {
  if (os === "windows11") return answers.windows?.version ?? "11";
  if (os === "windows10") return answers.windows?.version ?? "10";
  throw new AppError("answer-invalid", `vm.os is "${os}": an answer medium is for Windows`, {
    hint: 'Set "windows": { "version": "11" }, or leave vm.os out',
  });
}

/** Setup numbers disks as they appear and erases the first: with two, nobody knows which that is. */
function checkDisks({ disks }: VmSpec): void {
  if (disks.length === 1) return;
  throw new AppError(
    "answer-invalid",
    `vm.disks has ${disks.length} disks: an unattended installation erases one, and can only tell it by its being alone`,
    { hint: "Install with one disk, and add the others afterwards" },
  );
}

/** Windows 11's Setup refuses a machine without these; one that has them is checked like any other. */
function missingRequirements({ os, firmware, memory, cpu, disks }: VmSpec): Requirement[] {
  if (os !== "windows11") return [];
  const lacks: Record<Requirement, boolean> = {
    TPM: !firmware.tpm,
    SecureBoot: !firmware.secureBoot,
    RAM: memory.mib < 4096,
    CPU: cpu.vcpus < 2,
    Storage: (disks[0]?.sizeGib ?? 0) < 64,
  };
  return (Object.keys(lacks) as Requirement[]).filter((requirement) => lacks[requirement]);
}

function usesVirtio({ disks, network }: VmSpec): boolean {
  return network.model === "virtio" || disks.some((disk) => disk.bus !== "sata");
}

interface ChosenEdition {
  readonly image: UnattendInput["image"];
  readonly genericKey: string | null;
  readonly title: string;
  /** On the medium; empty: not known. */
  readonly languages: readonly string[];
}

function chooseEdition({ answers, images }: UnattendRequest, version: WindowsVersion): ChosenEdition {
  const release = releases[version];
  const wanted = answers.windows?.edition ?? release.defaultEdition;
  if (images !== null) {
    const { image, edition, evaluation } = chooseImage(images, wanted, version);
    return {
      image: { key: "/IMAGE/INDEX", value: String(image.index) },
      genericKey: evaluation ? null : edition?.key[version] ?? null,
      title: image.name,
      languages: image.languages,
    };
  }
  const edition = findEdition(wanted, version);
  if (edition === null) {
    throw new AppError("answer-invalid", `windows.edition is "${wanted}", which ${release.title} does not have`, {
      hint: `Known: ${editionsOf(version).map((one) => one.name).join(", ")}; with --wim also every name on the medium`,
    });
  }
  return {
    image: release.server ? { key: "/IMAGE/NAME", value: serverImageName(version, edition) } : null,
    genericKey: edition.key[version] ?? null,
    title: `${release.title} ${edition.name}`,
    languages: [],
  };
}
