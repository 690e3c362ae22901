/**
 * The VM in the PC: defined and started by the product, with our small kernel (nested/guest.c) in place of an
 * operating system. What it says on its serial port proves that it has the card, and that the card reaches its memory.
 */
import { assert, assertStringIncludes } from "@std/assert";
import type { Card } from "./cards.ts";
import { until } from "./deadline.ts";
import { type Commands, patient } from "./pc.ts";
import { answersPath, assertRefusal, mustEnd, neuron } from "./product_commands.ts";
import { putFile } from "./state_of_pc.ts";

const name = "nested";
const serialLog = `/var/log/libvirt/qemu/${name}-serial.log`;

/** The `vm` part of the answers: as little as a VM can be. */
export const smallVm = {
  name,
  os: "linux",
  firmware: { uefi: false, secureBoot: false, tpm: false },
  cpu: { vcpus: 1, pinning: "none" },
  memory: { mib: 256, hugepages: "none" },
  disks: [{ sizeGib: 1 }],
  network: { mode: "user" },
  display: { vnc: false, spice: false, lookingGlass: { enabled: false } },
  guestAgent: false,
} as const;

/** Defines the VM from the answers, then gives it the kernel to start and its serial port a log: nothing else. */
async function define(pc: Commands): Promise<void> {
  await mustEnd(pc, `vm define --answers ${answersPath}`, [0]);
  const xml = await mustEnd(pc, `vm xml ${name}`, [0]);
  const withKernel = xml
    .replace("</type>", "$&\n    <kernel>/opt/neuron/nested-guest</kernel>")
    .replace(/<serial type=['"]pty['"]>/, `$&\n      <log file="${serialLog}" append="off"/>`);
  assert(withKernel.includes("<kernel>") && withKernel.includes(serialLog), xml);
  await putFile(pc, "/root/nested.xml", withKernel);
  await mustEnd(pc, "vm define /root/nested.xml", [0]);
}

/** Starts it, lets it run to its end and looks what it saw. */
export async function assertVmHasCard(pc: Commands, card: Card): Promise<void> {
  await define(pc);
  await mustEnd(pc, `vm start ${name}`, [0], 120);
  await until(patient(60), "the VM has switched itself off", async () => {
    return (await pc.read(`virsh domstate ${name}`)).startsWith("shut off") || null;
  }, 2000);
  const said = await pc.read(`cat ${serialLog}`);
  for (const { looks } of card.functions) {
    const hex = (id: number) => id.toString(16).padStart(4, "0");
    assertStringIncludes(said, `${hex(looks.vendorId)}:${hex(looks.deviceId)}`, "the VM has not seen all of the card");
  }
  assert(/^memory [0-9a-f:.]+ ok\r?$/m.test(said), `the VM cannot use the card's memory:\n${said}`);
  assert(/^dma [0-9a-f:.]+ 1af4[0-9a-f]{4}\r?$/m.test(said), `the card did not reach the VM's memory:\n${said}`);
  assertStringIncludes(said, "end");
  await mustEnd(pc, `vm delete ${name} --yes`, [0]);
}

/** It cannot start, and the sentences say why. */
export async function assertVmRefused(pc: Commands, says: readonly RegExp[]): Promise<void> {
  await define(pc);
  assertRefusal(await neuron(pc, `vm start ${name}`, 120), 1, says);
  await mustEnd(pc, `vm delete ${name} --yes`, [0]);
}
