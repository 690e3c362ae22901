/** What the tests of the answer medium ask for: answers of a person on a machine, made into a plan. */
import { type Answers, parseAnswers } from "../../../model/answers.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { resolve } from "../../../provision/resolve.ts";
import { mediumContents } from "../../../provision/unattend/contents.ts";
import { planUnattend, type UnattendPlan, type UnattendRequest } from "../../../provision/unattend/plan.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";

const machine = detect(fakeHost(MemoryDisk.from({
  "/proc/meminfo": "MemTotal: 33554432 kB\nMemAvailable: 33554432 kB\n",
})));

export interface Wish {
  readonly windows?: NonNullable<Answers["windows"]>;
  readonly vm?: NonNullable<Answers["vm"]>;
  readonly host?: Partial<UnattendRequest["hostLocale"]>;
  readonly password?: string;
  readonly productKey?: string;
  readonly images?: UnattendRequest["images"];
}

export function planFor(wish: Wish = {}): UnattendPlan {
  const answers = parseAnswers(
    JSON.stringify({
      schema: "neuron.answers/1",
      host: { gpu: "none" },
      vm: wish.vm ?? {},
      windows: { account: { name: "ada", password: { env: "PASSWORD" } }, ...wish.windows },
    }),
    "a test",
  );
  const { vmSpec } = resolve(answers, machine);
  return planUnattend({
    answers,
    vmSpec,
    hostLocale: { timeZone: "Europe/Berlin", keyboard: "de", language: "de-DE", ...wish.host },
    password: wish.password ?? "correct horse",
    productKey: wish.productKey ?? null,
    images: wish.images ?? null,
  });
}

export function textOf(path: string, wish: Wish = {}): string {
  return new TextDecoder().decode(mediumContents(planFor(wish)).get(path));
}
