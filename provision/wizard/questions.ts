/**
 * What the wizard asks, in this order: data and the rules for when a question is worth asking. Nothing is asked that can
 * be detected, nothing that Neuron cannot do yet, and each default is what resolve() would take by itself. Pure.
 */
import type { Answers } from "../../model/answers.ts";
import type { Detection, Gpu } from "../../model/detection.ts";
import { AppError } from "../../model/errors.ts";
import { nameSchema } from "../../model/text_rules.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { shippedProfiles } from "../profiles.ts";
import { resolve } from "../resolve.ts";
import { resolveGpu } from "../vm/gpu_choice.ts";
import { largestVmMib, offersPageSize } from "../vm/memory.ts";
import { mergeParts } from "../vm/merge.ts";
import { type Choice, type Question, readNumber, type Reply } from "./question.ts";

export interface Context {
  readonly detection: Detection;
  readonly given: Answers;
  /** Given and heard so far. */
  readonly answers: Answers;
  readonly replies: Readonly<Record<string, Reply>>;
}

export interface Definition {
  /** Null: there is nothing to ask. */
  ask(context: Context): Question | null;
  /** The part of the answers file that the reply writes: nothing where it is the default. */
  answers(value: Reply, context: Context): Answers;
}

const MIB_PER_GIB = 1024;

const card: Definition = {
  ask({ detection, given }) {
    if (given.host?.gpu !== undefined || given.vm?.devices?.gpu !== undefined) return null;
    const automatic = cardFor("auto", detection);
    const kept = automatic === null
      ? "No card can be handed over as this machine is now; none is proposed. "
      : "A card is handed over whole: the host does not use it any more, and monitors plugged into it show the VM. ";
    return {
      id: "card",
      kind: "choice",
      title: "Which graphics card shall the VM get?",
      help: `${kept}neuron-setup detect says more about each card and what would make it ready.`,
      default: automatic ?? "none",
      choices: [
        ...detection.gpus.map((gpu) => cardChoice(gpu, detection)),
        {
          value: "none",
          label: "None",
          hint: "The VM gets a virtual display in a window: fine for office, not for games.",
        },
      ],
    };
  },
  answers(value, { detection }) {
    return value === cardFor("auto", detection) ? {} : { host: { gpu: `${value}` } };
  },
};

function cardChoice(gpu: Gpu, detection: Detection): Choice {
  const reason = gpu.reasons[0]?.message ?? "";
  const choice = { value: gpu.address, label: `${gpu.name} (${gpu.address})` };
  if (cardFor(gpu.address, detection) === null) {
    const acs = releasedByAcs(gpu, detection) ? ' "More" below has a last resort.' : "";
    return { ...choice, disabled: `${reason}${acs}` };
  }
  const dark = gpu.role === "boot" ? " The host starts with its picture on this card: that screen goes dark." : "";
  return { ...choice, hint: `${reason}${dark}` };
}

/** Address of the card that resolve() would hand over, or null where it refuses. */
function cardFor(wish: string, detection: Detection, acsOverride = false): string | null {
  try {
    return resolveGpu({ gpu: wish, acsOverride }, {}, detection)?.address ?? null;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

function releasedByAcs(gpu: Gpu, detection: Detection): boolean {
  return gpu.verdict === "shared-group" && cardFor(gpu.address, detection, true) !== null;
}

const profile: Definition = {
  ask(context) {
    if (context.given.vm?.profile !== undefined) return null;
    return {
      id: "profile",
      kind: "choice",
      title: "What is the VM for?",
      help: "It decides the sizes, cut to what this machine has. Everything can be changed later.",
      default: "general",
      choices: shippedProfiles.map(({ name, displayName }) => ({
        value: name,
        label: displayName,
        hint: sizeWords(vmSpecOf(mergeParts(context.answers, { vm: { profile: name } }), context)),
      })),
    };
  },
  answers: (value) => value === "general" ? {} : { vm: { profile: `${value}` } },
};

const name: Definition = {
  ask(context) {
    if (context.given.vm?.name !== undefined) return null;
    return {
      id: "name",
      kind: "text",
      title: "What shall the VM be called?",
      help: `A short name for lists and commands: ${nameSchema.description}.`,
      default: vmSpecOf(context.answers, context).name,
      validate: (text) => nameSchema.safeParse(text).success ? null : `A name is ${nameSchema.description}`,
    };
  },
  answers: (value, context) => value === vmSpecOf(context.answers, context).name ? {} : { vm: { name: `${value}` } },
};

const tuning: Definition = {
  ask(context) {
    const spec = vmSpecOf(context.answers, context);
    return {
      id: "tuning",
      kind: "choice",
      title: "Is this size right?",
      help: "The host keeps a reserve for itself. More is only for those who know why they want it.",
      default: "proposed",
      choices: [
        { value: "proposed", label: "Yes", hint: sizeWords(spec) },
        { value: "adjust", label: "Adjust", hint: "Choose memory and vCPUs." },
        { value: "advanced", label: "More", hint: "Memory, vCPUs, huge pages, isolation." },
      ],
    };
  },
  answers: () => ({}),
};

const isAdjusted = ({ replies }: Context) => replies.tuning === "adjust" || replies.tuning === "advanced";
const isAdvanced = ({ replies }: Context) => replies.tuning === "advanced";

const memory: Definition = {
  ask(context) {
    if (!isAdjusted(context) || context.given.vm?.memory?.mib !== undefined) return null;
    const proposedGib = vmSpecOf(context.answers, context).memory.mib / MIB_PER_GIB;
    const largestGib = (largestVmMib(context.detection.memory) ?? 16 * MIB_PER_GIB * MIB_PER_GIB) / MIB_PER_GIB;
    const smallestGib = Math.min(1, proposedGib);
    return {
      id: "memory",
      kind: "number",
      unit: "GiB",
      title: "How much memory shall the VM have?",
      help: `From ${smallestGib} to ${largestGib} GiB. Windows 11 wants at least 4.`,
      default: proposedGib,
      validate(text) {
        const gib = readNumber(text);
        return gib >= smallestGib && gib <= largestGib ? null : `Write a number from ${smallestGib} to ${largestGib}`;
      },
    };
  },
  answers(value, context) {
    const mib = Math.round(Number(value) * MIB_PER_GIB);
    return mib === vmSpecOf(context.answers, context).memory.mib ? {} : { vm: { memory: { mib } } };
  },
};

const vcpus: Definition = {
  ask(context) {
    const { given, detection } = context;
    const isGiven = given.vm?.cpu?.vcpus ?? given.vm?.cpu?.topology ?? given.vm?.cpu?.pinning;
    if (!isAdjusted(context) || isGiven !== undefined) return null;
    const most = Math.min(512, detection.cpu.threads || 512);
    return {
      id: "vcpus",
      kind: "number",
      unit: "vCPUs",
      title: "How many processors (vCPUs) shall the VM have?",
      help: `From 1 to ${most}; the host keeps some for itself, and says so where it has to cut.`,
      default: vmSpecOf(context.answers, context).cpu.vcpus,
      validate(text) {
        const count = readNumber(text);
        return Number.isInteger(count) && count >= 1 && count <= most ? null : `Write a whole number from 1 to ${most}`;
      },
    };
  },
  answers(value, context) {
    return value === vmSpecOf(context.answers, context).cpu.vcpus ? {} : { vm: { cpu: { vcpus: Number(value) } } };
  },
};

const hugepages: Definition = {
  ask(context) {
    const { given, detection } = context;
    if (!isAdvanced(context) || given.host?.hugepages !== undefined || given.vm?.memory?.hugepages !== undefined) {
      return null;
    }
    const proposed = vmSpecOf(context.answers, context).memory.hugepages;
    const sized = (size: "2M" | "1G"): Choice => ({
      value: size,
      label: `Pages of ${size === "2M" ? "2 MiB" : "1 GiB"}`,
      ...(offersPageSize(detection.memory, size) === false ? { disabled: "This machine does not offer them." } : {}),
    });
    return {
      id: "hugepages",
      kind: "choice",
      title: "Set memory aside in huge pages?",
      help: "The VM runs smoother, but the host cannot use this memory while the VM is off.",
      default: "auto",
      choices: [
        {
          value: "auto",
          label: "As proposed",
          hint: proposed === "none" ? "None here." : `Pages of ${proposed} here.`,
        },
        { value: "none", label: "None", hint: "The host and the VM share the memory." },
        sized("2M"),
        sized("1G"),
      ],
    };
  },
  answers(value) {
    return value === "none" || value === "2M" || value === "1G" ? { host: { hugepages: value } } : {};
  },
};

const isolate: Definition = {
  ask(context) {
    if (!isAdvanced(context) || context.given.host?.isolateCpus !== undefined) return null;
    const { pinning } = vmSpecOf(context.answers, context).cpu;
    if (!Array.isArray(pinning)) return null;
    return {
      id: "isolate",
      kind: "confirm",
      title: "Keep the host off the VM's processors?",
      help: `CPUs ${
        pinning.join(", ")
      } would do nothing else, also while the VM is off. Helps against stutter in games.`,
      default: false,
    };
  },
  answers: (value) => value === true ? { host: { isolateCpus: true } } : {},
};

const acs: Definition = {
  ask(context) {
    const { given, detection } = context;
    if (!isAdvanced(context) || given.host?.acsOverride !== undefined || given.host?.gpu !== undefined) return null;
    const released = detection.gpus.filter((gpu) => releasedByAcs(gpu, detection));
    if (released.length === 0 || given.vm?.devices?.gpu !== undefined) return null;
    return {
      id: "acs",
      kind: "choice",
      title: "Hand over a card that the hardware does not isolate?",
      help:
        "Last resort. The ACS override makes the kernel claim an isolation that the hardware does not promise, for " +
        "every device: a hostile program in the VM could then read and change the memory of the host. It works only " +
        "with a kernel that has this patch; Debian's has not.",
      default: "no",
      choices: [
        { value: "no", label: "No", hint: "Another slot is the better cure." },
        ...released.map((gpu) => ({
          value: gpu.address,
          label: `Yes, override ACS for ${gpu.name} (${gpu.address})`,
          hint: gpu.reasons[0]?.message ?? "",
        })),
      ],
    };
  },
  answers: (value) => value === "no" ? {} : { host: { gpu: `${value}`, acsOverride: true } },
};

export const questions: readonly Definition[] = [
  card,
  profile,
  name,
  tuning,
  memory,
  vcpus,
  hugepages,
  isolate,
  acs,
];

function vmSpecOf(answers: Answers, { detection }: Context): VmSpec {
  return resolve(answers, detection).vmSpec;
}

function sizeWords({ cpu, memory, disks }: VmSpec): string {
  const cpus = cpu.vcpus === 1 ? "1 vCPU" : `${cpu.vcpus} vCPUs`;
  const disk = disks.map(({ sizeGib }) => `${sizeGib} GiB`).join(" and ");
  return `${cpus}, ${Number((memory.mib / MIB_PER_GIB).toFixed(2))} GiB of memory, ${disk} of disk`;
}
