/** `neuron-setup vm`: virtual machines. Verbs are loaded when called; `render` and `patch` need no hypervisor. */
import type { Command, Flag } from "./command.ts";
import { runVerb, type Verb } from "./vm/verb.ts";

const patchFlags = [
  "memory-mib",
  "vcpus",
  "title",
  "description",
  "boot",
  "add-usb",
  "remove-usb",
  "add-pci",
  "remove-pci",
  "add-cdrom",
  "remove-cdrom",
];

const powerVerbs = ["start", "shutdown", "destroy", "reboot", "reset", "pause", "resume"];

const verbs: Readonly<Record<string, Verb>> = {
  render: {
    usage: ["render [--answers FILE] [--json]"],
    flags: ["answers"],
    load: async () => (await import("./vm/render.ts")).run,
  },
  patch: {
    usage: ["patch FILE.xml [--memory-mib N] [--vcpus N] [--boot cdrom,hd] [--title TEXT] …"],
    flags: patchFlags,
    load: async () => (await import("./vm/patch.ts")).run,
  },
  list: { usage: ["list [--json]"], flags: [], load: async () => (await import("./vm/list.ts")).run },
  show: { usage: ["show NAME [--json]"], flags: [], load: async () => (await import("./vm/show.ts")).run },
  xml: { usage: ["xml NAME"], flags: [], load: async () => (await import("./vm/xml.ts")).run },
  define: {
    usage: ["define FILE.xml", "define --answers FILE"],
    flags: ["answers"],
    load: async () => (await import("./vm/define.ts")).run,
  },
  edit: {
    usage: ["edit NAME [--memory-mib N] …"],
    flags: patchFlags,
    load: async () => (await import("./vm/edit.ts")).run,
  },
  install: {
    usage: ["install NAME [--answers FILE [--wim FILE] [--extra FOLDER]] [--slowness N] [--json]"],
    flags: ["answers", "wim", "extra", "slowness"],
    load: async () => (await import("./vm/install.ts")).run,
  },
  ...Object.fromEntries(powerVerbs.map((verb) => [verb, powerVerb(verb)])),
  delete: { usage: ["delete NAME [--yes]"], flags: ["yes"], load: async () => (await import("./vm/delete.ts")).run },
  "answer-medium": {
    usage: ["answer-medium --answers FILE --out FILE.iso [--wim FILE] [--extra FOLDER] [--json]"],
    flags: ["answers", "out", "wim", "extra"],
    load: async () => (await import("./vm/answer_medium.ts")).run,
  },
  "looking-glass": {
    usage: [
      "looking-glass NAME [--wait | --follow] [--full-screen | --window] [--print] [--json]",
      "looking-glass NAME --install-launcher | --remove-launcher",
    ],
    flags: ["wait", "follow", "full-screen", "window", "print", "install-launcher", "remove-launcher"],
    load: async () => (await import("./vm/looking_glass.ts")).run,
  },
  "cloud-seed": {
    usage: ["cloud-seed --answers FILE --out FILE.iso [--json]"],
    flags: ["answers", "out"],
    load: async () => (await import("./vm/cloud_seed.ts")).run,
  },
  gpu: {
    usage: ["gpu list [--json]", "gpu take ADDRESS", "gpu release ADDRESS"],
    flags: [],
    load: async () => (await import("./vm/gpu.ts")).run,
  },
};

function powerVerb(verb: string): Verb {
  return { usage: [`${verb} NAME`], flags: [], load: async () => (await import("./vm/power.ts")).power(verb) };
}

const flags: readonly Flag[] = [
  {
    name: "answers",
    value: "FILE",
    help: "render, define, answer-medium, cloud-seed: the answers file (JSON or JSONC)",
  },
  {
    name: "out",
    value: "FILE",
    help: "answer-medium, cloud-seed: the ISO file to make; a file that is there is replaced",
  },
  { name: "wim", value: "FILE", help: "answer-medium: sources/install.wim of the Windows medium, to choose from it" },
  { name: "extra", value: "FOLDER", help: "answer-medium: more files for the folder neuron of the medium" },
  { name: "memory-mib", value: "N", help: "patch, edit: memory, with currentMemory and NUMA cells" },
  { name: "vcpus", value: "N", help: "patch, edit: vCPUs, with topology, pins and NUMA cells that depend on them" },
  { name: "boot", value: "KINDS", help: "patch, edit: boot order of hd, cdrom, fd, network, separated by commas" },
  { name: "title", value: "TEXT", help: "patch, edit: the title people see" },
  { name: "description", value: "TEXT", help: "patch, edit: the description" },
  { name: "add-usb", value: "VVVV:PPPP", help: "patch, edit: hand over a USB device of the host", many: true },
  { name: "remove-usb", value: "VVVV:PPPP", help: "patch, edit: take it back", many: true },
  { name: "add-pci", value: "ADDRESS", help: "patch, edit: hand over a PCI function of the host", many: true },
  { name: "remove-pci", value: "ADDRESS", help: "patch, edit: take it back", many: true },
  { name: "add-cdrom", value: "PATH", help: "patch, edit: one more CD drive with this medium in it", many: true },
  { name: "remove-cdrom", value: "PATH", help: "patch, edit: the drive with this medium goes", many: true },
  {
    name: "slowness",
    value: "N",
    help: "install: how much slower than usual this machine is, before a stage is stuck",
  },
  { name: "wait", help: "looking-glass: wait for the VM to start" },
  { name: "follow", help: "looking-glass: show the VM at each of its starts, until this is ended" },
  { name: "full-screen", help: "looking-glass: over the whole screen, whatever the VM says" },
  { name: "window", help: "looking-glass: in a window, whatever the VM says" },
  { name: "print", help: "looking-glass: print what would be started, start nothing" },
  {
    name: "install-launcher",
    help: "looking-glass: put the VM among your desktop's programs, and start it with the desktop if the VM says so",
  },
  { name: "remove-launcher", help: "looking-glass: take that away again" },
  { name: "yes", help: "delete: do not ask; needed where nobody can be asked" },
];

export const vmCommand: Command = {
  name: "vm",
  summary: "virtual machines: render, patch and control them",
  usage: Object.values(verbs).flatMap((verb) => verb.usage.map((line) => `vm ${line}`)),
  flags,
  examples: [
    {
      line: "neuron-setup vm render --answers answers.json",
      why: "the domain XML that would be defined; touches nothing",
    },
    {
      line: "neuron-setup vm patch win.xml --memory-mib 16384 --vcpus 8 --boot cdrom,hd > new.xml",
      why: "the same domain with exactly that changed",
    },
    { line: "neuron-setup vm edit windows11 --memory-mib 16384", why: "the same on a defined VM" },
    {
      line: "neuron-setup vm list --json | jq -r '.[] | select(.state == \"running\").name'",
      why: "what runs, for scripts",
    },
    { line: "neuron-setup vm start windows11", why: "already running is success" },
    {
      line: "neuron-setup vm answer-medium --answers answers.json --out /root/answers.iso",
      why: "the medium that answers Windows Setup; it holds a password: readable for you alone, remove it afterwards",
    },
    {
      line: "neuron-setup vm cloud-seed --answers answers.json --out /root/seed.iso",
      why: "what cloud-init reads at the first start of a Linux cloud image: name, account, keys, guest agent",
    },
    {
      line: "neuron-setup vm install windows11",
      why: "starts it and watches the unattended installation; a stuck stage is named with its cure",
    },
    {
      line: "neuron-setup vm looking-glass windows11",
      why: "its screen in a window, as the person at the desktop: without sudo; started again when it crashes",
    },
    { line: "neuron-setup vm looking-glass windows11 --install-launcher", why: "from now on it is one click" },
    {
      line: "neuron-setup vm gpu list",
      why: "graphics cards, the driver of each function, and what uses it right now",
    },
    {
      line: "neuron-setup vm gpu take 0000:01:00.0",
      why: "from the host's drivers to vfio-pci without a restart; refused, naming who, while anything uses the card",
    },
    { line: "neuron-setup vm gpu release 0000:01:00.0", why: "back to the drivers it had" },
  ],
  run: (invocation) => runVerb("vm", verbs, invocation),
};
