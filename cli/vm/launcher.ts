/** `vm looking-glass NAME --install-launcher` and `--remove-launcher`: the VM among the programs of the person's desktop. */
import type { Domain } from "../../libvirt/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { Person } from "../../provision/host/person.ts";
import { readGlassDomain } from "../../provision/looking_glass_client/domain.ts";
import { ensureLauncher, removeLauncher } from "../../provision/looking_glass_client/launcher.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { openMachine } from "../machine.ts";

const defaultConnect = "qemu:///system";

export async function installLauncher(invocation: Invocation, domain: Domain, person: Person): Promise<ExitCode> {
  const { options, terminal } = invocation;
  const host = openMachine(invocation);
  const { name, title, spec } = readGlassDomain(await domain.xml({ inactive: await domain.isPersistent() }));
  const connect = options.connect === defaultConnect ? [] : ["--connect", options.connect];
  const argv = [...host.program, "vm", "looking-glass", name, ...connect];
  const paths = ensureLauncher(host, { name, title, argv, autostart: spec.autostart }, person);
  if (options.json) {
    terminal.print(JSON.stringify({ name, installed: true, autostart: spec.autostart, changed: paths }));
  } else if (!options.quiet) {
    for (const path of paths) terminal.print(`${host.stat(path) === null ? "Removed" : "Wrote"} ${path}`);
    if (paths.length === 0) terminal.print("Nothing to change");
  }
  return 0;
}

export function takeLauncherAway(invocation: Invocation, name: string, person: Person): ExitCode {
  refuseRoot(person);
  const { options, terminal } = invocation;
  const paths = removeLauncher(openMachine(invocation), name, person);
  if (options.json) terminal.print(JSON.stringify({ name, installed: false, changed: paths }));
  else if (!options.quiet) {
    for (const path of paths) terminal.print(`Removed ${path}`);
    if (paths.length === 0) terminal.print(`There is no launcher for "${name}"`);
  }
  return 0;
}

/** @throws AppError `forbidden` */
export function refuseRoot({ uid }: Person): void {
  if (uid !== 0) return;
  throw new AppError("forbidden", "A launcher belongs to the person who uses it, and you are root", {
    hint: "Run this without sudo, as the person who sits at the desktop",
  });
}
