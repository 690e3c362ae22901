import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseAnswers } from "../../../model/answers.ts";
import type { Detection } from "../../../model/detection.ts";
import { AppError } from "../../../model/errors.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { openHost } from "../../../provision/host/open.ts";
import { resolve } from "../../../provision/resolve.ts";
import { answersOf, back, hear, nextQuestion, passwordOf, type Situation } from "../../../provision/wizard.ts";
import {
  problemOf,
  proposalOf as proposed,
  type Question,
  readNumber,
  type Reply,
} from "../../../provision/wizard/question.ts";
import { hostNames, withHost } from "../../fixtures/hosts.ts";

const looked = new Map<string, Promise<Detection>>();
function machine(name: string): Promise<Detection> {
  const seen = looked.get(name) ?? withHost(name, (root) => detect(openHost({ root, state: `${root}/state` })));
  looked.set(name, seen);
  return seen;
}

const begin = (detection: Detection): Situation => ({ detection, given: {}, heard: [] });

/** A secret has no proposal: one that is accepted. */
const proposalOf = (question: Question): Reply => proposed(question) ?? "correct horse";

/** Replies for some questions by id, defaults for the others, to the end. */
function through(situation: Situation, replies: Record<string, Reply> = {}): { end: Situation; asked: string[] } {
  const asked: string[] = [];
  for (let question = nextQuestion(situation); question !== null; question = nextQuestion(situation)) {
    asked.push(question.id);
    situation = hear(situation, question.id, replies[question.id] ?? proposalOf(question));
  }
  return { end: situation, asked };
}

function ask(situation: Situation, id: string, replies: Record<string, Reply> = {}): Question {
  for (let question = nextQuestion(situation); question !== null; question = nextQuestion(situation)) {
    if (question.id === id) return question;
    situation = hear(situation, question.id, replies[question.id] ?? proposalOf(question));
  }
  throw new Error(`"${id}" was not asked`);
}

/** Any reply a face could bring, picked by a number. */
function replyBy(question: Question, pick: number): Reply {
  switch (question.kind) {
    case "choice": {
      const open = question.choices.filter((one) => one.disabled === undefined);
      return open[pick % open.length]!.value;
    }
    case "confirm":
      return pick % 2 === 0;
    case "text": {
      const accepted = ["vm", "a.b-c_d", `n${pick}`, "/srv/windows.iso"].filter((one) =>
        question.validate(one) === null
      );
      return [...accepted, question.default][pick % (accepted.length + 1)]!;
    }
    case "secret":
      return "correct horse";
    case "number":
      return [0.125, 1, 1.5, 2, 3, 4.7, 7, 16, 24, 512].filter((one) => problemOf(question, one) === null)
        .concat(question.default)[pick % 3] ?? question.default;
    case "typed":
      throw new Error(`the wizard asks for what it cannot propose: ${question.id}`);
  }
}

Deno.test("taking every default writes nothing into the answers, but for none where no card is ready", async () => {
  for (const name of hostNames()) {
    const { end, asked } = through(begin(await machine(name)));
    assertEquals(asked, ["card", "profile", "name", "tuning", "windows"], name);
    const { schema, ...rest } = answersOf(end);
    assertEquals(schema, "neuron.answers/1");
    const choice = proposalOf(ask(begin(end.detection), "card"));
    assertEquals(rest, choice === "none" ? { host: { gpu: "none" } } : {}, name);
  }
});

Deno.test("any replies on any machine end, and give answers that parse and resolve", async () => {
  for (const name of hostNames()) {
    const detection = await machine(name);
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 18, maxLength: 18 }), (picks) => {
        let situation = begin(detection);
        for (const pick of picks) {
          const question = nextQuestion(situation);
          if (question === null) break;
          assertEquals(problemOf(question, proposalOf(question)), null, `the default of ${question.id}`);
          const after = hear(situation, question.id, replyBy(question, pick));
          assertEquals(JSON.stringify(nextQuestion(back(after))), JSON.stringify(question), "back asks the same again");
          situation = after;
        }
        assertEquals(nextQuestion(situation), null, "eighteen questions are more than there are");
        const answers = answersOf(situation);
        assertEquals(parseAnswers(JSON.stringify(answers), "the wizard"), answers);
        resolve(answers, detection);
      }),
      { numRuns: 25 },
    );
  }
});

Deno.test("every card is listed, and one that cannot be handed over says why and cannot be chosen", async () => {
  for (const name of hostNames()) {
    const detection = await machine(name);
    const question = ask(begin(detection), "card");
    assert(question.kind === "choice");
    assertEquals(question.choices.map((one) => one.value), [...detection.gpus.map((gpu) => gpu.address), "none"]);
    for (const { value, disabled } of question.choices) {
      if (disabled === undefined) continue;
      assertStringIncludes(disabled, detection.gpus.find((gpu) => gpu.address === value)!.reasons[0]!.message);
      const error = assertThrows(() => hear(begin(detection), "card", value), AppError);
      assertEquals(error.code, "answer-invalid");
    }
  }
});

Deno.test("the only card may be lent out, never by default, and the choice says what happens to the screen", async () => {
  const detection = await machine("single-gpu");
  const question = ask(begin(detection), "card");
  assert(question.kind === "choice");
  assertEquals(question.default, "none");
  const [lent] = question.choices;
  assertEquals([lent?.value, lent?.disabled], ["0000:01:00.0", undefined]);
  assertStringIncludes(lent?.hint ?? "", "the desktop closes");
  const { end } = through(begin(detection), { card: "0000:01:00.0" });
  const answers = answersOf(end);
  assertEquals(answers.host, { gpu: "0000:01:00.0", gpuHandover: true });
  assertEquals(resolve(answers, detection).hostSpec.gpuHandover, true);
});

Deno.test("memory, vCPUs and what only experts change are asked only when wanted", async () => {
  const detection = await machine("intel-z370-gt1030");
  assertEquals(through(begin(detection), { tuning: "adjust" }).asked.slice(4), [
    "memory",
    "vcpus",
    "windows",
  ]);
  const { end } = through(begin(detection), {
    tuning: "advanced",
    memory: 4.5,
    vcpus: 2,
    hugepages: "2M",
    name: "box",
  });
  const { vm, host } = answersOf(end);
  assertEquals(vm, { name: "box", memory: { mib: 4608 }, cpu: { vcpus: 2 } });
  assertEquals(host, { hugepages: "2M" });
});

Deno.test("the ACS override is offered only where a card needs it, is no by default, and says what it weakens", async () => {
  const released: string[] = [];
  for (const name of hostNames()) {
    const detection = await machine(name);
    const { end, asked } = through(begin(detection), { tuning: "advanced" });
    assertEquals(answersOf(end).host?.acsOverride, undefined, name);
    const isShared = detection.gpus.some((gpu) => gpu.verdict === "shared-group");
    assert(isShared || !asked.includes("acs"), name);
    if (!asked.includes("acs")) continue;
    released.push(name);
    const question = ask(begin(detection), "acs", { tuning: "advanced" });
    assert(question.kind === "choice");
    assertStringIncludes(question.help, "does not promise");
    const address = question.choices[1]!.value;
    const yes = through(begin(detection), { tuning: "advanced", acs: address }).end;
    assertEquals(answersOf(yes).host, { gpu: address, acsOverride: true });
    assertEquals(resolve(answersOf(yes), detection).hostSpec.gpu?.address, address);
  }
  assertNotEquals(released, []);
});

Deno.test("what an answers file says is not asked and stays", async () => {
  const given = {
    host: { gpu: "none", hugepages: "none", isolateCpus: false, acsOverride: false },
    vm: { name: "box", profile: "gaming", memory: { mib: 4096 }, cpu: { vcpus: 2 } },
  } as const;
  const { end, asked } = through({ ...begin(await machine("intel-z370-gt1030")), given });
  assertEquals(asked, []);
  assertEquals(answersOf(end), { schema: "neuron.answers/1", ...given });
});

Deno.test("Windows is no proposal; whoever wants it names an account, and the password stays out of the answers", async () => {
  const detection = await machine("intel-z370-gt1030");
  const situation = { ...begin(detection), person: "ada", passwordFile: "/state/windows-password" };
  assertEquals(ask(situation, "account", { windows: "11" }).kind, "text");
  const { end, asked } = through(situation, { windows: "10", medium: "file", iso: "/srv/windows.iso" });
  assertEquals(asked.slice(4), ["windows", "medium", "iso", "account", "password", "password-again"]);
  assertEquals(answersOf(end).windows, {
    version: "10",
    iso: "/srv/windows.iso",
    account: { name: "ada", password: { file: "/state/windows-password" } },
  });
  assertEquals(passwordOf(end), "correct horse");
  const again = ask(situation, "password-again", { windows: "11" });
  assertEquals(problemOf(again, "correct hose"), "It is not the same; Esc or b goes back");
  const wrong = assertThrows(() => hear(back(end), "password-again", "s3cret"), AppError);
  assert(!wrong.message.includes("s3cret"), wrong.message);
  const admin = ask({ ...situation, person: "Administrator" }, "account", { windows: "11" });
  assertEquals(proposalOf(admin), "user", "a name that Windows keeps for itself is not proposed");
});

Deno.test("a reply to another question than the one that is due is refused", async () => {
  const situation = begin(await machine("intel-z370-gt1030"));
  assertThrows(() => hear(situation, "name", "box"), AppError, '"card" comes first');
});

Deno.test("numbers are read as people write them, and nothing else is", () => {
  assertEquals(["4", " 4,5 ", "0.5"].map(readNumber), [4, 4.5, 0.5]);
  for (const text of ["", "-1", "1e3", "0x10", "four", "1.", "∞", "4 GiB"]) {
    assert(Number.isNaN(readNumber(text)), text);
  }
});
