/** `vm answer-medium`: the medium that answers Windows Setup, to make and to look at. */
import { createHash } from "node:crypto";
import { resolve as resolvePath } from "node:path";
import type { Answers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import { detect } from "../../provision/hardware/detect.ts";
import type { Host } from "../../provision/host/host.ts";
import { readProfiles } from "../../provision/profile_store.ts";
import { resolve } from "../../provision/resolve.ts";
import { mediumContents, type MediumFiles } from "../../provision/unattend/contents.ts";
import { withExtraFiles } from "../../provision/unattend/extra_files.ts";
import { readHostLocale } from "../../provision/unattend/host_locale.ts";
import { makeMedium, mediumLabel } from "../../provision/unattend/make_medium.ts";
import { planUnattend, type UnattendPlan } from "../../provision/unattend/plan.ts";
import { readWim } from "../../provision/unattend/read_wim.ts";
import { checkPassword, checkProductKey } from "../../provision/unattend/secrets.ts";
import { templateOverrides } from "../../provision/vm/template_overrides.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { openMachine, readWish, refuseWords } from "../machine.ts";
import { readSecret, whereSecretIs } from "../secrets.ts";
import { textFlag } from "./words.ts";

export async function run(invocation: Invocation): Promise<ExitCode> {
  refuseWords("vm answer-medium", invocation);
  const out = outFile(invocation);
  const host = openMachine(invocation);
  const { plan, files } = await planMedium(host, readWish(host, invocation).answers, {
    wim: textFlag(invocation, "wim"),
    extra: textFlag(invocation, "extra"),
  });
  if (host.live) await makeMedium(host, files, out);
  else await record(host, invocation, out);
  report(invocation, host, { out, plan, files });
  return 0;
}

export interface MediumExtras {
  /** install.wim of the Windows medium, to look its editions up in. */
  readonly wim?: string | undefined;
  /** A folder whose files go along. */
  readonly extra?: string | undefined;
}

/** What the medium of these answers holds, and how that was decided. Its bytes hold the account's password. */
export async function planMedium(
  host: Host,
  answers: Answers,
  { wim, extra }: MediumExtras = {},
): Promise<{ readonly plan: UnattendPlan; readonly files: MediumFiles }> {
  const plan = await planOf(host, answers, wim);
  const contents = mediumContents(plan, templateOverrides(host));
  return { plan, files: extra === undefined ? contents : withExtraFiles(contents, host, resolvePath(extra)) };
}

function outFile(invocation: Invocation): string {
  const out = textFlag(invocation, "out");
  if (out !== undefined && out !== "") return resolvePath(out);
  throw new AppError("usage", "vm answer-medium needs --out FILE", {
    hint: "Write neuron-setup vm answer-medium --answers answers.json --out /root/answers.iso",
  });
}

async function planOf(host: Host, answers: Answers, wim: string | undefined): Promise<UnattendPlan> {
  const { vmSpec } = resolve(answers, detect(host), readProfiles(host));
  return planUnattend({
    answers,
    vmSpec,
    hostLocale: readHostLocale(host),
    ...secretsOf(host, answers),
    images: wim === undefined || !host.live ? null : await readWim(host, resolvePath(wim)),
  });
}

/** On a copy nothing is made, so no secret is read: they belong to another machine. */
function secretsOf(host: Host, { windows }: Answers): { password: string; productKey: string | null } {
  const password = windows?.account?.password;
  if (password === undefined) {
    throw new AppError("answer-missing", "windows.account.password is missing: the new Windows' account needs one", {
      hint: '"windows": { "account": { "name": "ada", "password": { "file": "/root/ada.password" } } }',
    });
  }
  if (!host.live) return { password: "not read", productKey: null };
  const key = windows?.productKey;
  return {
    password: checkPassword(readSecret(password, "windows.account.password"), whereSecretIs(password)),
    productKey: key === undefined ? null : checkProductKey(readSecret(key, "windows.productKey"), whereSecretIs(key)),
  };
}

async function record(host: Host, { flags }: Invocation, out: string): Promise<void> {
  const given = ["answers", "wim", "extra"].flatMap((name) =>
    typeof flags[name] === "string" ? [`--${name}`, resolvePath(flags[name])] : []
  );
  await host.run({
    argv: ["neuron-setup", "vm", "answer-medium", ...given, "--out", out],
    step: "answer_medium",
    reason: "a medium is made on the machine itself, where its secrets are",
  });
}

interface Made {
  readonly out: string;
  readonly plan: UnattendPlan;
  readonly files: MediumFiles;
}

function report({ options, terminal }: Invocation, host: Host, { out, plan, files }: Made): void {
  const { input, settings, title, notes } = plan;
  if (options.json) {
    terminal.print(JSON.stringify(
      {
        path: out,
        made: host.live,
        label: mediumLabel,
        windows: {
          title,
          image: input.image,
          language: input.language,
          timeZone: input.timeZone,
          computerName: input.computerName,
          account: input.account.name,
        },
        settings,
        // The answer file holds the password: even its digest would let somebody try passwords.
        files: [...files].map(([path, bytes]) => ({
          path,
          sizeBytes: bytes.length,
          sha256: path === "Autounattend.xml" ? null : createHash("sha256").update(bytes).digest("hex"),
        })),
        notes,
      },
      null,
      2,
    ));
    return;
  }
  if (options.quiet) return;
  for (const note of notes) terminal.note(`${note.severity}: ${note.title}`);
  if (!host.live) {
    terminal.note(`Not run but recorded in ${options.state}/commands.jsonl: vm answer-medium`);
    return;
  }
  terminal.print(`Made ${out}`);
  terminal.print(`  ${title}, ${input.language.ui}, keyboard ${input.language.input}, ${input.timeZone}`);
  terminal.print(`  computer ${input.computerName}, account ${input.account.name}`);
  for (const [path, bytes] of files) terminal.print(`  ${path} (${bytes.length} bytes)`);
  terminal.note("It holds the account's password in readable form: remove it when Windows is installed.");
}
