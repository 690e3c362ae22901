/**
 * The two questions about the graphics card: which of those that can be handed over, and, for experts, whether to hand
 * over one that the hardware does not isolate. What is possible is asked of resolve()'s own rule. Pure.
 */
import type { Answers } from "../../model/answers.ts";
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
    if (value === cardFor("auto", detection)) return {};
    const lent = detection.gpus.some((gpu) => gpu.address === value && isLendable(gpu, detection));
    return { host: { gpu: `${value}`, ...(lent ? { gpuHandover: true } : {}) } };
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
  if (isLendable(gpu, detection)) {
    return { ...choice, label: `${choice.label}, lent out`, hint: lendHint };
  }
  if (cardFor(gpu.address, detection) === null) {
    const acs = releasedByAcs(gpu, detection) ? ' Later, "More" has a last resort.' : "";
    return { ...choice, disabled: `${reason}${acs}` };
  }
  const dark = gpu.role === "boot" ? " The host starts with its picture on this card: that screen goes dark." : "";
  return { ...choice, hint: `${reason}${dark}` };
}

const lendHint = "It is the only card with a screen. When the VM starts, the desktop closes (save your work) and the " +
  "screen shows the VM; when the VM ends, the screen and the login come back. The host stays reachable over the network.";

/** The host's only card, and one that Windows would gain from. */
function isLendable(gpu: Gpu, detection: Detection): boolean {
  return gpu.verdict === "only-gpu" && gpu.vendor !== "other" &&
    cardFor(gpu.address, detection, { gpuHandover: true }) !== null;
}

/** Address of the card that resolve() would hand over, or null where it refuses. */
function cardFor(wish: string, detection: Detection, consent: Answers["host"] = {}): string | null {
  try {
    return resolveGpu({ ...consent, gpu: wish }, {}, detection)?.address ?? null;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

function releasedByAcs(gpu: Gpu, detection: Detection): boolean {
  return gpu.verdict === "shared-group" && cardFor(gpu.address, detection, { acsOverride: true }) !== null;
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
