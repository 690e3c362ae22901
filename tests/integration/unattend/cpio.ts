/** Writes an initial ram disk: cpio in the "newc" form (Linux, Documentation/driver-api/early-userspace/buffer-format). */

export interface RamDiskFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

const FOLDER = 0o40755;

/** Folders above the files are made by themselves. */
export function cpio(files: readonly RamDiskFile[]): Uint8Array {
  const folders = new Set(files.flatMap(({ path }) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_part, index) => parts.slice(0, index + 1).join("/"));
  }));
  const entries = [
    ...[...folders].sort().map((path) => ({ path, bytes: new Uint8Array(), mode: FOLDER })),
    ...files.map((file) => ({ ...file, mode: 0o100000 | file.mode })),
    { path: "TRAILER!!!", bytes: new Uint8Array(), mode: 0 },
  ];
  const parts = entries.flatMap(({ path, bytes, mode }, index) => {
    const name = new TextEncoder().encode(`${path}\0`);
    // inode, mode, uid, gid, links, mtime, size, four device numbers, length of the name, checksum
    const fields = [index + 1, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length, 0];
    const header = new TextEncoder().encode(
      "070701" + fields.map((value) => value.toString(16).padStart(8, "0")).join(""),
    );
    return [header, name, padding(header.length + name.length), bytes, padding(bytes.length)];
  });
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

const padding = (length: number) => new Uint8Array((4 - length % 4) % 4);
