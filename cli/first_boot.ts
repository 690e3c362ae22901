/**
 * `neuron-setup first-boot`: what an appliance shows on its consoles until it is set up. Run by neuron-first-boot@.service,
 * once for each console; the first that comes to an end ends the others.
 */
import { hostname } from "node:os";
import { status } from "../provision/engine.ts";
import type { Host } from "../provision/host/host.ts";
import { KEPT_ANSWERS } from "../provision/installer/kept_answers.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";
import { openMachine, refuseWords } from "./machine.ts";
import { setupCommand } from "./setup.ts";

/** In the state folder; the unit looks for it. */
const doneName = "first-boot-done";

export const firstBootCommand: Command = {
  name: "first-boot",
  summary: "the wizard at the first start of an appliance: run by its unit until the machine is set up",
  usage: ["first-boot [--console NAME]"],
  flags: [{ name: "console", value: "NAME", help: "where it runs (tty1, ttyS0): the wizards elsewhere end with it" }],
  examples: [{ line: "neuron-setup first-boot", why: "the same by hand; setup asks again at any time" }],
  async run(invocation): Promise<ExitCode> {
    refuseWords("first-boot", invocation);
    const host = openMachine(invocation);
    if (isSetUp(host)) return await finish(host, invocation);
    const { terminal } = invocation;
    terminal.print("");
    terminal.print(`Welcome to Neuron. ${host.live ? hostname() : "This machine"} is not set up yet.`);
    terminal.print("");
    const answers = host.stat(KEPT_ANSWERS) === null ? {} : { answers: `${host.live ? "" : host.root}${KEPT_ANSWERS}` };
    const code = await setupCommand.run({ ...invocation, flags: { ...invocation.flags, ...answers } });
    if (isSetUp(host)) await finish(host, invocation);
    else terminal.print("Sign in and run sudo neuron-setup whenever you like; the next start asks again.");
    return code;
  },
};

/** A machine that restarted for its trial boot before this could be written down was set up as well. */
function isSetUp(host: Host): boolean {
  const { standing, interrupted } = status(host);
  return host.state.read(doneName) !== null || (standing.length > 0 && !interrupted);
}

async function finish(host: Host, { flags }: Invocation): Promise<ExitCode> {
  if (host.state.read(doneName) === null) {
    host.state.append(doneName, new TextEncoder().encode(`${new Date(host.now()).toISOString()}\n`));
  }
  if (!host.live) return 0;
  const systemctl = (reason: string, ...words: string[]) =>
    host.run({ argv: ["systemctl", "--no-block", ...words], step: "first-boot", reason });
  const enabled = await systemctl("is the page wanted here?", "is-enabled", "neuron-manager.service");
  if (enabled.code === 0) await systemctl("the page", "start", "neuron-manager.service");
  const listed = await systemctl(
    "wizards on other consoles",
    ...["list-units", "--plain", "--no-legend", "--state=activating", "neuron-first-boot@*.service"],
  );
  const others = listed.stdout.split("\n").map((line) => line.trim().split(" ")[0]!)
    .filter((unit) => unit !== "" && unit !== `neuron-first-boot@${flags.console}.service`);
  if (others.length > 0) await systemctl("nothing is left to ask there", "stop", ...others);
  return 0;
}
