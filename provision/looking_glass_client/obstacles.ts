/** What stands between a person and the VM's picture, each with its cure. Pure: what was seen is given. */
import { AppError, type Finding } from "../../model/errors.ts";
import type { FileStatus } from "../host/host.ts";
import { lookingGlassMib } from "../vm/looking_glass.ts";
import { clientProgram } from "./client.ts";
import type { GlassDomain } from "./domain.ts";

export interface PersonSeen {
  readonly uid: number;
  readonly hasScreen: boolean;
}

/** @throws AppError `forbidden` for root, whom the client itself refuses (client/src/main.c), and without a screen */
export function refuseWrongPerson({ uid, hasScreen }: PersonSeen): void {
  if (uid === 0) {
    throw new AppError("forbidden", "Looking Glass's client does not run as root", {
      hint: "Run this without sudo, as the person who sits at the desktop",
    });
  }
  if (!hasScreen) {
    throw new AppError(
      "conflict",
      "There is no desktop to show a window on: neither WAYLAND_DISPLAY nor DISPLAY is set",
      {
        hint: "Run this in a terminal of the desktop, not over ssh or on a text console",
      },
    );
  }
}

/** The client is not in Debian 12, and the project has no packages of its own (doc/install_client.rst). */
export function clientMissing(folders: readonly string[]): AppError {
  return new AppError("not-found", `${clientProgram} is not installed: it is in none of ${folders.join(", ")}`, {
    hint:
      "Debian 12 has no package of it: build it as https://looking-glass.io/docs/B7/build/ says (make install puts " +
      "it into /usr/local/bin). Client and guest must be of the same release",
  });
}

export interface MemorySeen {
  /** Null: there is no such file. */
  readonly status: FileStatus | null;
  /** Why this person cannot open it; null when they can. */
  readonly whyNotOpened: string | null;
}

/** Null when the memory can be shown. The VM runs. */
export function memoryTrouble({ name, memory: { path } }: GlassDomain, seen: MemorySeen): AppError | null {
  const device = path.startsWith("/dev/kvmfr");
  if (seen.status === null) {
    return new AppError("not-found", `There is no shared memory yet: ${path} is missing`, {
      hint: device
        ? "sudo modprobe kvmfr, and start the VM again; neuron-setup doctor says more"
        : `The VM makes it when it starts: neuron-setup vm shutdown ${name}, then start it again`,
    });
  }
  if (device && seen.status.kind === "file") {
    return new AppError("conflict", `${path} is a plain file: the VM was started before the module kvmfr was loaded`, {
      hint: `Shut the VM down, sudo rm ${path}, sudo modprobe kvmfr, and start the VM again`,
    });
  }
  if (seen.whyNotOpened !== null) {
    return new AppError("forbidden", `You may not open the shared memory ${path}: ${seen.whyNotOpened}`, {
      hint: device
        ? "Sign in at the machine itself, or become a member of the group kvm: sudo usermod -aG kvm YOUR-NAME, and " +
          "sign in again"
        : "sudo neuron-setup apply gives it to whoever administers this machine; or become a member of the group kvm: " +
          "sudo usermod -aG kvm YOUR-NAME, and sign in again",
    });
  }
  if (!device && seen.status.sizeBytes === 0) {
    return new AppError("conflict", `${path} is empty: the VM does not use it`, {
      hint: `Start the VM "${name}" again; it gives the memory its size`,
    });
  }
  return null;
}

/** What will not be as wanted, though there is a picture. A VM made by hand does not say how large its screen is. */
export function pictureNotes({ spec, isOurs, memory, spice }: GlassDomain): Finding[] {
  const notes: Finding[] = [];
  const needed = lookingGlassMib(spec);
  if (isOurs && memory.sizeMib < needed) {
    notes.push({
      code: "looking-glass-memory-small",
      severity: "warning",
      title:
        `The shared memory has ${memory.sizeMib} MiB; ${spec.width} × ${spec.height}${spec.hdr ? " with HDR" : ""} ` +
        `needs ${needed}: the picture will be cut or refused`,
      hint: "Give the VM the larger memory, or set a smaller size in display.lookingGlass",
      target: memory.path,
    });
  }
  if (spice === null) {
    notes.push({
      code: "looking-glass-no-spice",
      severity: "warning",
      title: "The VM has no SPICE server that listens: keyboard, mouse, sound and clipboard do not reach it",
      hint: '"display": { "spice": true } gives a new VM one; keyboards given by devices.evdev work without',
    });
  }
  return notes;
}
