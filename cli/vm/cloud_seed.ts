/** `vm cloud-seed`: the volume by which a cloud image becomes the machine that is wanted. */
import { createHash } from "node:crypto";
import { resolve as resolvePath } from "node:path";
import type { Answers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import { seedFiles, seedInput } from "../../provision/cloud_seed/seed.ts";
import type { Host } from "../../provision/host/host.ts";
import { passwordHash } from "../../provision/password_hash.ts";
import { makeMedium } from "../../provision/unattend/make_medium.ts";
import { checkPassword } from "../../provision/unattend/secrets.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { openMachine, readAnswersOrLast, refuseWords } from "../machine.ts";
import { readSecret, whereSecretIs } from "../secrets.ts";
import { textFlag } from "./words.ts";

/** The label cloud-init's NoCloud looks for. */
const label = "CIDATA";
/** With these the file says who signs in and how. */
const secretFiles = ["user-data"];

export async function run(invocation: Invocation): Promise<ExitCode> {
  refuseWords("vm cloud-seed", invocation);
  const out = textFlag(invocation, "out");
  if (out === undefined || out === "") {
    throw new AppError("usage", "vm cloud-seed needs --out FILE", {
      hint: "Write neuron-setup vm cloud-seed --answers answers.json --out /root/seed.iso",
    });
  }
  const host = openMachine(invocation);
  const answers = readAnswersOrLast(host, invocation);
  const path = resolvePath(out);
  // On a copy nothing is made, so no secret is read: they belong to another machine.
  const hash = host.live ? await hashOf(host, answers) : answers.linux?.account?.password === undefined ? null : "";
  const input = seedInput(answers, answers.vm?.name ?? "linux", hash);
  const files = seedFiles(input);
  if (host.live) await makeMedium(host, files, path, { label, what: "the seed of the cloud image" });
  else await record(host, invocation, path);
  report(invocation, host, path, input.hostname, input.account, files);
  return 0;
}

async function hashOf(host: Host, { linux }: Answers): Promise<string | null> {
  const password = linux?.account?.password;
  if (password === undefined) return null;
  const text = readSecret(password, "linux.account.password");
  return await passwordHash(host, checkPassword(text, whereSecretIs(password)), "cloud_seed");
}

async function record(host: Host, { flags }: Invocation, path: string): Promise<void> {
  const answers = typeof flags.answers === "string" ? ["--answers", resolvePath(flags.answers)] : [];
  await host.run({
    argv: ["neuron-setup", "vm", "cloud-seed", ...answers, "--out", path],
    step: "cloud_seed",
    reason: "a seed is made on the machine itself, where its secrets are",
  });
}

function report(
  { options, terminal }: Invocation,
  host: Host,
  path: string,
  hostname: string,
  account: string,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  if (options.json) {
    const listed = [...files].map(([name, bytes]) => ({
      path: name,
      sizeBytes: bytes.length,
      // Even a digest would let somebody try passwords.
      sha256: secretFiles.includes(name) ? null : createHash("sha256").update(bytes).digest("hex"),
    }));
    terminal.print(JSON.stringify({ path, made: host.live, label, hostname, account, files: listed }, null, 2));
    return;
  }
  if (options.quiet) return;
  if (!host.live) {
    terminal.note(`Not run but recorded in ${options.state}/commands.jsonl: vm cloud-seed`);
    return;
  }
  terminal.print(`Made ${path}`);
  terminal.print(`  ${label}: ${hostname}, account ${account}, qemu-guest-agent`);
  terminal.note("Put it into a CD drive of a VM whose disk is a cloud image; it is read at the first start.");
}
