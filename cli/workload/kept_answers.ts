/**
 * What a setup keeps in the state folder: its answers, which the commands of the plan name and a machine that was
 * restarted goes on with, and the password that was typed, until Windows has it. Only root can read there.
 */
import { resolve } from "node:path";
import type { Answers } from "../../model/answers.ts";
import type { Secret } from "../../model/secret.ts";
import type { Host } from "../../provision/host/host.ts";
import type { Invocation } from "../command.ts";

const answersName = "answers.json";
const passwordName = "windows-password";
const goesOnName = "goes-on";

export function keptAnswersPath({ options }: Invocation): string {
  return `${options.state}/${answersName}`;
}

export function keptPasswordPath({ options }: Invocation): string {
  return `${options.state}/${passwordName}`;
}

export function keepAnswers(host: Host, answers: Answers): void {
  host.state.replace(answersName, new TextEncoder().encode(`${JSON.stringify(withWholePaths(answers), null, 2)}\n`));
}

export function keepPassword(host: Host, password: string): void {
  host.state.replace(passwordName, new TextEncoder().encode(`${password}\n`));
}

export function forgetPassword(host: Host): void {
  host.state.remove(passwordName);
}

/** Whether the machine goes on by itself once the trial boot is proved: a person agreed to all of it before. */
export const goesOn = {
  read: (host: Host) => host.state.read(goesOnName) !== null,
  set: (host: Host) => host.state.replace(goesOnName, new Uint8Array()),
  clear: (host: Host) => host.state.remove(goesOnName),
};

/** A relative path means the folder this run was started in, and no other. */
function withWholePaths(answers: Answers): Answers {
  const { windows } = answers;
  if (windows === undefined) return answers;
  const { account, productKey } = windows;
  const whole = (secret: Secret): Secret => "file" in secret ? { file: resolve(secret.file) } : secret;
  return {
    ...answers,
    windows: {
      ...windows,
      ...(account?.password === undefined ? {} : { account: { ...account, password: whole(account.password) } }),
      ...(productKey === undefined ? {} : { productKey: whole(productKey) }),
    },
  };
}
