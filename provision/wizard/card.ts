/**
 * The two questions about the graphics card: which of those that can be handed over, and, for experts, whether to hand
 * over one that the hardware does not isolate. What is possible is asked of resolve()'s own rule. Pure.
 */
import type { Detection, Gpu } from "../../model/detection.ts";
import { AppError } from "../../model/errors.ts";
import { printable } from "../detect_report/words.ts";
import { resolveGpu } from "../vm/gpu_choice.ts";
import { type Definition, isAdvanced } from "./definition.ts";
import type { Choice } from "./question.ts";

export const card: Definition = {
  ask({ detection, given }) {
    if (given.host?.gpu !== undefined || given.vm?.devices?.gpu !== undefined) return null;
    const automatic = cardFor("auto", detection);
    const why = automatic === null
      ? `${noneWords(detection)} So none is proposed.`
      : "A card is handed over whole: the host does not use it any more, and monitors plugged into it show the VM.";
    return {
      id: "card",
      kind: "choice",
      title: "Which graphics card shall the VM get?",
      help: printable(`${why} neuron-setup detect says more about each card.`),
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

/** Why resolve() would hand over none by itself. */
function noneWords({ gpus }: Detection): string {
  const [first] = gpus.filter((gpu) => gpu.verdict !== "ready");
  if (gpus.length === 0) return "Linux sees no graphics card here.";
  if (first === undefined) return "No card here is one that Windows would gain from.";
  return `No card can be handed over as this machine is now. ${first.name}: ${first.reasons[0]?.message ?? ""}`;
}

function cardChoice(gpu: Gpu, detection: Detection): Choice {
  const reason = gpu.reasons[0]?.message ?? "";
  const choice = { value: gpu.address, label: printable(`${gpu.name} (${gpu.address})`) };
  if (cardFor(gpu.address, detection) === null) {
    const acs = releasedByAcs(gpu, detection) ? ' Later, "More" has a last resort.' : "";
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

export const acs: Definition = {
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
