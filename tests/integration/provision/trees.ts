/** Folders of the tests compared exactly: bytes, modes, owners, links, extended attributes, and files' times. */
import { systemDisk } from "../../../provision/host/disk.ts";
import { sha256 } from "../../../provision/node.ts";

/** One line a path, below `root`, without what lies in the folders `without`. Folders' times change with their entries. */
export function snapshot(root: string, ...without: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    if (without.includes(path)) return;
    const { kind, mode, uid, gid, mtimeMs } = systemDisk.lstat(path);
    const content = kind === "link"
      ? systemDisk.readlink(path)
      : kind === "file"
      ? `${sha256(systemDisk.readFile(path))} ${mtimeMs}`
      : "";
    const attributes = kind === "link" ? "" : JSON.stringify(systemDisk.readAttributes(path));
    found.set(path.slice(root.length) || "/", `${kind} ${mode.toString(8)} ${uid}:${gid} ${content} ${attributes}`);
    if (kind === "folder") { for (const name of systemDisk.readFolder(path).sort()) visit(`${path}/${name}`); }
  };
  visit(root);
  return found;
}

/** Paths that differ, for a message a person can use. */
export function differences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  const paths = [...new Set([...a.keys(), ...b.keys()])].sort();
  return paths.filter((path) => a.get(path) !== b.get(path))
    .map((path) => `${path}: ${a.get(path) ?? "missing"} | ${b.get(path) ?? "missing"}`);
}

/** Key and certificate, made of random bytes. */
const certificate = "/etc/neuron/tls/server.pem";

/** The key is a new one each time, and files made anew are younger. */
export function essential(tree: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...tree].map(([path, line]) => [path, path === certificate ? "made" : line.replace(/ \d+(\.\d+)? \{/, " {")]),
  );
}
