/** `media fetch windows11`: from the first source of Microsoft's that gives it; each refusal is told with what comes next. */
import { AppError } from "../../model/errors.ts";
import type { HttpOptions } from "../../provision/media/http.ts";
import { checkName } from "../../provision/media/shelf.ts";
import { obtainWindows, type Refusal } from "../../provision/media/windows/obtain.ts";
import {
  nextSource,
  sourceWords,
  type WindowsRequest,
  type WindowsSource,
  windowsSources,
} from "../../provision/media/windows/sources.ts";
import type { WindowsVersion } from "../../provision/unattend/editions.ts";
import type { Invocation } from "../command.ts";
import { interruptible } from "../machine.ts";
import { unknownWord } from "../parse.ts";
import { tellFetched } from "./fetched.ts";
import { hashFlag, numberFlag, type OpenShelf, textFlag, withProgress } from "./shelf.ts";

const versions: Readonly<Record<string, WindowsVersion>> = { windows11: "11", windows10: "10" };
const flags = ["language", "edition", "source", "accept-evaluation", "ask-again"];

/** Null when the words ask for something else. */
export function windowsRequest(invocation: Invocation): WindowsRequest | null {
  const [word, ...more] = invocation.words;
  const version = word !== undefined && more.length === 0 && Object.hasOwn(versions, word) ? versions[word] : undefined;
  if (version === undefined) {
    const foreign = flags.find((flag) => invocation.flags[flag] !== undefined && invocation.flags[flag] !== false);
    if (foreign === undefined) return null;
    throw new AppError("usage", `--${foreign} goes with windows11 and windows10`, {
      hint: "neuron-setup media fetch windows11 --language de-DE",
    });
  }
  const sha256 = hashFlag(invocation);
  const sizeBytes = numberFlag(invocation, "size", [1, Number.MAX_SAFE_INTEGER]);
  const only = sourceFlag(invocation);
  return {
    version,
    language: textFlag(invocation, "language") ?? "en-US",
    edition: textFlag(invocation, "edition") ?? "Pro",
    acceptEvaluation: invocation.flags["accept-evaluation"] === true,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(only === undefined ? {} : { only }),
  };
}

/** The same words again, for a record of what is to be run. */
export function windowsWords({ words, flags: given }: Invocation): string[] {
  const texts = [...flags, "name", "sha256", "size"].flatMap((flag) =>
    typeof given[flag] === "string" ? [`--${flag}`, given[flag]] : given[flag] === true ? [`--${flag}`] : []
  );
  return [...words, ...texts];
}

/** The folder is there, and the machine is the running one. */
export async function fetchWindows(
  invocation: Invocation,
  { host, files, folder }: OpenShelf,
  request: WindowsRequest,
  http: HttpOptions,
): Promise<void> {
  const name = textFlag(invocation, "name");
  const connections = numberFlag(invocation, "connections", [1, 16]);
  say(invocation, `Asking first: ${words(nextSource(request))}`);
  const { path, record, already } = await interruptible((signal) =>
    withProgress(invocation, (report) =>
      obtainWindows(host, files, folder, request, {
        http,
        limits: connections === undefined ? {} : { connections },
        report,
        signal,
        askAgain: invocation.flags["ask-again"] === true,
        onRefusal: (refusal) => tellRefusal(invocation, refusal),
        ...(name === undefined ? {} : { name: checkName(name) }),
      }))
  );
  tellFetched(invocation, path, record, already);
}

function sourceFlag(invocation: Invocation): WindowsSource | undefined {
  const text = textFlag(invocation, "source");
  const source = windowsSources.find((each) => each === text);
  if (text !== undefined && source === undefined) throw unknownWord("source of Windows", text, [...windowsSources]);
  return source;
}

function tellRefusal(invocation: Invocation, refusal: Refusal): void {
  const { terminal, options } = invocation;
  if (options.json) {
    terminal.print(JSON.stringify({ type: "source", ...refusal }));
    return;
  }
  terminal.redraw?.("");
  terminal.note(`${sentence(sourceWords[refusal.source])} does not give it: ${refusal.problem}`);
  if (refusal.hint !== null) say(invocation, `  ${refusal.hint}`);
  if (refusal.next !== null) say(invocation, `Asking next: ${words(refusal.next)}`);
}

function say({ terminal, options }: Invocation, line: string): void {
  if (!options.json && !options.quiet) terminal.note(line);
}

function words(source: WindowsSource | null): string {
  return source === null ? "nobody: no source of Microsoft's fits" : sourceWords[source];
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
