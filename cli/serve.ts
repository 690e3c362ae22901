/** `neuron-setup serve`: the management server and its page, until Ctrl-C or TERM. */
import config from "../deno.json" with { type: "json" };
import { AppError } from "../model/errors.ts";
import { plan } from "../provision/engine.ts";
import { readTrialReport } from "../provision/proof.ts";
import { detect } from "../provision/hardware/detect.ts";
import type { Host } from "../provision/host/host.ts";
import { steps } from "../provision/steps.ts";
import { createServer } from "../server/mod.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";
import { interrupted } from "./interrupted.ts";
import { answersFlag, openMachine, readAnswersOrLast, readWish, refuseWords } from "./machine.ts";
import { offerSignInLinks } from "./sign_in_links.ts";

export const serveCommand: Command = {
  name: "serve",
  summary: "the page: VMs, hardware and plan in a browser, on this machine only",
  usage: ["serve [--listen ADDR:PORT]"],
  flags: [
    {
      name: "listen",
      value: "ADDR:PORT",
      help: "a loopback address (default: management.listen of the answers, else 127.0.0.1:8443; port 0: a free one)",
    },
    answersFlag,
  ],
  examples: [
    { line: "neuron-setup serve", why: "prints the page's address and a link that signs in once" },
    {
      line: "ssh -L 8443:127.0.0.1:8443 HOST neuron-setup serve",
      why: "the page of another machine, through SSH",
    },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("serve", invocation);
    const { flags, options, terminal } = invocation;
    const host = openMachine(invocation);
    const stop = interrupted();
    const server = await createServer({
      version: config.version,
      listen: typeof flags.listen === "string" ? flags.listen : wishedListen(host, invocation),
      connect: options.connect,
      stateFolder: `${options.state}/server`,
      machine: { live: host.live, description: host.live ? null : `the machine below ${options.root}` },
      readDetection: () => detect(host),
      readTrial: () => readTrialReport(host),
      readPlan: async () => (await plan(host, steps, readWish(host, invocation).spec, "host")).plan,
      log: (line) => terminal.note(line),
    });
    try {
      terminal.print(`The page:      ${server.url}`);
      terminal.print(`Sign in once:  ${server.signInLink()}`);
      using _links = offerSignInLinks(server, terminal);
      await stop;
    } finally {
      await server.close();
    }
    return 0;
  },
};

/** Where the answers say. A damaged journal is something to be seen on the page, not a reason to have none. */
function wishedListen(host: Host, invocation: Invocation): string {
  try {
    return readAnswersOrLast(host, invocation).management?.listen ?? "127.0.0.1:8443";
  } catch (error) {
    if (error instanceof AppError && error.code === "journal-damaged") return "127.0.0.1:8443";
    throw error;
  }
}
