/**
 * `vm gpu`: which cards there are and who uses them, and taking one from the host or giving it back without a restart.
 * A copy of a machine is looked at; what would be done there is only recorded.
 */
import type { Detection, Gpu } from "../../model/detection.ts";
import { AppError } from "../../model/errors.ts";
import { parsePciAddress, renderPciAddress } from "../../model/pci_address.ts";
import { detect } from "../../provision/hardware/detect.ts";
import { type Outcome, releaseCard, takeCard } from "../../provision/live_binding/live_binding.ts";
import { usesOf } from "../../provision/live_binding/refuse.ts";
import { useText } from "../../provision/live_binding/uses_text.ts";
import type { Host } from "../../provision/host/host.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { openMachine, refuseWords } from "../machine.ts";
import { unknownWord } from "../parse.ts";
import { oneWord } from "./words.ts";

const actions = {
  list: (invocation: Invocation) => Promise.resolve(list(invocation)),
  take: (invocation: Invocation) => change("take", takeCard, invocation),
  release: (invocation: Invocation) => change("release", releaseCard, invocation),
};

export async function run(invocation: Invocation): Promise<ExitCode> {
  const [word, ...words] = invocation.words;
  if (word === undefined) {
    throw new AppError("usage", "vm gpu needs a verb", { hint: `One of: ${Object.keys(actions).join(", ")}` });
  }
  if (!Object.hasOwn(actions, word)) throw unknownWord("vm gpu verb", word, Object.keys(actions));
  return await actions[word as keyof typeof actions]({ ...invocation, words });
}

function list(invocation: Invocation): ExitCode {
  refuseWords("vm gpu list", invocation);
  const { options, terminal } = invocation;
  const host = openMachine(invocation);
  const detection = detect(host);
  const cards = detection.gpus.map((gpu) => ({
    address: gpu.address,
    name: gpu.name,
    role: gpu.role,
    verdict: gpu.verdict,
    functions: gpu.functions.map((address) => ({ address, driver: driverIn(detection, address) })),
    uses: usesOf(host, gpu, detection),
  }));
  if (options.json) {
    terminal.print(JSON.stringify(cards, null, 2));
    return 0;
  }
  if (cards.length === 0) terminal.note("Linux sees no graphics card here");
  for (const { address, name, functions, uses } of cards) {
    terminal.print(`${address}  ${name}`);
    for (const fn of functions) {
      terminal.print(`  ${fn.address}  ${fn.driver ?? "no driver"}`);
      for (const use of uses.filter((one) => one.address === fn.address)) terminal.print(`    ${useText(use)}`);
    }
  }
  if (host.live && Deno.uid() !== 0) terminal.note("Only root sees what other people's processes have open.");
  return 0;
}

type Change = (host: Host, gpu: Gpu, detection: Detection) => Promise<Outcome>;

async function change(verb: "take" | "release", act: Change, invocation: Invocation): Promise<ExitCode> {
  const word = oneWord(invocation, `gpu ${verb}`, "an address");
  const { options, terminal } = invocation;
  const host = openMachine(invocation);
  const detection = detect(host);
  const gpu = findCard(word, detection);
  const { changed, functions } = await act(host, gpu, detection);
  if (options.json) {
    terminal.print(JSON.stringify({ address: gpu.address, name: gpu.name, changed, functions }));
  } else if (!options.quiet) {
    const drivers = functions.map(({ address, driver }) => `${address} ${driver ?? "no driver"}`).join(", ");
    terminal.print(`${changed ? verb === "take" ? "Taken" : "Given back" : "Nothing changed"}: ${drivers}`);
  }
  if (!host.live && !options.quiet) {
    terminal.note(`A copy's drivers are left alone; see ${options.state}/commands.jsonl`);
  }
  return 0;
}

/** By the address of any of its functions. */
function findCard(word: string, detection: Detection): Gpu {
  const address = renderPciAddress(parsePciAddress(word));
  const gpu = detection.gpus.find(({ functions }) => functions.includes(address));
  if (gpu !== undefined) return gpu;
  const known = detection.gpus.map((one) => `${one.address} (${one.name})`).join(", ");
  throw new AppError("not-found", `No graphics card has the address ${address}`, {
    hint: known === "" ? "Linux sees none here at all" : `There are: ${known}`,
  });
}

function driverIn(detection: Detection, address: string): string | null {
  return detection.pci.find((device) => device.address === address)?.driver ?? null;
}
