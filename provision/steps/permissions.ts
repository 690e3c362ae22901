/**
 * The people who administer this machine may use libvirt, and what QEMU shares with their desktop, without a password:
 * members of the groups libvirt and kvm, by a file of our own for systemd-sysusers. Memberships stay on rollback, as
 * accounts do. Sources: sysusers.d(5) (`m`), libvirt's polkit rule for the group libvirt, udev's rule for /dev/kvm.
 */
import type { Finding } from "../../model/errors.ts";
import { type Person, readPeople } from "../distro/people.ts";
import type { Step, WantedNode } from "../step.ts";
import { obsolete, oursAmong, withHead } from "./written.ts";

export const permissionsPath = "/etc/sysusers.d/neuron-people.conf";
const groups = ["kvm", "libvirt"];

export interface PermissionsSeen {
  readonly live: boolean;
  readonly people: readonly Person[];
  readonly ours: ReadonlySet<string>;
  /** Whether there is a file, whatever is in it: one that was damaged is to be put back. */
  readonly isThere: boolean;
}

const lacking = (person: Person) => groups.filter((group) => !person.groups.has(group));

export const permissions: Step<PermissionsSeen> = {
  name: "permissions",
  title: "Who may use VMs",
  phase: "host",

  inspect(host) {
    return Promise.resolve({
      live: host.live,
      people: readPeople(host),
      ours: oursAmong(host, [permissionsPath]),
      isThere: host.stat(permissionsPath) !== null,
    });
  },

  wants(_spec, { people, ours, isThere }) {
    if (people.length === 0) return { nodes: obsolete([permissionsPath], ours, "nobody administers this machine") };
    // Who was made a member by others needs nothing of us; once our file is there it names everybody, to stay the same.
    if (!isThere && people.every((person) => lacking(person).length === 0)) return { nodes: [] };
    const lines = people.flatMap(({ name }) => groups.map((group) => `m ${name} ${group}\n`));
    const names = people.map(({ name }) => name).join(", ");
    const node: WantedNode = {
      kind: "file",
      path: permissionsPath,
      text: withHead("Who administers this machine may use its VMs.", lines.join("")),
      triggers: ["sysusers-people"],
      reason: `${names} may use VMs from the next sign-in on. Being in the group libvirt is as good as being root: ` +
        `whoever is can give a VM any file of this machine. They may administer it already`,
    };
    return {
      nodes: [node],
      commands: [{
        id: "sysusers-people",
        argv: ["systemd-sysusers", permissionsPath],
        reason: `${names} in the groups ${groups.join(" and ")}; stays on rollback`,
        due: people.some((person) => lacking(person).length > 0),
        derives: [],
        keeps: true,
      }],
    };
  },

  verify(_spec, { live, people }) {
    // On a copy the command is only recorded.
    if (!live) return [];
    return people.filter((person) => lacking(person).length > 0).map((person): Finding => ({
      code: "person-not-member",
      severity: "blocker",
      title: `${person.name} is not in the group ${lacking(person).join(" and ")}`,
      hint: `sudo usermod --append --groups ${lacking(person).join(",")} ${person.name}`,
      target: person.name,
    }));
  },
};
