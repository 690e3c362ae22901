/** Which pages lie behind the VM's memory, from what host and VM answers say, and why. Pure. */
import type { Answers } from "../../model/answers.ts";
import type { Detection } from "../../model/detection.ts";
import { AppError, type Finding } from "../../model/errors.ts";
import type { HugepagesSpec } from "../../model/host_spec.ts";
import type { PageSize, VmAnswers } from "../../model/vm_spec.ts";
import { choosePageSize, largestVmMib, offersPageSize, PAGE_SIZE_KIB, placePages } from "./memory.ts";

export interface PagesChoice {
  readonly size: PageSize;
  /** The VM's memory, rounded down to whole pages. */
  readonly mib: number;
  readonly host: HugepagesSpec | null;
  readonly notes: readonly Finding[];
}

export interface PagesRequest {
  readonly host: Answers["host"];
  /** What the answers alone say. */
  readonly given: VmAnswers["memory"];
  /** What the profile says: a wish, not an order. */
  readonly profile: VmAnswers["memory"];
  readonly mib: number;
  readonly gpuPassedThrough: boolean;
  readonly nearNode: number | null;
}

/**
 * @throws AppError `answer-invalid` when host and VM answers contradict each other; `hardware-unsuitable` when the
 *   asked size is not offered by this machine
 */
export function chooseHugepages(request: PagesRequest, detection: Detection): PagesChoice {
  const asked = askedSize(request);
  const notes: Finding[] = [];
  const size = asked === "auto" ? automatic(request, detection, notes) : asked;
  if (size === "none") return { size, mib: request.mib, host: null, notes };
  if (asked !== "auto") requireOffered(size, detection);
  const pageMib = PAGE_SIZE_KIB[size] / 1024;
  const mib = Math.max(pageMib, Math.floor(request.mib / pageMib) * pageMib);
  if (mib !== request.mib) {
    notes.push({
      code: "memory-rounded",
      severity: "info",
      title: `The VM gets ${mib} MiB instead of ${request.mib}: its memory lies on whole pages of ${size}`,
    });
  }
  return { size, mib, host: placePages(detection.memory, mib, size, request.nearNode), notes };
}

function askedSize({ host, given, profile }: PagesRequest): "auto" | PageSize {
  const hostWish = host?.hugepages ?? "auto";
  const vmWish = given?.hugepages;
  if (hostWish === "auto") return vmWish ?? profile?.hugepages ?? "auto";
  if (vmWish !== undefined && vmWish !== hostWish) {
    throw new AppError(
      "answer-invalid",
      `The answers contradict each other: host.hugepages is "${hostWish}", but vm.memory.hugepages is "${vmWish}"`,
      { hint: "Leave one of the two out" },
    );
  }
  return hostWish;
}

function automatic(request: PagesRequest, { memory }: Detection, notes: Finding[]): PageSize {
  const none = (because: string): PageSize => {
    notes.push({ code: "hugepages-none", severity: "info", title: `No huge pages are set aside: ${because}` });
    return "none";
  };
  if (!request.gpuPassedThrough) return none("they are worth their price only for a VM with its own card");
  const largest = largestVmMib(memory);
  if (largest === null || request.mib > largest) return none("the host would be left with too little memory");
  const size = choosePageSize(memory, request.mib);
  if (size === "none") return none("this machine's kernel offers none that fit");
  notes.push({
    code: "hugepages-chosen",
    severity: "info",
    title: `${request.mib} MiB are set aside as ${size} pages for the VM; the host cannot use them while it is off`,
    hint: 'Write "host.hugepages": "none" to share this memory instead',
  });
  return size;
}

function requireOffered(size: "2M" | "1G", { memory }: Detection): void {
  if (offersPageSize(memory, size) !== false) return;
  throw new AppError(
    "hardware-unsuitable",
    `Huge pages of ${size} were asked for, but this machine does not offer them`,
    {
      hint: 'Write "host.hugepages": "auto" or "none"',
    },
  );
}
