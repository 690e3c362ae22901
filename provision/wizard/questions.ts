/**
 * What the wizard asks, in this order: data and the rules for when a question is worth asking. Nothing is asked that can
 * be detected, nothing that Neuron cannot do yet, and each default is what resolve() would take by itself. Pure.
 */
import { nameSchema } from "../../model/text_rules.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { largestVmMib, offersPageSize } from "../vm/memory.ts";
import { mergeParts } from "../vm/merge.ts";
import { acs, card } from "./card.ts";
import { type Context, type Definition, isAdjusted, isAdvanced, vmSpecOf } from "./definition.ts";
import { type Choice, readNumber } from "./question.ts";
import { windowsQuestions } from "./windows.ts";

const MIB_PER_GIB = 1024;

const profile: Definition = {
  ask(context) {
    if (context.given.vm?.profile !== undefined) return null;
    return {
      id: "profile",
      kind: "choice",
      title: "What is the VM for?",
      help: "It decides the sizes, cut to what this machine has. Everything can be changed later.",
      default: "general",
      choices: context.profiles.map(({ name, displayName }) => ({
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
    if (context.given.vm?.memory?.mib !== undefined && areVcpusGiven(context)) return null;
    const spec = vmSpecOf(context.answers, context);
    return {
      id: "tuning",
      kind: "choice",
      title: "Is this size right?",
      help: "The host keeps a reserve for itself. More is only for those who know why they want it.",
      default: "proposed",
      choices: [
        { value: "proposed", label: "Yes, as proposed", hint: sizeWords(spec) },
        { value: "adjust", label: "Adjust", hint: "Choose memory and vCPUs." },
        { value: "advanced", label: "More", hint: "Memory, vCPUs, huge pages, isolation." },
      ],
    };
  },
  answers: () => ({}),
};

function areVcpusGiven({ given }: Context): boolean {
  const { vcpus, topology, pinning } = given.vm?.cpu ?? {};
  return vcpus !== undefined || topology !== undefined || pinning !== undefined;
}

const memory: Definition = {
  ask(context) {
    if (!isAdjusted(context) || context.given.vm?.memory?.mib !== undefined) return null;
    const proposedGib = vmSpecOf(context.answers, context).memory.mib / MIB_PER_GIB;
    const largestGib = (largestVmMib(context.detection.memory) ?? 16 * MIB_PER_GIB * MIB_PER_GIB) / MIB_PER_GIB;
    const smallestGib = Math.min(1, proposedGib);
    if (smallestGib === largestGib) return null;
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
    if (!isAdjusted(context) || areVcpusGiven(context)) return null;
    const most = Math.min(512, context.detection.cpu.threads || 512);
    return {
      id: "vcpus",
      kind: "number",
      unit: "vCPUs",
      title: "How many processors shall the VM have?",
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
  ...windowsQuestions,
];

function sizeWords({ cpu, memory, disks }: VmSpec): string {
  const cpus = cpu.vcpus === 1 ? "1 vCPU" : `${cpu.vcpus} vCPUs`;
  const disk = disks.map(({ sizeGib }) => `${sizeGib} GiB`).join(" and ");
  return `${cpus}, ${Number((memory.mib / MIB_PER_GIB).toFixed(2))} GiB of memory, ${disk} of disk`;
}
