/**
 * What the client answers to --help, in the form its sources print it (common/src/option.c, client/src/main.c), with the
 * names of the options of release B7 (doc/usage.rst, client/src/config.c) and of the development line (doc/options.rst,
 * client/transports/LGMP/lgmp.c) that matter here and some that do not.
 */
export function helpText(version: string, names: readonly string[]): string {
  const rows = names.map((name) => `  | ${name.padEnd(24)} |       | no    | what it is for |`);
  return [
    `00:00:00.000 [I]              main.c:1858 | main                           | Looking Glass (${version})`,
    "00:00:00.000 [I]              main.c:1859 | main                           | Locking Method: Atomic",
    "The following is a complete list of options accepted by this application",
    "",
    "  +--------------------------+-------+-------+----------------+",
    "  | Long                     | Short | Value | Description    |",
    "  +--------------------------+-------+-------+----------------+",
    ...rows,
    "  +--------------------------+-------+-------+----------------+",
    "",
  ].join("\n");
}

const common = [
  "app:configFile",
  "app:renderer",
  "win:title",
  "win:size",
  "win:autoResize",
  "win:borderless",
  "win:fullScreen",
  "win:noScreensaver",
  "win:autoScreensaver",
  "input:grabKeyboard",
  "input:escapeKey",
  "spice:enable",
  "spice:host",
  "spice:port",
  "egl:mapHDRtoSDR",
  "wayland:warpSupport",
];

export const helpB7 = helpText("B7", [...common, "app:allowDMA", "app:shmFile"]);
export const helpNow = helpText("B7-826-g236efcb1ab", [
  ...common,
  "app:transport",
  "lgmp:shmDevice",
  "lgmp:allowDMA",
  "win:setGuestRes",
  "spice:usbAudio",
]);
