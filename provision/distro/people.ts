/**
 * The people of this machine: who signs in at it and may administer it. From /etc/passwd and /etc/group alone, so that
 * the answer is the same on a copy; people of a directory service (LDAP, homed) are not seen.
 * Sources: passwd(5), group(5), login.defs(5) (UID_MIN, UID_MAX), sysusers.d(5).
 */
import type { HostFiles } from "../host/host.ts";

export interface Person {
  readonly name: string;
  readonly uid: number;
  /** Names of the groups, the primary one included. */
  readonly groups: ReadonlySet<string>;
}

/** What distributions let administer: Debian, Fedora and Arch, older Ubuntu. */
const administrators = ["sudo", "wheel", "admin"];

/** Administrators with a shell to sign in with, the first account first. */
export function readPeople(files: HostFiles): Person[] {
  const groups = (files.readText("/etc/group") ?? "").split("\n").map((line) => line.split(":"))
    .filter((fields) => fields.length >= 4)
    .map(([name, , gid, members]) => ({ name: name!, gid, members: members!.split(",") }));
  const people = (files.readText("/etc/passwd") ?? "").split("\n").flatMap((line): Person[] => {
    const fields = line.split(":");
    const [name = "", , id = "", gid = "", , , shell = ""] = fields;
    const uid = /^\d+$/.test(id) ? Number(id) : -1;
    // Anything else could be read as something else in the files that name them.
    if (fields.length !== 7 || !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return [];
    if (uid < 1000 || uid > 59_999 || !signsIn(shell)) return [];
    const own = groups.filter((group) => group.gid === gid || group.members.includes(name));
    return [{ name, uid, groups: new Set(own.map((group) => group.name)) }];
  });
  return people.filter((person) => administrators.some((group) => person.groups.has(group)))
    .sort((a, b) => a.uid - b.uid);
}

/** An empty shell is /bin/sh (passwd(5)). */
const signsIn = (shell: string) => !/\/(nologin|false|true|sync|halt|shutdown)$/.test(shell);
