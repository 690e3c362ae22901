/**
 * From a PC as a person has it to a VM with its card that says Windows is set up, by one command and one reboot:
 * `setup --answers --yes`, the trial boot, its proof, and after that, with no hand on it, the media from https servers of
 * the test, the VM, and the installation. Who plays Windows reads the answer medium before it goes on
 * (tests/integration/guest_install/stand_in.S).
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { makeCertificates } from "../integration/media/certificates.ts";
import { faultyServer } from "../integration/media/faulty_server.ts";
import { discImage } from "../integration/media/place.ts";
import { standInWindows } from "../integration/workload/stand_in_windows.ts";
import { until } from "./deadline.ts";
import { quick } from "./layouts.ts";
import { smallVm } from "./nested_vm.ts";
import { patient, Pc } from "./pc.ts";
import { answersPath, mustEnd, neuron } from "./product_commands.ts";
import { type Bench, diskOver, stopwatch, trialEnd } from "./scenario.ts";
import { putFile } from "./state_of_pc.ts";

export const windows = {
  name: "windows",
  what: "setup from a bare PC over the trial boot to an installed VM, by itself",
} as const;

const address = "10.0.2.100";
const ports = { windows: 8443, drivers: 8444 };
const vm = "windows10";

const answers = {
  schema: "neuron.answers/1",
  host: { gpu: "auto", hugepages: "none" },
  vm: { ...smallVm, name: vm, os: "windows10" },
  windows: {
    iso: `https://${address}:${ports.windows}/windows.iso`,
    account: { name: "ada", password: { file: "/root/ada.password" } },
  },
  virtio: { iso: `https://${address}:${ports.drivers}/virtio-win.iso` },
};

/** @throws Error that says what was not as it should be */
export async function runWindows(bench: Bench): Promise<void> {
  const { folder, image, product } = bench;
  const parts = stopwatch(bench);
  const certificates = await makeCertificates(`IP:${address}`);
  await using medium = await faultyServer(await standInWindows(folder), undefined, certificates);
  await using drivers = await faultyServer(discImage(400_000), undefined, certificates);
  await using pc = new Pc({
    hardware: quick.hardware,
    folder,
    disk: await diskOver({ path: image, format: "raw" }, folder),
    product,
    servers: [
      { address, port: ports.windows, here: medium.port },
      { address, port: ports.drivers, here: drivers.port },
    ],
  });
  await pc.start();
  parts("start");
  await pc.read("mkdir -p /etc/ssl/certs; umask 077; echo 'correct horse' >/root/ada.password");
  await putFile(pc, "/etc/ssl/certs/ca-certificates.crt", certificates.authority);
  await putFile(pc, answersPath, JSON.stringify(answers));
  const said = await mustEnd(pc, `setup --answers ${answersPath} --yes`, [3], 300);
  assertStringIncludes(said, "After the reboot, once all of this is proved");
  assertStringIncludes(said, `Make the VM "${vm}"`);
  parts("apply");
  await pc.reboot();
  const { outcome, text } = await trialEnd(pc);
  assertEquals(outcome, "proved", text);
  parts("trial");
  await until(patient(300), "Windows is set up by itself", async () => {
    const { code } = await neuron(pc, "verify --phase workload");
    if (code === 0) return true;
    // It has ended, and not well: nothing more will come.
    const state = await pc.run("systemctl is-failed neuron-workload");
    if (state.stdout.trim() === "failed") throw new Error(await journal(pc));
    return null;
  }, 10_000);
  parts("workload");
  const told = await journal(pc);
  for (const stage of ["Windows PE has started and found the answer medium", "everything is set up"]) {
    assertStringIncludes(told, stage);
  }
  assert(medium.asked.length > 0 && drivers.asked.length > 0, "the media came from the test's servers");
  assertEquals(
    (await pc.read("ls /var/lib/libvirt/images")).trim().split(/\s+/),
    ["virtio-win.iso", "windows.iso", `${vm}.qcow2`],
  );
  const xml = await pc.read(`virsh dumpxml ${vm}`);
  assertStringIncludes(xml, "<hostdev mode='subsystem' type='pci' managed='yes'>");
  assertEquals((await pc.read(`virsh domstate ${vm}`)).trim(), "running");
  assertEquals(JSON.parse(await mustEnd(pc, "plan --json", [0])).steps.flatMap(changesOf), []);
  await pc.read(`virsh destroy ${vm}`);
  await mustEnd(pc, "rollback --yes", [3], 120);
  assertStringIncludes(await pc.read("virsh list --all --name"), vm);
  parts("rollback");
  await pc.shutDown();
}

const changesOf = ({ changes }: { changes: unknown[] }) => changes;

const journal = (pc: Pc) => pc.read("journalctl --unit=neuron-workload --no-pager --output=cat");
