/** The real disk does what the memory disk says a disk does. */
import { assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { openHost } from "../../../provision/host/open.ts";

function withFolder(use: (folder: string) => void): void {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("files, links and folders are written, listed, followed below the root, and removed", () =>
  withFolder((folder) => {
    const host = openHost({ root: folder });
    host.makeFolder("/etc", { mode: 0o750 });
    host.writeFile("/etc/f", new TextEncoder().encode("text"), { mode: 0o604, mtimeMs: 1_600_000_000_000 });
    host.writeLink("/link", "/etc/f");
    assertEquals(host.list("/"), ["etc", "link"]);
    assertEquals(host.readText("/link"), "text");
    assertEquals(host.readLink("/link"), "/etc/f");
    assertEquals(host.stat("/etc")?.mode, 0o750);
    const { kind, mode, mtimeMs } = host.stat("/etc/f")!;
    assertEquals({ kind, mode, mtimeMs }, { kind: "file", mode: 0o604, mtimeMs: 1_600_000_000_000 });
    assertThrows(() => host.removeFolder("/etc"), AppError, "not empty");
    host.remove("/etc/f");
    host.remove("/etc/f");
    host.removeFolder("/etc");
    assertEquals(host.list("/"), ["link"]);
  }));

Deno.test("extended attributes are read, kept by a replacing write, and set", () =>
  withFolder((folder) => {
    const host = openHost({ root: folder });
    const note = { "user.note": btoa("hello") };
    host.writeFile("/f", new Uint8Array([1]), { extended: note });
    assertEquals(
      host.attributes("/f"),
      note,
      "this file system must support user attributes (ext4, btrfs, xfs, tmpfs)",
    );
    host.writeFile("/f", new Uint8Array([2]));
    assertEquals(host.attributes("/f"), note);
  }));

Deno.test("the lock has one holder, and is free again when it is let go", () =>
  withFolder((folder) => {
    const first = openHost({ root: folder, state: `${folder}/state` });
    const second = openHost({ root: folder, state: `${folder}/state` });
    const lock = first.state.lock();
    const error = assertThrows(() => second.state.lock(), AppError);
    assertEquals(error.code, "locked");
    lock[Symbol.dispose]();
    second.state.lock()[Symbol.dispose]();
  }));

Deno.test("whether a folder is writable is the kernel's answer, not a reading of its mode", () =>
  withFolder((folder) => {
    const host = openHost({ root: folder });
    host.makeFolder("/shut", { mode: 0o555 });
    // Root may write anywhere; to others the mode counts.
    assertEquals(host.whyNotWritable("/shut"), Deno.uid() === 0 ? null : "permission is denied");
    assertEquals(host.whyNotWritable("/shut/below"), Deno.uid() === 0 ? null : "permission is denied");
    assertEquals(host.whyNotWritable("/"), null);
  }));
