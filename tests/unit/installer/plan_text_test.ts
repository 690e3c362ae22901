import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { planInstallation } from "../../../provision/installer/plan.ts";
import { installPlanDocument, renderDisks, renderInstallPlan } from "../../../provision/installer/plan_text.ts";
import type { InstallAnswers } from "../../../provision/installer/settings.ts";
import { judgeDisks } from "../../../provision/installer/verdict.ts";
import { account, blankDisk, identities, live, nvme, windowsDisk } from "./disks.ts";

const disks = [
  windowsDisk(100 * 1024),
  nvme({ model: "A maker's very long name of a disk with all its marketing words in it", serial: "S".repeat(40) }),
  blankDisk({ name: "sdb", path: "/dev/sdb", removable: true, transport: "usb" }),
];
const verdicts = judgeDisks(disks, "uefi", { keepWindows: true });
const planned = (install: InstallAnswers) =>
  planInstallation({ answers: { install: { account, ...install } }, disks, system: live(), identities });

Deno.test("disks and plan keep within 80 columns", () => {
  const lines = [
    ...renderDisks(verdicts, 80),
    ...renderInstallPlan(planned({ disk: "/dev/sda", keepWindows: false }), 80),
    ...renderInstallPlan(planned({ disk: "/dev/nvme0n1" }), 80),
  ];
  assertEquals(lines.filter((line) => line.length > 80), []);
});

Deno.test("what is erased, and what stays, is said before anything else", () => {
  const text = (install: InstallAnswers) => renderInstallPlan(planned(install), 80).join("\n");
  const erasing = text({ disk: "/dev/sda", keepWindows: false });
  assertStringIncludes(
    erasing,
    'THIS IS ERASED (all of the disk):\n    /dev/sda1, 100 MiB: boot files (EFI) "EFI system',
  );
  assert(erasing.indexOf("THIS IS ERASED") < erasing.indexOf("This comes:"));
  const beside = text({ disk: "/dev/sda" });
  assertStringIncludes(beside, "  Nothing is erased.\n  This stays:\n    /dev/sda1");
  assertStringIncludes(text({ disk: "/dev/nvme0n1" }), "Nothing is erased: the disk is empty.");
  assertStringIncludes(text({ disk: "/dev/nvme0n1", encrypt: { env: "X" } }), "the system (btrfs), encrypted (LUKS2)");
});

Deno.test("every disk is shown with what is on it, why it cannot be, and the cure", () => {
  const text = renderDisks(verdicts, 80).join("\n");
  assertStringIncludes(text, "/dev/sdb, 500 GiB, DISK (1), USB: not possible");
  assertStringIncludes(text, "Choose a disk that is built in.");
  assertStringIncludes(text, "Windows on /dev/sda is kept");
  assertEquals(renderDisks([], 80), ["No disk was found."]);
});

Deno.test("the document for scripts has all of it, and is JSON", () => {
  const document = JSON.parse(JSON.stringify(installPlanDocument(planned({ disk: "/dev/nvme0n1" }), verdicts)));
  assertEquals([document.schema, document.place, document.partitions[3].path], [
    "neuron.install-plan/1",
    "whole-disk",
    "/dev/nvme0n1p4",
  ]);
  assertEquals(document.disks.map(({ possible }: { possible: string }) => possible), [
    "free-space",
    "whole-disk",
    null,
  ]);
});
