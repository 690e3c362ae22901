import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseAnswers } from "../../../model/answers.ts";
import { planInstallation } from "../../../provision/installer/plan.ts";
import { heardSecret, installQuestions } from "../../../provision/installer/questions.ts";
import { problemOf, proposalOf, type Question, type Reply } from "../../../provision/wizard/question.ts";
import { type Heard, tellStory } from "../../../provision/wizard/story.ts";
import { blankDisk, GIB, gpt, identities, live, nvme, part, windowsDisk } from "./disks.ts";

const facts = (disks = [blankDisk()]) => ({
  disks,
  firmware: "uefi" as const,
  knowsTimeZone: (name: string) => name !== "No/Where",
});

/** Replies for some questions, proposals for the others. */
function through(given = {}, replies: Record<string, Reply> = {}, about = facts()) {
  let heard: readonly Heard[] = [];
  const asked: Question[] = [];
  while (true) {
    const { question, answers, replies: all } = tellStory(installQuestions, about, given, heard);
    if (question === null) return { asked, answers, replies: all };
    asked.push(question);
    const proposal = proposalOf(question);
    if (proposal !== null) assertEquals(problemOf(question, proposal), null, `the default of ${question.id}`);
    const reply = replies[question.id] ?? proposal;
    assert(reply !== null, `${question.id} has no proposal`);
    heard = [...heard, { id: question.id, value: reply }];
  }
}

const secret = { "password": "geheim", "password-again": "geheim" };

Deno.test("Enter all the way needs nothing but a password, and the answers make a plan", () => {
  const { asked, answers, replies } = through({}, secret);
  assertEquals(asked.map(({ id }) => id), [
    ...[
      "disk",
      "encrypt",
      "hostname",
      "account",
      "password",
      "password-again",
      "locale",
      "keyboard",
      "time-zone",
      "network",
    ],
  ]);
  assertEquals(answers.install?.disk, "/dev/disk/by-id/ata-DISK_1");
  assertEquals(answers.install?.account, { name: "neuron", password: heardSecret });
  assertEquals(JSON.stringify(answers).includes("geheim"), false);
  assertEquals(replies.password, "geheim");
  parseAnswers(JSON.stringify(answers), "what was heard");
  assertEquals(planInstallation({ answers, disks: [blankDisk()], system: live(), identities }).disk.name, "sda");
});

Deno.test("what the answers file says is not asked", () => {
  const install = {
    disk: "/dev/sda",
    encrypt: { file: "k" },
    hostname: "a",
    account: { name: "ada", password: { file: "p" } },
    locale: "C.UTF-8",
    keyboard: "de",
    timeZone: "Etc/UTC",
    network: { mode: "dhcp" },
  } as const;
  assertEquals(through({ install }).asked, []);
  const { asked, answers } = through({ install: { ...install, account: { name: "ada" } } }, secret);
  assertEquals(asked.map(({ id }) => id), ["password", "password-again"]);
  assertEquals(answers.install?.account, { name: "ada", password: heardSecret });
});

Deno.test("a blank disk is proposed before one that holds something; what cannot be is shown with the reason", () => {
  const linux = blankDisk({ table: gpt(500 * GIB), partitions: [part(1, 1, 1024, { fileSystem: "ext4" })] });
  const stick = blankDisk({ name: "sdb", path: "/dev/sdb", removable: true });
  const question = through({}, secret, facts([linux, stick, nvme()])).asked[0]!;
  assert(question.kind === "choice");
  assertEquals(question.default, "/dev/nvme0n1");
  assertStringIncludes(question.choices[0]!.hint!, "Everything on it is erased: /dev/sda1");
  assertStringIncludes(question.choices[1]!.disabled!, "removable");
});

Deno.test("a Windows is given up only by a choice of its own, which is never proposed", () => {
  const disks = [windowsDisk(0), nvme()];
  const question = through({}, secret, facts(disks)).asked[0]!;
  assert(question.kind === "choice");
  assertEquals(question.choices.map(({ value, disabled }) => [value, disabled === undefined]), [
    ["/dev/sda", false],
    ["windows:/dev/sda", true],
    ["/dev/nvme0n1", true],
  ]);
  const { answers } = through({}, { ...secret, disk: "windows:/dev/sda" }, facts(disks));
  assertEquals([answers.install?.disk, answers.install?.keepWindows], ["/dev/disk/by-id/ata-DISK_1", false]);
  assertEquals(planInstallation({ answers, disks, system: live(), identities }).erased.length, 4);
});

Deno.test("a fixed address is asked for in three parts; a passphrase and a password twice", () => {
  const { asked, answers } = through({}, {
    ...secret,
    "encrypt": true,
    "passphrase": "long enough",
    "passphrase-again": "long enough",
    "network": "static",
    "address": "10.0.0.5/8",
    "gateway": "10.0.0.1",
    "name-server": "10.0.0.1",
  });
  assertEquals(asked.slice(-3).map(({ id }) => id), ["address", "gateway", "name-server"]);
  assertEquals(answers.install?.network, {
    mode: "static",
    address: "10.0.0.5/8",
    gateway: "10.0.0.1",
    nameServers: ["10.0.0.1"],
  });
  assertEquals(answers.install?.encrypt, heardSecret);
  const problem = (id: string, value: Reply) => problemOf(asked.find((one) => one.id === id)!, value);
  assert(problem("passphrase", "short") !== null);
  assert(problem("passphrase-again", "long enougH") !== null);
  assert(problem("password", "two\nlines") !== null);
  assert(problem("address", "10.0.0.5") !== null);
  assert(problem("account", "Ada") !== null);
  assert(problem("time-zone", "No/Where") !== null);
  assert(problem("keyboard", "Deutsch") !== null);
});
