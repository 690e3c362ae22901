/** winpe.cmd really run, by the very command of the answer file, in Wine's cmd.exe. */
import { assertEquals } from "@std/assert";
import { parseXml } from "../../../provision/vm/xml.ts";
import { textOf } from "../../unit/unattend/wishes.ts";
import { withFolder } from "./tools.ts";
import { type WindowsPe, withWine } from "./wine.ts";

/** What Setup would start, without the name of cmd.exe before it. */
function command(): string {
  const paths = [...parseXml(textOf("Autounattend.xml")).getElementsByTagName("Path")].map((one) => one.textContent!);
  return paths.find((path) => path.includes("winpe.cmd"))!.replace(/^cmd\.exe \/c /, "");
}

async function makeDrives(folder: string) {
  const put = async (path: string, text: string) => {
    await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, text);
  };
  for (const name of ["neuron/answer-medium.txt", "neuron/winpe.cmd"]) await put(`medium/${name}`, textOf(name));
  // As the virtio-win medium has them, for Windows 11 and 10.
  for (const driver of ["viostor", "vioscsi", "NetKVM", "Balloon"]) {
    for (const ending of ["inf", "sys", "cat", "pdb"]) {
      await put(`virtio/${driver}/w11/amd64/${driver.toLowerCase()}.${ending}`, `${driver} ${ending}`);
      await put(`virtio10/${driver}/w10/amd64/${driver.toLowerCase()}.${ending}`, `${driver} ${ending}`);
    }
  }
  await put("windows/Windows/System32/config/SYSTEM", "hive");
  await Deno.mkdir(`${folder}/empty`);
  return (name: string) => `${folder}/${name}`;
}

async function finished(machine: WindowsPe): Promise<void> {
  const child = machine.run(command());
  await child.stdin.close();
  await child.status;
}

const loaded = [
  'drvload "X:\\neuron\\drivers\\viostor\\viostor.inf"',
  'drvload "X:\\neuron\\drivers\\vioscsi\\vioscsi.inf"',
  'drvload "X:\\neuron\\drivers\\NetKVM\\netkvm.inf"',
  "diskpart /s X:\\neuron\\rescan.txt",
];

Deno.test("winpe.cmd in Wine: drivers from whichever drive has them; a Windows that is there is never erased", () =>
  withFolder((folder) =>
    withWine(async (windowsPe) => {
      const drive = await makeDrives(folder);

      for (const letters of [{ d: drive("virtio"), e: drive("medium") }, { f: drive("medium"), z: drive("virtio") }]) {
        const machine = await windowsPe({ ...letters, g: drive("empty") });
        await finished(machine);
        assertEquals(await machine.stages(), ["winpe", "drivers-loaded", "partitioning"]);
        assertEquals(await machine.calls(), loaded);
        assertEquals(
          await machine.drivers(),
          ["NetKVM/netkvm", "vioscsi/vioscsi", "viostor/viostor"].flatMap((name) =>
            ["cat", "inf", "sys"].map((ending) => `${name}.${ending}`)
          ),
        );
        // Setup may run it again: nothing happens twice.
        await finished(machine);
        assertEquals(await machine.calls(), loaded);
      }

      // Drivers of another Windows are not this one's.
      const without = await windowsPe({ d: drive("virtio10"), e: drive("medium") });
      await finished(without);
      assertEquals(await without.stages(), ["winpe", "drivers-missing", "partitioning"]);
      assertEquals(await without.calls(), loaded.slice(-1));

      const occupied = await windowsPe({ d: drive("windows"), e: drive("medium"), h: drive("virtio") });
      const child = occupied.run(command());
      let ended = false;
      child.status.then(() => ended = true);
      await until(async () => (await occupied.calls()).includes("wpeutil shutdown"));
      assertEquals(await occupied.stages(), ["winpe", "drivers-loaded", "disk-not-empty"]);
      // It holds Setup up until the power goes.
      assertEquals(ended, false);
      await child.stdin.close();
      child.kill("SIGKILL");
      await child.status;
    })
  ));

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (!await holds()) {
    if (performance.now() > deadlineMs) throw new Error("not within 30 s");
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
