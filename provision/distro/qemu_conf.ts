/**
 * The one setting of libvirt's qemu.conf that we may have to make: which devices every QEMU may open, in its device
 * cgroup and in the /dev of its own. It names all or none, and of two assignments libvirt takes the first.
 * Sources: the comments of qemu.conf itself; libvirt's src/util/virconf.c (virConfGetValue).
 */
import { withoutBlock } from "../block.ts";

export const qemuConfPath = "/etc/libvirt/qemu.conf";
/** Names our block in it. */
export const deviceBlock = "the device of Looking Glass";

/** libvirt's own list up to version 9; newer ones tell theirs in a comment of the file. */
const usualDevices = ["/dev/null", "/dev/full", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/ptmx", "/dev/kvm"];

const inForce = /^[ \t]*cgroup_device_acl[ \t]*=[ \t]*\[([^\]]*)\]/m;
const inComment = /^#[ \t]*cgroup_device_acl[ \t]*=[ \t]*\[([^\]]*)\]/m;
const quoted = (text: string) => [...text.matchAll(/"([^"]+)"/g)].map(([, device]) => device!);

/** What a person allows outside our block; null when they left it to libvirt. */
export function devicesOfPerson(text: string): string[] | null {
  const theirs = withoutBlock(text, deviceBlock);
  const body = inForce.exec(theirs)?.[1];
  return body === undefined ? null : quoted(body.replace(/#.*$/gm, ""));
}

/** The body of our block: what libvirt allows by itself, and one device more. */
export function renderDevices(text: string, device: string): string {
  const body = inComment.exec(text)?.[1];
  const own = body === undefined ? usualDevices : quoted(body);
  return `cgroup_device_acl = [\n${[...own, device].map((one) => `  "${one}"`).join(",\n")}\n]\n`;
}
