import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { assign, readGrubParameters, splitParameters } from "../../../provision/distro/grub.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { dropIn, kernelParameters } from "../../../provision/steps/kernel_parameters.ts";
import { brief, changes, debian, problems, spec, write } from "./machine.ts";

const added = async (...args: Parameters<typeof changes>) => {
  const change = (await changes(...args)).find(({ target }) => target === dropIn);
  const after = change?.after;
  return after?.kind === "file" ? /DEFAULT="\$GRUB_CMDLINE_LINUX_DEFAULT (.*)"/.exec(after.text ?? "")?.[1] : undefined;
};

Deno.test("the parameters go into a drop-in of our own, and the boot menu is written again", async () => {
  assertEquals(brief(await changes(kernelParameters, debian())), [`create ${dropIn}`, "run update-grub"]);
  assertEquals(await added(kernelParameters, debian()), "intel_iommu=on iommu=pt neuron.vfio=1");
});

Deno.test("nothing is asked for twice: what the person wrote anywhere, in any form, counts", async () => {
  const wish = { ...spec, iommu: { ...spec.iommu, needsIntelParameter: true } };
  for (
    const [path, text] of [
      ["/etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on iommu=pt"\n'],
      ["/etc/default/grub", "GRUB_CMDLINE_LINUX='intel_iommu=on,sm_on iommu.passthrough=1'\n"],
      ["/etc/default/grub.d/50-mine.cfg", 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX intel_iommu=on iommu=pt"\n'],
      ["/etc/default/grub.d/50-mine.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT+=" intel_iommu=on iommu=pt"\n'],
    ] as const
  ) {
    assertEquals(await added(kernelParameters, debian({ [path]: text }), wish), "neuron.vfio=1", text);
  }
});

Deno.test("nothing at all is done where everything is already so by hand", async () => {
  const line = "quiet intel_iommu=on iommu=pt neuron.vfio=1";
  const disk = debian({
    "/etc/default/grub": `GRUB_CMDLINE_LINUX_DEFAULT="${line}"\n`,
    "/boot/grub/grub.cfg": `linux /boot/vmlinuz ro ${line}\n`,
  });
  assertEquals(await changes(kernelParameters, disk), []);
});

Deno.test("a parameter taken away again by a later file does not count", async () => {
  const disk = debian({
    "/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="iommu=pt"\n',
    "/etc/default/grub.d/60-image.cfg": 'GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS0"\n',
  });
  assertEquals(await added(kernelParameters, disk), "intel_iommu=on iommu=pt neuron.vfio=1");
});

Deno.test("on a running machine a boot menu without the parameters is written again", async () => {
  const disk = debian();
  await write(kernelParameters, disk);
  assertEquals(brief(await changes(kernelParameters, disk)), ["run update-grub"]);
  disk.put("/boot/grub/grub.cfg", "linux /boot/vmlinuz ro quiet intel_iommu=on iommu=pt neuron.vfio=1\n");
  assertEquals(await changes(kernelParameters, disk), []);
});

Deno.test("huge pages of 1 GiB, isolation and the ACS override are parameters too", async () => {
  const wish = {
    ...spec,
    gpu: null,
    acsOverride: true,
    isolatedCpus: [5, 2, 3, 4, 8],
    hugepages: { sizeKib: 1048576, pagesByNode: [{ node: 0, pages: 4 }, { node: 1, pages: 8 }] },
  } as const;
  assertEquals(
    await added(kernelParameters, debian(), wish),
    "pcie_acs_override=downstream,multifunction hugepagesz=1G hugepages=0:4,1:8 " +
      "isolcpus=domain,managed_irq,2-5,8 nohz_full=2-5,8 rcu_nocbs=2-5,8",
  );
});

Deno.test("when nothing is wanted any more our drop-in goes, a stranger's of that name stays", async () => {
  const nothing = { ...spec, gpu: null };
  const disk = debian();
  await write(kernelParameters, disk);
  assertEquals(brief(await changes(kernelParameters, disk, nothing)), [`delete ${dropIn}`, "run update-grub"]);
  assertEquals(await changes(kernelParameters, debian({ [dropIn]: "GRUB_TIMEOUT=1\n" }), nothing), []);
});

Deno.test("after the reboot the running kernel is asked", async () => {
  const disk = debian();
  assertEquals(await problems(kernelParameters, disk), [
    "kernel-parameter-missing intel_iommu=on",
    "kernel-parameter-missing iommu=pt",
    "kernel-parameter-missing neuron.vfio=1",
  ]);
  disk.put("/proc/cmdline", "ro intel_iommu=on iommu=pt neuron.vfio=1\n");
  assertEquals(await problems(kernelParameters, disk), []);
});

Deno.test("what the shell makes of the drop-in is what we read from it", async () => {
  const disk = debian();
  await write(kernelParameters, disk);
  const text = fakeHost(disk).readText(dropIn)!;
  const script = `GRUB_CMDLINE_LINUX_DEFAULT=quiet\n${text}\nprintf %s "$GRUB_CMDLINE_LINUX_DEFAULT"`;
  const { stdout } = await new Deno.Command("sh", { args: ["-euc", script] }).output();
  assertEquals(new TextDecoder().decode(stdout), "quiet intel_iommu=on iommu=pt neuron.vfio=1");
  assertStringIncludes(readGrubParameters(fakeHost(disk), "").join(" "), "quiet intel_iommu=on iommu=pt neuron.vfio=1");
});

Deno.test("assignments are read as the shell reads them", async () => {
  const word = fc.constantFrom("a", "b c", "x=1", "$A", "${A}", "\\$A", "\\\\", " ");
  const quoted = fc.tuple(fc.constantFrom('"', "'"), fc.array(word, { maxLength: 4 })).map(([q, words]) =>
    `${q}${words.join("")}${q}`
  );
  const lines = fc.sample(fc.array(fc.tuple(fc.constantFrom("A", "B"), quoted), { minLength: 1, maxLength: 4 }), {
    numRuns: 40,
    seed: 1,
  });
  for (const assignments of lines) {
    const text = assignments.map(([name, value]) => `${name}=${value}`).join("\n");
    const variables = new Map<string, string>();
    assign(variables, text);
    const script = `unset A B; ${text}\nprintf '%s|%s' "\${A-}" "\${B-}"`;
    const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
    assertEquals(`${variables.get("A") ?? ""}|${variables.get("B") ?? ""}`, new TextDecoder().decode(stdout), text);
  }
});

Deno.test("parameters split at spaces outside quotes", () => {
  assertEquals(splitParameters('a  b="c d" e\tf'), ["a", 'b="c d"', "e", "f"]);
});
