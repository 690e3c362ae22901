/**
 * The questions about Windows: whether it is installed, from where, and who signs in. Language, keyboard and time zone
 * are the host's; an answers file says more. What may not stay in an answers file, the password, is kept apart by
 * whoever asks. Pure.
 */
import { accountNameSchema } from "../../model/answers.ts";
import { absolutePathSchema } from "../../model/text_rules.ts";
import { AppError } from "../../model/errors.ts";
import { accountName } from "../unattend/names.ts";
import { checkPassword } from "../unattend/secrets.ts";
import type { Context, Definition } from "./definition.ts";

/** An answers file that says anything of the VM has said what it wants of Windows too: nothing, where it is silent. */
const isOpen = ({ given }: Context) => given.windows === undefined && given.vm === undefined;
const isWanted = (context: Context) =>
  isOpen(context) && context.replies.windows !== undefined && context.replies.windows !== "later";

const windows: Definition = {
  ask(context) {
    if (!isOpen(context)) return null;
    return {
      id: "windows",
      kind: "choice",
      title: "Install Windows in the VM as well?",
      help: "It is fetched from Microsoft and installed unattended, once this machine is ready for it. You need a " +
        "licence for it, as on any PC; without a key it runs, and reminds you.",
      default: "later",
      choices: [
        { value: "11", label: "Windows 11" },
        { value: "10", label: "Windows 10", hint: "For programs that need it; Microsoft no longer mends it for free." },
        {
          value: "later",
          label: "Not now",
          hint: "Only this machine is made ready. neuron-setup goes on another time.",
        },
      ],
    };
  },
  // The account's answers make it an installation.
  answers: (value) => value === "10" ? { windows: { version: "10" } } : {},
};

const medium: Definition = {
  ask(context) {
    if (!isWanted(context)) return null;
    return {
      id: "medium",
      kind: "choice",
      title: "Where does Windows come from?",
      help: "What is downloaded is checked before it is used.",
      default: "auto",
      choices: [
        { value: "auto", label: "Fetch it from Microsoft", hint: "Some 7 GiB, after the restart." },
        { value: "file", label: "A file that I have", hint: "An ISO file of Windows on this machine." },
      ],
    };
  },
  answers: () => ({}),
};

const iso: Definition = {
  ask(context) {
    if (!isWanted(context) || context.replies.medium !== "file") return null;
    return {
      id: "iso",
      kind: "text",
      title: "Where is the ISO file?",
      help: "Its path on this machine, from / on. QEMU's account must be able to read it there.",
      default: "/var/lib/libvirt/images/windows.iso",
      validate: (text) =>
        absolutePathSchema.safeParse(text).success ? null : `A path is ${absolutePathSchema.description}`,
    };
  },
  answers: (value) => ({ windows: { iso: `${value}` } }),
};

const account: Definition = {
  ask(context) {
    if (!isWanted(context)) return null;
    const validate = (text: string) =>
      accountNameSchema.safeParse(text).success ? problem(() => accountName(text)) : `A name has ${rule}`;
    const person = context.person ?? "";
    return {
      id: "account",
      kind: "text",
      title: "What shall the account in Windows be called?",
      help: "A local account that may administer this Windows. Others can be added there.",
      default: validate(person) === null ? person : "user",
      validate,
    };
  },
  answers: (value) => ({ windows: { account: { name: `${value}` } } }),
};

const rule = accountNameSchema.description;

const password: Definition = {
  ask(context) {
    if (!isWanted(context)) return null;
    return {
      id: "password",
      kind: "secret",
      title: "Its password",
      help: "It is kept in a file that only root can read, and removed when Windows is installed.",
      validate: (text) => problem(() => checkPassword(text, "this line")),
    };
  },
  answers: (_value, context) => ({ windows: { account: { password: { file: context.passwordFile } } } }),
};

const again: Definition = {
  ask(context) {
    if (!isWanted(context)) return null;
    return {
      id: "password-again",
      kind: "secret",
      title: "The password once more",
      help: "Nobody can see what was typed.",
      validate: (text) => text === context.replies.password ? null : "It is not the same; Esc or b goes back",
    };
  },
  answers: () => ({}),
};

function problem(check: () => unknown): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

export const windowsQuestions: readonly Definition[] = [windows, medium, iso, account, password, again];
