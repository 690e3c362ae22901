/** All known messages in one table, and whose words an error of libvirt is. Pure. */
import { KERNEL_MESSAGES } from "./kernel_messages.ts";
import { LIBVIRT_MESSAGES } from "./libvirt_messages.ts";
import { QEMU_MESSAGES } from "./qemu_messages.ts";
import type { KnownMessage } from "./trouble.ts";

export const KNOWN_MESSAGES: readonly KnownMessage[] = [...KERNEL_MESSAGES, ...QEMU_MESSAGES, ...LIBVIRT_MESSAGES];

/** What the message of a libvirt error is known to mean: it hands on QEMU's last words. Null when it is not known. */
export function explainLibvirtError(message: string): KnownMessage | null {
  return [...QEMU_MESSAGES, ...LIBVIRT_MESSAGES].find(({ pattern }) => pattern.test(message)) ?? null;
}
