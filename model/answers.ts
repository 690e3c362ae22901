/**
 * The answers file `neuron.answers/1`: what a person, the wizard or a script wants. Every key may be missing.
 * Only shape is judged here; resolve() fills defaults and compares with the machine.
 */
import { parse as parseJsonc } from "@std/jsonc";
import { z } from "zod";
import { AppError, errorMessage } from "./errors.ts";
import { secretSchema } from "./secret.ts";
import { describeProblems } from "./schema_problems.ts";
import {
  absolutePathSchema,
  lineSchema,
  nameSchema,
  pciAddressSchema,
  switchSchema,
  wordSchema,
} from "./text_rules.ts";
import { pageSizeSchema, vmAnswersSchema } from "./vm_spec.ts";

const mediaSource = z.union([
  z.literal("auto"),
  absolutePathSchema,
  z.url({ protocol: /^https$/ }).max(2048),
]).describe('"auto", an absolute path or an https:// address');

/** Windows refuses these in user names; 20 is its limit for local accounts (NetUserAdd). */
export const accountNameSchema = z.string().regex(/^[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,20}$/u).refine((name) =>
  !/^[. ]|[. ]$/.test(name)
)
  .describe(
    '1 to 20 characters without " / \\ [ ] : ; | = , + * ? < > @, not beginning or ending with a dot or a space',
  );

const account = z.strictObject({ name: accountNameSchema, password: secretSchema }).partial()
  .describe('{ "name": "…", "password": Secret }');

const language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/).describe("a language tag such as en-US");
const timeZone = lineSchema(64).describe("a time zone name such as Europe/Berlin");
const keyboard = z.string().regex(/^[A-Za-z0-9:_-]{1,40}$/).describe("a keyboard layout such as de or 0407:00000407");

const hostnameSchema = z.string().regex(
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/,
).describe("a host name: letters, digits and hyphens, parts separated by dots");

const hostAnswers = z.strictObject({
  gpu: z.union([wordSchema("auto", "none"), pciAddressSchema])
    .describe('"auto", "none" or the address of a card such as 0000:01:00.0'),
  gpuHandover: switchSchema,
  hugepages: z.enum(["auto", ...pageSizeSchema.options]).describe('"auto", "none", "2M" or "1G"'),
  isolateCpus: switchSchema,
  acsOverride: switchSchema,
  lookingGlass: wordSchema("auto", "none", "shmem", "kvmfr"),
}).partial();

const windowsAnswers = z.strictObject({
  version: wordSchema("11", "10", "server2025", "server2022", "server2019"),
  edition: lineSchema(64).describe("an edition such as Pro"),
  language,
  keyboard,
  timeZone,
  productKey: secretSchema,
  account,
  iso: mediaSource,
}).partial();

/** One key in a form of authorized_keys(5): type, base64 and perhaps a comment; options are not taken. */
const sshKey = z.string().max(16384)
  .regex(
    /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+={0,3}(?: [^\p{Cc}]*)?$/u,
  )
  .describe("a public SSH key in one line, as in id_ed25519.pub");

/** What a cloud image shall become (`vm cloud-seed`). */
const linuxAnswers = z.strictObject({
  hostname: z.string().max(64).describe("a host name"),
  account: z.strictObject({
    name: z.string().regex(/^[a-z_][a-z0-9_-]{0,30}$/).describe("1 to 31 lower-case letters, digits, - or _"),
    password: secretSchema,
  }).partial().describe('{ "name": "…", "password": Secret }'),
  sshKeys: z.array(sshKey).max(50).describe("a list of public SSH keys"),
  timeZone,
  keyboard,
  locale: z.string().regex(/^[A-Za-z0-9_.@-]{1,40}$/).describe("a locale such as en_US.UTF-8"),
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+._:-]{0,99}$/i)).max(200).describe("a list of package names"),
  network: z.strictObject({
    mac: z.string().regex(/^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/).describe("the VM's MAC address"),
    address: z.string().regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/).describe("an address with prefix such as 192.168.1.10/24"),
    gateway: z.string().regex(/^[0-9a-fA-F.:]+$/).describe("an IP address"),
    nameServers: z.array(z.string().regex(/^[0-9a-fA-F.:]+$/)).describe("a list of IP addresses"),
  }).partial(),
}).partial();

const managementAnswers = z.strictObject({
  listen: z.string().refine(isListenAddress)
    .describe("ADDR:PORT such as 127.0.0.1:8443 or [::1]:8443, the port from 1 to 65535"),
  adminPassword: secretSchema,
  hostname: hostnameSchema,
}).partial();

const installAnswers = z.strictObject({
  // What udev leaves in names below /dev/disk/by-id (udev(7): its safe characters, and \x.. for the others).
  disk: z.string().regex(/^\/dev\/[A-Za-z0-9/_.:+#=@\\-]+$/).refine((path) => !path.includes(".."))
    .describe("a device such as /dev/nvme0n1 or /dev/disk/by-id/…"),
  keepWindows: switchSchema,
  encrypt: secretSchema,
  hostname: hostnameSchema,
  locale: z.string().regex(/^[A-Za-z0-9_.@-]{1,40}$/).describe("a locale such as en_US.UTF-8"),
  keyboard,
  timeZone,
  account,
  network: z.strictObject({
    mode: wordSchema("dhcp", "static"),
    device: nameSchema,
    address: z.string().regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/).describe("an address with prefix such as 192.168.1.10/24"),
    gateway: z.string().regex(/^[0-9a-fA-F.:]+$/).describe("an IP address"),
    nameServers: z.array(z.string().regex(/^[0-9a-fA-F.:]+$/)).describe("a list of IP addresses"),
  }).partial(),
  then: wordSchema("reboot", "poweroff", "stay"),
}).partial();

const answersSchema = z.strictObject({
  schema: z.literal("neuron.answers/1").describe('"neuron.answers/1"').optional(),
  host: hostAnswers.optional(),
  vm: vmAnswersSchema.optional(),
  windows: windowsAnswers.optional(),
  linux: linuxAnswers.optional(),
  virtio: z.strictObject({ iso: mediaSource }).partial().optional(),
  management: managementAnswers.optional(),
  install: installAnswers.optional(),
}).describe("an object of answers (docs/cli.md)");

export type Answers = z.infer<typeof answersSchema>;

/** More than these tell only that it is another kind of file. */
const mostProblems = 20;

/**
 * Reads an answers file.
 * @param source names the text in error messages: a path, or "standard input"
 * @throws AppError `answer-invalid`: one line for each wrong answer (20 at most) with its path, what was given and what is allowed
 */
export function parseAnswers(text: string, source: string): Answers {
  const problems: string[] = [];
  const value = parseText(text, source);
  const result = answersSchema.safeParse(value);
  problems.push(...describeProblems(answersSchema, value, result.error?.issues ?? []));
  if (result.success && problems.length === 0) return result.data;
  const shown = problems.slice(0, mostProblems);
  if (problems.length > mostProblems) shown.push(`and ${problems.length - mostProblems} more`);
  throw new AppError("answer-invalid", `Cannot use the answers in ${source}: ${shown.join("\n")}`, {
    hint: problems.length === 1
      ? "Correct it and run the same command again"
      : "Correct them and run the same command again",
  });
}

function parseText(text: string, source: string): unknown {
  try {
    return parseJsonc(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new AppError("answer-invalid", `Cannot read ${source} as JSON: ${jsonProblem(text, error)}`, {
      hint: 'The file is JSON (// comments are allowed) that begins with { "schema": "neuron.answers/1" }',
      cause: error,
    });
  }
}

/** The parser's complaint with line and column instead of its character position. */
function jsonProblem(text: string, error: unknown): string {
  if (error instanceof RangeError) return "its lists and objects are nested too deeply";
  const message = errorMessage(error).replace(/^Cannot parse JSONC: /, "").replace(/ in JSONC/, "");
  return message.replace(/ at position (\d+)/, (_all, position: string) => {
    const before = text.slice(0, Number(position)).split("\n");
    return ` in line ${before.length}, column ${before.at(-1)!.length + 1}`;
  });
}

/** `ADDR:PORT`; IPv6 in brackets. Names are refused: where a server listens shall not hang on DNS. */
function isListenAddress(text: string): boolean {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3})):(\d{1,5})$/.exec(text);
  if (match === null) return false;
  const port = Number(match[3]);
  const host = match[1] === undefined ? match[2]! : `[${match[1]}]`;
  return port >= 1 && port <= 65535 && URL.canParse(`http://${host}/`) &&
    (match[2] === undefined || match[2].split(".").every((part) => Number(part) <= 255));
}
