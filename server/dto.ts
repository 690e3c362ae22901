/**
 * What travels between server and page: schemas for the OpenAPI document and the types made from them.
 * The page imports the types of this file and nothing else of the server. No rules live here.
 */
import { z } from "@hono/zod-openapi";
import type { Detection } from "../model/detection.ts";
import type { TrialReport } from "../provision/proof.ts";
import type { Plan } from "../provision/step.ts";

export type { Detection, Plan, TrialReport };
export type { Change } from "../provision/step.ts";
export type { CpuThread, Gpu, PciDevice } from "../model/detection.ts";
export type { Finding, Severity } from "../model/errors.ts";

/** RFC 9457 problem details; `code` is an ErrorCode of model/errors.ts, `hint` says what to do. */
export const problemSchema = z.object({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  hint: z.string().optional(),
}).openapi("Problem");
export type Problem = z.infer<typeof problemSchema>;

/** libvirt's names of virDomainState in lower case. */
export const domainStates = [
  "nostate",
  "running",
  "blocked",
  "paused",
  "shutdown",
  "shutoff",
  "crashed",
  "pmsuspended",
] as const;
const domainStateSchema = z.enum(domainStates).openapi("DomainState");
export type DomainState = z.infer<typeof domainStateSchema>;

export const domainActions = ["start", "shutdown", "destroy", "reboot", "reset", "pause", "resume"] as const;
export const domainActionSchema = z.enum(domainActions).openapi("DomainAction");
export type DomainAction = z.infer<typeof domainActionSchema>;

/** Whether an action may be asked for now and, if not, the sentence that says why. */
const permissionSchema = z.object({ allowed: z.boolean(), reason: z.string().nullable() }).openapi("Permission");
export type Permission = z.infer<typeof permissionSchema>;

const permissionsSchema = z.object({
  start: permissionSchema,
  shutdown: permissionSchema,
  destroy: permissionSchema,
  reboot: permissionSchema,
  reset: permissionSchema,
  pause: permissionSchema,
  resume: permissionSchema,
  undefine: permissionSchema,
}).openapi("DomainPermissions");
export type DomainPermissions = z.infer<typeof permissionsSchema>;

const domainSummarySchema = z.object({
  uuid: z.string(),
  name: z.string(),
  title: z.string().nullable(),
  state: domainStateSchema,
  /** Defined on disk; a transient VM is gone once it stops. */
  persistent: z.boolean(),
  autostart: z.boolean(),
  memoryKib: z.number(),
  vcpus: z.int(),
  /** The operating system it was made for, where the XML tells (libosinfo). */
  os: z.string().nullable(),
  /** PCI addresses of host devices given to it. */
  hostdevs: z.array(z.string()),
  permissions: permissionsSchema,
}).openapi("DomainSummary");
export type DomainSummary = z.infer<typeof domainSummarySchema>;

const diskSchema = z.object({
  target: z.string(),
  bus: z.string().nullable(),
  device: z.string(),
  source: z.string().nullable(),
  format: z.string().nullable(),
  readOnly: z.boolean(),
}).openapi("Disk");
export type Disk = z.infer<typeof diskSchema>;

const interfaceSchema = z.object({
  mac: z.string().nullable(),
  type: z.string(),
  source: z.string().nullable(),
  model: z.string().nullable(),
}).openapi("Interface");

export const domainDetailSchema = domainSummarySchema.extend({
  description: z.string().nullable(),
  /** `kvm`, or `qemu` where every instruction is emulated. */
  type: z.string(),
  arch: z.string().nullable(),
  machine: z.string().nullable(),
  firmware: z.enum(["uefi", "bios"]),
  secureBoot: z.boolean(),
  tpm: z.string().nullable(),
  cpuMode: z.string().nullable(),
  cpuTopology: z.object({ sockets: z.int(), cores: z.int(), threads: z.int() }).nullable(),
  /** vCPU to host CPUs, as `<vcpupin>` has it. */
  cpuPins: z.array(z.object({ vcpu: z.int(), cpuset: z.string() })),
  disks: z.array(diskSchema),
  interfaces: z.array(interfaceSchema),
  graphics: z.array(z.string()),
}).openapi("DomainDetail");
export type DomainDetail = z.infer<typeof domainDetailSchema>;

export const domainListSchema = z.object({ domains: z.array(domainSummarySchema) }).openapi("DomainList");

/** `changed: false`: the VM already was as asked. */
export const actionResultSchema = z.object({ changed: z.boolean(), domain: domainDetailSchema }).openapi(
  "ActionResult",
);
export type ActionResult = z.infer<typeof actionResultSchema>;

/** What goes and what stays when a VM is deleted; read it before asking for the deletion. */
export const deletionPreviewSchema = z.object({
  name: z.string(),
  goes: z.array(z.object({ what: z.string(), where: z.string().nullable() })),
  disks: z.array(z.object({
    target: z.string(),
    path: z.string(),
    /** Why this disk cannot be deleted along with the VM; null: it can, when asked for. */
    keptBecause: z.string().nullable(),
  })),
}).openapi("DeletionPreview");
export type DeletionPreview = z.infer<typeof deletionPreviewSchema>;

export const deletionResultSchema = z.object({
  changed: z.boolean(),
  deletedDisks: z.array(z.string()),
}).openapi("DeletionResult");
export type DeletionResult = z.infer<typeof deletionResultSchema>;

export const domainXmlSchema = z.object({ xml: z.string() }).openapi("DomainXml");

const hypervisorStatusSchema = z.object({
  uri: z.string(),
  state: z.enum(["connecting", "connected", "disconnected"]),
  /** Milliseconds since 1970. */
  sinceMs: z.number(),
  problem: z.object({ message: z.string(), hint: z.string().nullable() }).nullable(),
  libvirtVersion: z.string().nullable(),
  hypervisor: z.string().nullable(),
}).openapi("HypervisorStatus");
export type HypervisorStatus = z.infer<typeof hypervisorStatusSchema>;

export const systemSchema = z.object({
  version: z.string(),
  hostname: z.string(),
  machine: z.object({
    /** false: a copy of a machine below a folder; commands would only be recorded. */
    live: z.boolean(),
    /** What the page calls the machine when it is not this one. */
    description: z.string().nullable(),
  }),
  hypervisor: hypervisorStatusSchema,
}).openapi("System");
export type System = z.infer<typeof systemSchema>;

export const sessionSchema = z.object({ expiresAtMs: z.number() }).openapi("Session");

/** The document `neuron.detect/1` of docs/cli.md, passed on as it is. */
export const detectionSchema = z.custom<Detection>().openapi("Detection", {
  type: "object",
  description: "The document neuron.detect/1, the same that `neuron-setup detect --json` prints",
});

/** The document `neuron.plan/1` of docs/cli.md, passed on as it is. */
export const planSchema = z.custom<Plan>().openapi("Plan", {
  type: "object",
  description: "The document neuron.plan/1, the same that `neuron-setup plan --json` prints",
});

/** Passed on as `neuron-setup status --json` has it. */
export const trialReportSchema = z.custom<TrialReport>().openapi("TrialReport", {
  type: "object",
  description: "`trial` and `proof` of `neuron-setup status --json`",
});

/** One line of the event stream: what changed, never how; the page reads the thing again. */
export const changeEventSchema = z.object({
  type: z.enum(["changed", "removed", "resync"]),
  scope: z.enum(["domain", "system", "all"]),
  /** UUID of the domain; empty where the scope has only one. */
  id: z.string(),
  seq: z.int(),
}).openapi("ChangeEvent");
export type ChangeEvent = z.infer<typeof changeEventSchema>;
