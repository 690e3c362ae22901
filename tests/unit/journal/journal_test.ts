import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { AppError } from "../../../model/errors.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { StateFolder } from "../../../provision/host/state.ts";
import { Journal, type JournalRecord, parseJournal, renderRecord } from "../../../provision/journal.ts";

const record = (id: number): JournalRecord => ({ type: "done", id });

function written(count: number): Uint8Array {
  let text = "";
  let sum = "";
  for (let id = 1; id <= count; id++) {
    const rendered = renderRecord(record(id), sum);
    text += rendered.line;
    sum = rendered.sum;
  }
  return new TextEncoder().encode(text);
}

Deno.test("records come back as they were written", () => {
  const { records, soundBytes } = parseJournal(written(3), "journal");
  assertEquals(records, [record(1), record(2), record(3)]);
  assertEquals(soundBytes, written(3).length);
});

Deno.test("a journal torn anywhere gives the records before the tear", () => {
  const whole = written(3);
  const [one, two] = [written(1).length, written(2).length];
  for (let length = 0; length < whole.length; length++) {
    const { records, soundBytes } = parseJournal(whole.slice(0, length), "journal");
    const count = length >= two ? 2 : length >= one ? 1 : 0;
    assertEquals(records.length, count, `torn at ${length}`);
    assertEquals(soundBytes, [0, one, two][count]);
  }
});

Deno.test("any altered byte before the last line is a named stop", () => {
  fc.assert(fc.property(fc.nat(written(2).length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
    const bytes = written(3);
    bytes[at]! ^= flip;
    const error = assertThrows(() => parseJournal(bytes, "/state/journal.jsonl"), AppError);
    assertEquals(error.code, "journal-damaged");
  }));
});

Deno.test("a missing, doubled or swapped line is a named stop", () => {
  const lines = new TextDecoder().decode(written(3)).split(/(?<=\n)/);
  const orders = [[0, 2], [1, 2], [0, 0, 1], [1, 0, 2]];
  for (const order of orders) {
    const text = order.map((index) => lines[index]).join("");
    assertThrows(() => parseJournal(new TextEncoder().encode(text), "journal"), AppError, "line");
  }
});

Deno.test("a file of zeros is no journal", () => {
  assertThrows(() => parseJournal(new Uint8Array(4096), "journal"), AppError, "holds no record");
});

Deno.test("writing goes on after a torn line", () => {
  const disk = MemoryDisk.from({ "/state/journal.jsonl": "" });
  const state = new StateFolder(disk, "/state");
  Journal.open(state).append(record(1));
  state.append("journal.jsonl", new TextEncoder().encode('{"type":"don'));
  const journal = Journal.open(state);
  assertEquals(journal.records, [record(1)]);
  assertEquals(journal.nextId(), 2);
  journal.append(record(2));
  assertEquals(Journal.open(state).records, [record(1), record(2)]);
});

Deno.test("opening a journal writes nothing", () => {
  const disk = MemoryDisk.from({ "/keep": "" });
  const before = disk.snapshot();
  assertEquals(Journal.open(new StateFolder(disk, "/state")).records, []);
  assertEquals(disk.snapshot(), before);
});
