/**
 * From what a VM wants of Looking Glass's window to the arguments of its client. Pure. Each row names the option as each
 * release calls it; the first that the client has is taken. Given on the command line they win over the person's own
 * client.ini, which stays in force for everything else.
 */
import type { Finding } from "../../model/errors.ts";
import type { LookingGlassSpec } from "../../model/vm_spec.ts";
import { type ClientSeen, isDevelopmentLine, memoryOptions } from "./client.ts";

/** Where the VM's SPICE server listens; port 0: `host` is the path of a socket. */
export interface SpiceAddress {
  readonly host: string;
  readonly port: number;
}

export interface WindowWish {
  readonly spec: Omit<LookingGlassSpec, "enabled" | "autostart" | "backend">;
  readonly title: string;
  /** /dev/shm/… or /dev/kvmfrN */
  readonly memoryPath: string;
  /** Null: the VM has none, and the window shows but cannot type. */
  readonly spice: SpiceAddress | null;
}

export interface ClientOption {
  /** What it is about, for people. */
  readonly what: string;
  /** Its names, newest first. */
  readonly names: readonly string[];
  /** Which file of gnif/LookingGlass says so: of release B7, and of the development line in August 2026. */
  readonly source: string;
  /** Null: not to be said. */
  readonly value: (wish: WindowWish) => string | null;
}

const yesNo = (value: boolean) => value ? "yes" : "no";

export const clientOptions: readonly ClientOption[] = [
  {
    what: "the shared memory",
    names: memoryOptions,
    source: "B7 common/src/platform/linux/ivshmem.c; now client/transports/LGMP/lgmp.c (old_name = shmFile)",
    value: ({ memoryPath }) => memoryPath,
  },
  {
    what: "the window's title",
    names: ["win:title"],
    source: "client/src/config.c",
    value: ({ title }) => title,
  },
  {
    // Now also the guest's: win:setGuestRes, on by default, makes the guest follow the window.
    what: "the window's size",
    names: ["win:size"],
    source: "client/src/config.c (WxH); doc/options.rst",
    value: ({ spec }) => `${spec.width}x${spec.height}`,
  },
  {
    what: "full screen",
    names: ["win:fullScreen"],
    source: "client/src/config.c; doc/options.rst",
    value: ({ spec }) => yesNo(spec.fullScreen),
  },
  {
    what: "a window without a border",
    names: ["win:borderless"],
    source: "client/src/config.c",
    value: ({ spec }) => yesNo(spec.borderless),
  },
  {
    what: "keeping the screensaver away",
    names: ["win:noScreensaver"],
    source: "client/src/config.c",
    value: ({ spec }) => yesNo(spec.noScreensaver),
  },
  {
    // With both the client does not start; a person's client.ini may have the other.
    what: "keeping the screensaver away when the guest asks",
    names: ["win:autoScreensaver"],
    source: "client/src/config.c: cannot be used together with win:noScreensaver",
    value: ({ spec }) => spec.noScreensaver ? "no" : null,
  },
  {
    what: "taking the whole keyboard",
    names: ["input:grabKeyboard"],
    source: "client/src/config.c; doc/options.rst",
    value: ({ spec }) => yesNo(spec.grabKeyboard),
  },
  {
    what: "the escape key",
    names: ["input:escapeKey"],
    source: "client/src/config.c, optScancodeParse: a name of linux/input-event-codes.h in any case, or its number",
    value: ({ spec }) => spec.escapeKey,
  },
  {
    what: "SPICE",
    names: ["spice:enable"],
    source: "client/src/config.c; doc/options.rst",
    value: ({ spice }) => yesNo(spice !== null),
  },
  {
    what: "SPICE's address",
    names: ["spice:host"],
    source: "client/src/config.c: host or unix socket; doc/options.rst",
    value: ({ spice }) => spice?.host ?? null,
  },
  {
    what: "SPICE's port",
    names: ["spice:port"],
    source: "client/src/config.c: 0 = unix socket; doc/options.rst",
    value: ({ spice }) => spice === null ? null : String(spice.port),
  },
  {
    // With HDR wanted the client decides: B7 can only map it, the newer one does so on a screen without HDR.
    what: "showing HDR as SDR",
    names: ["egl:mapHDRtoSDR"],
    source: "client/renderers/EGL/egl.c; doc/display.rst",
    value: ({ spec }) => spec.hdr ? null : "yes",
  },
];

export interface ClientArguments {
  readonly arguments: readonly string[];
  /** What this client cannot do of what is wanted. */
  readonly notes: readonly Finding[];
}

/** @param client one that parseClientHelp took: it has an option for the memory */
export function clientArguments(wish: WindowWish, client: ClientSeen): ClientArguments {
  const notes: Finding[] = [];
  const words = clientOptions.flatMap(({ what, names, value }) => {
    const wanted = value(wish);
    if (wanted === null) return [];
    const name = names.find((one) => client.options.has(one));
    if (name !== undefined) return [`${name}=${wanted}`];
    const title = `This client has no option for ${what} (${names[0]})`;
    notes.push({ code: "looking-glass-option-missing", severity: "info", title });
    return [];
  });
  if (wish.spec.hdr && !isDevelopmentLine(client)) {
    notes.push({
      code: "looking-glass-no-hdr",
      severity: "info",
      title: `Looking Glass ${client.version ?? "of this release"} has no HDR output: the picture is mapped to SDR`,
      hint: "The development line has it, on Wayland with colour management",
    });
  }
  return { arguments: words, notes };
}
