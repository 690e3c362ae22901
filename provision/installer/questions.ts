/**
 * What the installer asks, in this order: data, like the wizard's questions. Secrets stay in the replies; the answers
 * only say that they were heard. Pure.
 */
import type { Secret } from "../../model/secret.ts";
import type { Choice } from "../wizard/question.ts";
import { contentWords, diskWords, hasWindows, isBlank } from "./contents.ts";
import { stablePath } from "./disk.ts";
import { type Asks, type Context, secretTwice, text, typed } from "./question_makers.ts";
import {
  accountProblem,
  hostnameProblem,
  installDefaults,
  ipFamily,
  keyboardProblem,
  timeZoneProblem,
} from "./settings.ts";
import { type DiskVerdict, type Firmware, judgeDisks } from "./verdict.ts";

/** Stands in the answers for a secret that was heard. */
export const heardSecret: Secret = { env: "NEURON_HEARD" };

const giveUp = "windows:";

const disk: Asks = {
  ask({ disks, firmware, given }) {
    if (given.install?.disk !== undefined) return null;
    const keepWindows = given.install?.keepWindows ?? true;
    const verdicts = judgeDisks(disks, firmware, { keepWindows });
    const choices = verdicts.flatMap((verdict) => diskChoices(verdict, firmware));
    const possible = choices.filter(({ disabled }) => disabled === undefined);
    const blank = verdicts.find(({ disk, place }) => place !== null && isBlank(disk) && disk.transport !== "usb");
    const first = possible.find(({ value }) => value === blank?.disk.path) ?? possible[0];
    // The plan's own refusal says it better than a question without an answer.
    if (first === undefined) return null;
    return {
      id: "disk",
      kind: "choice",
      title: "Which disk shall Neuron be installed to?",
      help: "Nothing is written before you have seen the plan and typed the disk's name.",
      default: first.value,
      choices,
    };
  },
  answers(value, { disks }) {
    const path = `${value}`.replace(giveUp, "");
    const chosen = disks.find((one) => one.path === path);
    const gives = `${value}`.startsWith(giveUp);
    return {
      install: { disk: chosen === undefined ? path : stablePath(chosen), ...(gives ? { keepWindows: false } : {}) },
    };
  },
};

function diskChoices({ disk, place, findings }: DiskVerdict, firmware: Firmware): Choice[] {
  const contents = contentWords(disk).join("; ");
  const says = findings.map(({ title }) => title).join(". ");
  const hint = place?.kind === "whole-disk" && contents !== ""
    ? `Everything on it is erased: ${contents}`
    : says || "It is empty.";
  const itself: Choice = {
    value: disk.path,
    label: diskWords(disk),
    hint,
    ...(place === null ? { disabled: says } : {}),
  };
  if (!hasWindows(disk)) return [itself];
  const [given] = judgeDisks([disk], firmware, { disk: disk.path, keepWindows: false });
  if (given?.place?.kind !== "whole-disk") return [itself];
  return [itself, {
    value: `${giveUp}${disk.path}`,
    label: `${disk.path}, and give up the Windows on it`,
    hint: `Everything on it is erased: ${contents}`,
  }];
}

const encrypt: Asks = {
  ask({ given }) {
    if (given.install?.encrypt !== undefined) return null;
    return {
      id: "encrypt",
      kind: "confirm",
      title: "Encrypt the system?",
      help: "Each start then asks for a passphrase at the machine itself: it does not come up alone.",
      default: false,
    };
  },
  answers: (value) => value === true ? { install: { encrypt: heardSecret } } : {},
};

const passphrase = secretTwice("passphrase", "Passphrase of the disk", ({ replies }) => replies.encrypt === true, 8);

const hostname = text("hostname", "What shall the machine be called?", {
  given: ({ given }) => given.install?.hostname ?? given.management?.hostname,
  help: "Its name in the network.",
  default: installDefaults.hostname,
  problem: hostnameProblem,
  answers: (value) => ({ install: { hostname: value } }),
});

const account = text("account", "Your account's name?", {
  given: ({ given }) => given.install?.account?.name,
  help: "You sign in with it, and become root with sudo.",
  default: "neuron",
  problem: accountProblem,
  answers: (value) => ({ install: { account: { name: value } } }),
});

const password = secretTwice(
  "password",
  "Password of the account",
  ({ given }) => given.install?.account?.password === undefined,
  1,
  // A list of answers is merged part by part: the name that was heard, or given, stays.
  { install: { account: { password: heardSecret } } },
);

const locale = text("locale", "Language and formats?", {
  given: ({ given }) => given.install?.locale,
  help: "A locale such as de_DE.UTF-8 or en_US.UTF-8. C.UTF-8 is English, with dates as computers write them.",
  default: installDefaults.locale,
  problem: (value) => /^[A-Za-z0-9_@-]+\.UTF-8(@\w+)?$/.test(value) ? null : "A locale is a name such as de_DE.UTF-8",
  answers: (value) => ({ install: { locale: value } }),
});

const keyboard = text("keyboard", "Keyboard?", {
  given: ({ given }) => given.install?.keyboard,
  help: "A layout such as us, gb, de, fr; or layout:variant, such as de:nodeadkeys.",
  default: installDefaults.keyboard,
  problem: keyboardProblem,
  answers: (value) => ({ install: { keyboard: value } }),
});

const timeZone = text("time-zone", "Time zone?", {
  given: ({ given }) => given.install?.timeZone,
  help: "A name such as Europe/Berlin or America/New_York.",
  default: installDefaults.timeZone,
  problem: (value, { knowsTimeZone }) =>
    timeZoneProblem(value) ?? (knowsTimeZone(value) ? null : `There is no time zone "${value}"`),
  answers: (value) => ({ install: { timeZone: value } }),
});

const network: Asks = {
  ask({ given }) {
    if (given.install?.network !== undefined) return null;
    return {
      id: "network",
      kind: "choice",
      title: "How does the machine get its address?",
      help: "A cable is enough with most routers.",
      default: "dhcp",
      choices: [
        { value: "dhcp", label: "From the network (DHCP)" },
        { value: "static", label: "A fixed one", hint: "You are asked for address, gateway and name server." },
      ],
    };
  },
  answers: (value) => value === "static" ? { install: { network: { mode: "static" } } } : {},
};

const isStatic = ({ replies }: Context) => replies.network === "static";

const address = typed("address", "Its address, with prefix?", isStatic, "Such as 192.168.1.10/24.", (value) => {
  const [ip = "", prefix = ""] = value.split("/");
  const family = ipFamily(ip);
  const most = family === 6 ? 128 : 32;
  return family !== null && /^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= most
    ? null
    : "Write an address with prefix, such as 192.168.1.10/24";
}, (value) => ({ install: { network: { address: value } } }));

const ipProblem = (value: string) => ipFamily(value) === null ? "Write an address such as 192.168.1.1" : null;

const gateway = typed("gateway", "The router's address?", isStatic, "Such as 192.168.1.1.", ipProblem, (value) => ({
  install: { network: { gateway: value } },
}));

const nameServer = typed(
  "name-server",
  "The name server's address?",
  isStatic,
  "Often the router's.",
  ipProblem,
  (value) => ({
    install: { network: { nameServers: [value] } },
  }),
);

export const installQuestions: readonly Asks[] = [
  disk,
  encrypt,
  ...passphrase,
  hostname,
  account,
  ...password,
  locale,
  keyboard,
  timeZone,
  network,
  address,
  gateway,
  nameServer,
];
