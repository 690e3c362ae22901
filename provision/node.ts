/**
 * One path of the machine as it is: read, compared, saved for later and put back. What the engine and the rollback
 * know about files. Never decides whether a difference is wanted.
 */
import { createHash } from "node:crypto";
import { AppError } from "../model/errors.ts";
import type { ExtendedAttributes } from "./host/disk.ts";
import { parentOf } from "./host/files.ts";
import type { Host, HostFiles } from "./host/host.ts";
import type { NodeView } from "./step.ts";

/** A path as the journal remembers it; the bytes of a file are in the state folder under their digest. */
export type NodeStatus =
  | { readonly kind: "absent" }
  | FileNode
  | { readonly kind: "link"; readonly target: string; readonly uid?: number; readonly gid?: number }
  | { readonly kind: "folder" | "other" };

export interface FileNode {
  readonly kind: "file";
  readonly sha256: string;
  readonly mode: number;
  /** Absent in what is still to be written: it belongs to whoever writes it. */
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeMs?: number;
  readonly extended?: ExtendedAttributes;
}

export const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** Follows no link at the last part. */
export function readNode(files: HostFiles, path: string): NodeStatus {
  const status = files.stat(path);
  if (status === null) return { kind: "absent" };
  const { kind, mode, uid, gid, mtimeMs } = status;
  if (kind === "link") return { kind, target: files.readLink(path) ?? "", uid, gid };
  if (kind !== "file") return { kind };
  const bytes = files.readBytes(path);
  if (bytes === null) return { kind: "absent" };
  const extended = files.attributes(path);
  return {
    kind,
    sha256: sha256(bytes),
    mode,
    uid,
    gid,
    ...(mtimeMs === null ? {} : { mtimeMs }),
    ...(Object.keys(extended).length === 0 ? {} : { extended }),
  };
}

/** Bytes, mode, owner, target: what a person would call the same file. An owner not known is no difference. */
export function sameNode(a: NodeStatus, b: NodeStatus): boolean {
  const same = (x: number | undefined, y: number | undefined) => x === undefined || y === undefined || x === y;
  if (a.kind === "file" && b.kind === "file") {
    return a.sha256 === b.sha256 && a.mode === b.mode && same(a.uid, b.uid) && same(a.gid, b.gid);
  }
  if (a.kind === "link" && b.kind === "link") return a.target === b.target;
  return a.kind === b.kind && a.kind !== "other";
}

/** Keeps the bytes of a file in the state folder, so that putBack can return them. */
export function saveNode(host: Host, path: string): NodeStatus {
  const node = readNode(host, path);
  if (node.kind !== "file") return node;
  const digest = host.state.save(host.readBytes(path)!);
  if (digest !== node.sha256) throw new AppError("conflict", `Cannot save ${path}: it changes while it is read`);
  return node;
}

/** Makes a path what it was; where a killed run did so already, only what that left to do is done. */
export function putBack(host: Host, path: string, node: NodeStatus): void {
  host.sweep(path);
  if (sameNode(readNode(host, path), node)) return;
  if (node.kind === "absent") host.remove(path);
  else if (node.kind === "link") host.writeLink(path, node.target, ownerOf(node));
  else if (node.kind === "file") {
    const { sha256: digest, mode, mtimeMs, extended } = node;
    const times = mtimeMs === undefined ? {} : { mtimeMs };
    host.writeFile(path, host.state.saved(digest), { mode, ...ownerOf(node), ...times, extended: extended ?? {} });
  } else throw new AppError("conflict", `Cannot bring back ${path}: a ${node.kind} was there before`);
}

function ownerOf(node: { uid?: number; gid?: number }): { uid?: number; gid?: number } {
  return { ...(node.uid === undefined ? {} : { uid: node.uid }), ...(node.gid === undefined ? {} : { gid: node.gid }) };
}

/** Folders above a path that are missing, highest first. */
export function missingFolders(files: HostFiles, path: string): string[] {
  const missing: string[] = [];
  for (let folder = parentOf(path); folder !== "/"; folder = parentOf(folder)) {
    // A link to a folder is a folder here: list follows it.
    if (files.list(folder) !== null) break;
    missing.unshift(folder);
  }
  return missing;
}

export function renderMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** What a plan shows of a path; `asMode` is the mode it is to have. What others must not read stays hidden. */
export function viewNode(files: HostFiles, path: string, asMode = 0o777): NodeView | null {
  const node = readNode(files, path);
  if (node.kind === "absent") return null;
  if (node.kind === "link") return { kind: "link", target: node.target };
  if (node.kind !== "file") return { kind: node.kind };
  return viewFile(files.readBytes(path)!, node.mode, asMode);
}

export function viewFile(bytes: Uint8Array, mode: number, asMode = mode): NodeView {
  const text = isSecret(mode & asMode) ? null : textOf(bytes);
  const shown = text === null ? { sha256: sha256(bytes) } : { text };
  return { kind: "file", mode: renderMode(mode), ...shown };
}

/** A file that neither group nor others may read. */
export const isSecret = (mode: number) => (mode & 0o044) === 0;

/** Null when bytes are not text a terminal could show. */
function textOf(bytes: Uint8Array): string | null {
  if (bytes.length > 1 << 20) return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
