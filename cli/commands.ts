/**
 * Every subcommand, in the order the help shows them. A new one is a file in this folder and a line here.
 * They are loaded when called, so that `detect` never waits for the server's code.
 */
import type { Command } from "./command.ts";

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  setup: async () => (await import("./setup.ts")).setupCommand,
  install: async () => (await import("./install.ts")).installCommand,
  detect: async () => (await import("./detect.ts")).detectCommand,
  plan: async () => (await import("./plan.ts")).planCommand,
  apply: async () => (await import("./apply.ts")).applyCommand,
  status: async () => (await import("./status.ts")).statusCommand,
  verify: async () => (await import("./verify.ts")).verifyCommand,
  prove: async () => (await import("./prove.ts")).proveCommand,
  rollback: async () => (await import("./rollback.ts")).rollbackCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
  vm: async () => (await import("./vm.ts")).vmCommand,
  profile: async () => (await import("./profile.ts")).profileCommand,
  media: async () => (await import("./media.ts")).mediaCommand,
  serve: async () => (await import("./serve.ts")).serveCommand,
  try: async () => (await import("./try.ts")).tryCommand,
  "first-boot": async () => (await import("./first_boot.ts")).firstBootCommand,
  completions: async () => (await import("./completions.ts")).completionsCommand,
  version: async () => (await import("./version.ts")).versionCommand,
};
