/** `neuron-setup media`: installation images, downloaded or imported so that their names can be trusted. */
import type { Command, Flag } from "./command.ts";
import { runVerb, type Verb } from "./vm/verb.ts";

const verbs: Readonly<Record<string, Verb>> = {
  list: {
    usage: ["list [--os linux] [--json]"],
    flags: ["folder", "os"],
    load: async () => (await import("./media/list.ts")).run,
  },
  fetch: {
    usage: [
      "fetch NAME [--json]",
      "fetch windows11 [--language TAG] [--edition NAME] [--source NAME] [--accept-evaluation] [--ask-again] [--json]",
      "fetch https://… [--sha256 HEX] [--size BYTES] [--name FILE] [--allow-host HOST]",
    ],
    flags: [
      ...["folder", "sha256", "size", "name", "allow-host", "connections"],
      ...["language", "edition", "source", "accept-evaluation", "ask-again"],
    ],
    load: async () => (await import("./media/fetch.ts")).run,
  },
  import: {
    usage: ["import FILE-FOLDER-OR-DEVICE [--sha256 HEX] [--name FILE] [--json]"],
    flags: ["folder", "sha256", "name"],
    load: async () => (await import("./media/import.ts")).run,
  },
  verify: {
    usage: ["verify [NAME …] [--json]"],
    flags: ["folder"],
    load: async () => (await import("./media/verify.ts")).run,
  },
};

const flags: readonly Flag[] = [
  { name: "folder", value: "DIR", help: "where media are (/var/lib/libvirt/images)" },
  {
    name: "os",
    value: "linux",
    help: "list: cloud images and installers of Linux, as osinfo-db on this machine has them",
  },
  { name: "sha256", value: "HEX", help: "fetch, import: what the file must have; it is refused otherwise" },
  { name: "size", value: "BYTES", help: "fetch: how big it must be" },
  { name: "name", value: "FILE", help: "fetch, import: the name it gets (the last part of the link or path)" },
  {
    name: "language",
    value: "TAG",
    help: "fetch windows11, windows10: another language than en-US (de-DE, or Microsoft's own word)",
  },
  { name: "edition", value: "NAME", help: "fetch windows11, windows10: what it must hold (Pro)" },
  {
    name: "source",
    value: "NAME",
    help: "fetch windows11, windows10: only pinned, api, esd or evaluation, instead of one after the other",
  },
  {
    name: "accept-evaluation",
    help: "fetch windows11, windows10: 90 days of Enterprise will do when nothing else comes",
  },
  { name: "ask-again", help: "fetch windows11, windows10: ask Microsoft although it refused within the last day" },
  {
    name: "allow-host",
    value: "HOST",
    help: "fetch: a host of yours that may have a private address, and be asked by plain http",
    many: true,
  },
  { name: "connections", value: "N", help: "fetch: at most so many at a time, 1 to 16 (4)" },
];

export const mediaCommand: Command = {
  name: "media",
  summary: "installation images: what is known, what is here, downloads that are verified",
  usage: Object.values(verbs).flatMap((verb) => verb.usage.map((line) => `media ${line}`)),
  flags,
  examples: [
    { line: "neuron-setup media list", why: "the catalogue, and what of it is here" },
    {
      line: "sudo neuron-setup media fetch virtio-win",
      why: "goes on where it stopped when it was interrupted; checked against its SHA-256 before it gets its name",
    },
    {
      line: "sudo neuron-setup media fetch windows11 --language de-DE",
      why: "one source of Microsoft's after the other; a refusal is explained, and never asked away",
    },
    {
      line: "sudo neuron-setup media fetch https://nas.lan/win.iso --allow-host nas.lan --sha256 d141f603…",
      why: "a file of your own network",
    },
    { line: "sudo neuron-setup media import ~/Downloads/Win11_25H2_English_x64.iso", why: "a file you have" },
    {
      line: "sudo neuron-setup media fetch debian11-cloud",
      why: "checked against the list its publisher keeps beside it; media list --os linux shows the names",
    },
    {
      line: "sudo neuron-setup media import /dev/sdb1",
      why: "a stick with an ISO file, or with Windows Setup, of which an ISO is made; media list shows them",
    },
    { line: "neuron-setup media verify", why: "reads every file again: exit 1 when one has changed" },
    {
      line: "neuron-setup media fetch windows11 --json | jq -c 'select(.type == \"done\")'",
      why: "one JSON object a line, progress included",
    },
  ],
  run: (invocation) => runVerb("media", verbs, invocation),
};
