/**
 * The volume that brings answers: labelled NEURON-SEED, with `answers.json`. It is mounted read-only for as long as it
 * is read; a secret with a relative path lies on it.
 */
import { resolve } from "node:path";
import { type Answers, parseAnswers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import type { Secret } from "../../model/secret.ts";
import type { Host } from "../../provision/host/host.ts";
import { SEED_LABEL } from "../../provision/installer/names.ts";
import { readSecret } from "../secrets.ts";

const MOUNT_POINT = "/run/neuron-seed";

export interface Seed {
  readonly answers: Answers;
  /** Reads a secret that the answers name. */
  secret(secret: Secret, key: string): string;
}

/** The device, such as /dev/sr1; null: there is none. */
export async function findSeed(host: Host): Promise<string | null> {
  const argv = ["blkid", "--label", SEED_LABEL] as const;
  const { code, stdout } = await host.run({ argv, step: "install", reason: "a volume with answers", readOnly: true });
  return code === 0 ? stdout.trim() : null;
}

/** @throws AppError when it cannot be mounted, or holds no usable answers */
export async function withSeed<T>(host: Host, device: string, work: (seed: Seed) => Promise<T>): Promise<T> {
  const run = (reason: string, ...argv: [string, ...string[]]) => host.run({ argv, step: "install", reason });
  await run("a place for the answers", "mkdir", "-p", MOUNT_POINT);
  const mounted = await run("the answers", "mount", "-o", "ro,nosuid,nodev,noexec", device, MOUNT_POINT);
  if (mounted.code !== 0) {
    throw new AppError("file-access", `Cannot read the answers on ${device}: ${mounted.stderr.trim()}`, {
      hint: `Make the volume ${SEED_LABEL} anew, as FAT, ext4 or ISO 9660`,
    });
  }
  try {
    const path = `${MOUNT_POINT}/answers.json`;
    const text = host.readText(path);
    if (text === null) {
      throw new AppError("not-found", `The volume ${SEED_LABEL} (${device}) has no answers.json`, {
        hint: "Put the answers there: docs/installer.md has an example",
      });
    }
    return await work({
      answers: parseAnswers(text, `answers.json of ${SEED_LABEL}`),
      secret: (secret, key) => readSecret("file" in secret ? { file: resolve(MOUNT_POINT, secret.file) } : secret, key),
    });
  } finally {
    await run("the answers were read", "umount", MOUNT_POINT);
  }
}
