/** What an installation consists of: data. A secret is only named here; the executor puts it into a command's stdin. */
import type { PlannedFile } from "./files.ts";

/** `passphrase`: the bytes of the LUKS key. `account`: `name:hash`, as chpasswd reads it. */
export type SecretName = "passphrase" | "account";

export interface CommandAction {
  readonly kind: "command";
  readonly argv: readonly [string, ...string[]];
  readonly reason: string;
  readonly stdin?: { readonly text: string } | { readonly secret: SecretName };
  /** Its output tells how far it is; this much it does in all. */
  readonly progressBytes?: number;
  /** What its failure means where the installation is good without it; absent: a failure ends the installation. */
  readonly ifItFails?: string;
}

/** Written below the mounted system, durably. */
export interface FileAction extends PlannedFile {
  readonly kind: "file";
}

/** A folder of the mounted system, with those above it. */
export interface FolderAction {
  readonly kind: "folder";
  readonly path: string;
  readonly reason: string;
}

/** Looks whether what a start needs is there; what is missing ends the installation. */
export interface CheckAction {
  readonly kind: "check";
  readonly reason: string;
}

/** The record of all that was done, into the mounted system. */
export interface LogAction {
  readonly kind: "log";
  readonly path: string;
  readonly reason: string;
}

export type Action = CommandAction | FileAction | FolderAction | CheckAction | LogAction;

export const command = (
  reason: string,
  argv: readonly [string, ...string[]],
  more: Pick<CommandAction, "stdin" | "progressBytes" | "ifItFails"> = {},
): CommandAction => ({ kind: "command", argv, reason, ...more });
