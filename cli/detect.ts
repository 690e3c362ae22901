/** `neuron-setup detect`: what this machine has and what it can do. Only reads; exit 0 whenever it could look. */
import { AppError, errorMessage } from "../model/errors.ts";
import { capture } from "../provision/capture.ts";
import { renderTar } from "../provision/capture_tar.ts";
import { renderHtml } from "../provision/detect_report/html.ts";
import { renderJson } from "../provision/detect_report/json.ts";
import { redact } from "../provision/detect_report/redact.ts";
import { renderText } from "../provision/detect_report/text.ts";
import { detect } from "../provision/hardware/detect.ts";
import { openHost } from "../provision/host/open.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";

export const detectCommand: Command = {
  name: "detect",
  summary: "what this machine has and what it can do",
  usage: ["detect", "detect --json", "detect --html", "detect --capture FILE"],
  flags: [
    { name: "html", help: "one HTML file on stdout, without host name and serial numbers: to show to others" },
    {
      name: "capture",
      value: "FILE",
      help: "write the machine's description as a tar file, to be unpacked and given to --root",
    },
  ],
  examples: [
    { line: "neuron-setup detect", why: "graphics cards, whether they can be handed to a VM, and what to do if not" },
    { line: "neuron-setup detect --json | jq '.gpus[] | {address, verdict}'", why: "for scripts" },
    { line: "neuron-setup detect --html > machine.html", why: "a report to attach to a question" },
    { line: "neuron-setup detect --capture machine.tar", why: "try Neuron on a copy of this machine elsewhere" },
  ],
  // deno-lint-ignore require-await -- the interface is asynchronous; looking is not
  async run(invocation): Promise<ExitCode> {
    refuseSurplus(invocation);
    const { options, flags, terminal } = invocation;
    const host = openHost({ root: options.root, state: options.state });
    if (typeof flags.capture === "string") {
      const entries = capture(host);
      writeArchive(flags.capture, renderTar(entries, "machine"));
      if (!options.quiet) terminal.note(`Wrote ${entries.length} files, links and folders to ${flags.capture}`);
      return 0;
    }
    const seen = detect(host);
    if (options.json) terminal.print(renderJson(seen, 2));
    else if (flags.html === true) terminal.print(renderHtml(redact(seen)).trimEnd());
    else for (const line of renderText(seen, { ...terminal, verbose: options.verbose })) terminal.print(line);
    return 0;
  },
};

function refuseSurplus({ words, flags, options }: Invocation): void {
  if (words.length > 0) {
    throw new AppError("usage", `detect takes no words, but "${words[0]}" was given`, {
      hint: "To look at a copy of a machine, write --root DIR",
    });
  }
  const forms = [
    options.json ? "--json" : null,
    flags.html === true ? "--html" : null,
    flags.capture ? "--capture" : null,
  ]
    .filter((form) => form !== null);
  if (forms.length > 1) {
    throw new AppError("usage", `${forms.join(" and ")} cannot be asked for together`, {
      hint: `Choose one: ${forms[0]}`,
    });
  }
}

function writeArchive(path: string, bytes: Uint8Array): void {
  try {
    Deno.writeFileSync(path, bytes, { mode: 0o600 });
  } catch (error) {
    throw new AppError("file-access", `Cannot write ${path}: ${errorMessage(error)}`, {
      hint: "Give --capture a file in a folder you may write to",
      cause: error,
    });
  }
}
