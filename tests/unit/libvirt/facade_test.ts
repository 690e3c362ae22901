import { assertEquals, assertThrows } from "@std/assert";
import { domainState, stateReason } from "../../../libvirt/domain_state.ts";
import { fromWire, LibvirtError } from "../../../libvirt/errors.ts";
import { EVENT_KINDS } from "../../../libvirt/event_kinds.ts";
import { flagSet, nameSet } from "../../../libvirt/names.ts";
import * as constants from "../../../libvirt/protocol/constants.gen.ts";
import { remoteProgram } from "../../../libvirt/protocol/remote.gen.ts";
import { typedParams } from "../../../libvirt/typed_params.ts";

const undefineFlags = flagSet(constants.VirDomainUndefineFlagsValues, "VIR_DOMAIN_UNDEFINE_");

Deno.test("flags are libvirt's bits", () => {
  assertEquals(undefineFlags({ nvram: true, tpm: true, snapshotsMetadata: true, keepNvram: false }), 4 | 32 | 2);
  assertEquals(undefineFlags(), 0);
  const stats = flagSet(constants.VirConnectGetAllDomainStatsFlags, "VIR_CONNECT_GET_ALL_DOMAINS_STATS_");
  assertEquals(stats({ enforceStats: true }), 0x80000000);
});

Deno.test("a flag that does not exist is an error and not silence", () => {
  const misspelt: object = { nvrom: true };
  assertThrows(() => undefineFlags(misspelt), LibvirtError, "nvrom is no flag here; there are managedSave");
});

Deno.test("values read by name, and a newer daemon's by number", () => {
  assertEquals([domainState(1), domainState(5), domainState(77)], ["running", "shutoff", "unknown-77"]);
  assertEquals([stateReason(1, 1), stateReason(3, 5), stateReason(5, 99)], ["booted", "ioerror", "unknown-99"]);
  assertEquals(nameSet(constants.VirStorageVolType, "VIR_STORAGE_VOL_")(0), "file");
});

Deno.test("typed parameters read as a plain object", () => {
  const params = typedParams([
    { field: "a", value: { type: 1, value: -1 } },
    { field: "b", value: { type: 4, value: 2n ** 40n } },
    { field: "c", value: { type: 6, value: 1 } },
    { field: "d", value: { type: 7, value: "text" } },
  ]);
  assertEquals(params, { a: -1, b: 2 ** 40, c: true, d: "text" });
});

const wire = { domain: 10, level: 2, str1: null, str2: null, str3: null, int1: -1, int2: 0 };

Deno.test("the daemon's errors have libvirt's names", () => {
  const error = fromWire({ ...wire, code: 42, message: "Domain not found" }, "DOMAIN_LOOKUP_BY_NAME");
  assertEquals([error.code, error.domain, error.message], ["VIR_ERR_NO_DOMAIN", "VIR_FROM_QEMU", "Domain not found"]);
  assertEquals([error.level, error.origin, error.procedure], ["error", "daemon", "DOMAIN_LOOKUP_BY_NAME"]);
  const newer = fromWire({ ...wire, code: 9999, domain: 8888, message: null }, "X");
  assertEquals([newer.code, newer.domain], ["VIR_ERR_9999", "VIR_FROM_8888"]);
});

Deno.test("a call that an older daemon does not know says so", () => {
  const error = fromWire(
    { ...wire, code: 39, domain: 7, message: "unknown procedure: 453" },
    "DOMAIN_SET_THROTTLE_GROUP",
  );
  assertEquals(error.code, "VIR_ERR_NO_SUPPORT");
  assertEquals(
    error.message,
    "this libvirt is too old for DOMAIN_SET_THROTTLE_GROUP: its daemon does not know the call",
  );
});

Deno.test("every kind of event is carried by a message of the protocol, and numbered as libvirt numbers it", () => {
  const ids = new Set<string>();
  for (const [name, { family, id, message }] of Object.entries(EVENT_KINDS)) {
    assertEquals(typeof remoteProgram.procedures[message]?.msg, "string", name);
    ids.add(`${family}:${id}`);
  }
  assertEquals(ids.size, Object.keys(EVENT_KINDS).length);
  // Two older forms of events are left out: IO_ERROR and BLOCK_JOB, which IO_ERROR_REASON and BLOCK_JOB_2 supersede.
  const left = Object.values(constants.VirDomainEventID).filter((id) => !ids.has(`domain:${id}`));
  assertEquals(left, [
    constants.VirDomainEventID.VIR_DOMAIN_EVENT_ID_IO_ERROR,
    constants.VirDomainEventID.VIR_DOMAIN_EVENT_ID_BLOCK_JOB,
  ]);
});
