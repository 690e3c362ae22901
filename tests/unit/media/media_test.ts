/** The pure parts of downloading: ranges, addresses, validators, kinds, patience, the table of faults. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseRetryAfter } from "../../../provision/media/answer_status.ts";
import { isPublicAddress } from "../../../provision/media/addresses.ts";
import { consequenceOf, explain, Fault, faultKinds } from "../../../provision/media/faults.ts";
import { checkKind, isKind, kindOf, looksLikeHtml } from "../../../provision/media/file_kinds.ts";
import { defaultPatience, Patience } from "../../../provision/media/patience.ts";
import { type MediaProgress, ProgressMeter } from "../../../provision/media/progress.ts";
import { bytesOf, cut, frontierOf, missingOf, type Range, withRange } from "../../../provision/media/ranges.ts";
import { parseContentRange, validatorOf } from "../../../provision/media/validator.ts";
import { sizeWords } from "../../../provision/media/words.ts";

const anyRange = fc.tuple(fc.nat(60), fc.nat(20)).map(([start, length]): Range => [start, start + length]);

Deno.test("ranges hold exactly the bytes that were added, and miss exactly the others", () => {
  fc.assert(fc.property(fc.array(anyRange), fc.integer({ min: 1, max: 16 }), (added, pieceBytes) => {
    const ranges = added.reduce<Range[]>(withRange, []);
    const there = new Set(added.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i)));
    const within = (list: readonly Range[], at: number) => list.some(([start, end]) => at >= start && at < end);
    const missing = cut(missingOf(ranges, 80), pieceBytes);
    for (let at = 0; at < 80; at++) {
      assertEquals(within(ranges, at), there.has(at));
      assertEquals(missing.filter(([start, end]) => at >= start && at < end).length, there.has(at) ? 0 : 1);
    }
    assertEquals(bytesOf(ranges), there.size);
    assertEquals(frontierOf(ranges), Array.from({ length: 81 }, (_, i) => i).find((at) => !there.has(at)));
    assert(ranges.every(([, end], i) => i === ranges.length - 1 || end < ranges[i + 1]![0]));
    assert(missing.every(([start, end]) => end > start && end - start <= pieceBytes));
  }));
});

Deno.test("only addresses of the public internet are public", () => {
  const isPublic = [
    "1.1.1.1",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.0.1",
    "2606:4700::1111",
    "2a02::1",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
    "2001:4860:4860::8888",
  ];
  const isPrivate = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "100::1",
    "localhost",
    "",
    "1.1.1",
  ];
  for (const address of isPublic) assertEquals(isPublicAddress(address), true, address);
  for (const address of isPrivate) assertEquals(isPublicAddress(address), false, address);
});

Deno.test("validators are strong or none", () => {
  const of = (headers: Record<string, string>) => validatorOf({ header: (name) => headers[name] ?? null });
  const date = "Wed, 01 Jan 2025 00:00:10 GMT";
  assertEquals(of({ etag: '"a"' }), { etag: '"a"' });
  assertEquals(of({ etag: 'W/"a"' }), null);
  assertEquals(of({ etag: "a" }), null);
  assertEquals(of({ "last-modified": "Wed, 01 Jan 2025 00:00:00 GMT", date }), {
    lastModified: "Wed, 01 Jan 2025 00:00:00 GMT",
  });
  assertEquals(of({ "last-modified": date, date }), null);
  assertEquals(of({ "last-modified": "Wed, 01 Jan 2025 00:00:00 GMT" }), null);
  assertEquals(of({}), null);
});

Deno.test("Content-Range is read, or not believed", () => {
  assertEquals(parseContentRange("bytes 0-99/1234"), { start: 0, end: 100, total: 1234 });
  assertEquals(parseContentRange("bytes 5-5/*"), { start: 5, end: 6, total: null });
  for (const bad of [null, "", "bytes 9-1/20", "bytes 0-20/20", "items 0-1/2", "bytes */20", "bytes 0-1/2, 3"]) {
    assertEquals(parseContentRange(bad), null);
  }
});

Deno.test("files are known by their marks, pages by theirs", () => {
  const iso = new Uint8Array(0x9000);
  iso.set(new TextEncoder().encode("CD001"), 0x8001);
  assertEquals(kindOf(iso), "iso");
  assertEquals(kindOf(new TextEncoder().encode("MSWIM\0\0\0rest")), "wim");
  assertEquals(kindOf(Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3)), "qcow2");
  assertEquals(kindOf(new Uint8Array(10)), "any");
  assertEquals(isKind(new Uint8Array(0), "iso"), false);
  const page = (text: string) => looksLikeHtml(new TextEncoder().encode(text));
  for (const text of ["<!DOCTYPE html>", "\ufeff \n<html lang=en>", "<!-- x --><HEAD>", "<script>"]) {
    assert(page(text), text);
  }
  for (const text of ["", "<?xml version='1.0'?><files>", "CD001 <html>", "<htmlx>"]) {
    assertEquals(page(text), false, text);
  }
  assertThrows(() => checkKind(new TextEncoder().encode("<html>"), "any"), Fault, "web page");
  assertThrows(() => checkKind(new Uint8Array(9), "wim"), Fault, "not a Windows image");
});

Deno.test("every fault has a consequence, a sentence and a cure, and none is retried without end", () => {
  for (const kind of faultKinds) {
    const fault = new Fault(kind, "something stood in the way");
    const error = explain("x.iso", fault);
    assert(error.message.startsWith("Cannot download x.iso: ") && (error.hint ?? "").length > 10, kind);
    for (const progress of [0, 10 << 20]) {
      const patience = new Patience(defaultPatience, true);
      let rounds = 0;
      // With progress each time, `again` may go on as long as the file is long; nothing else may.
      while (rounds < 50 && patience.judge(fault, progress * ++rounds).next !== "stop");
      const endless = consequenceOf(kind).then === "again" || consequenceOf(kind).then === "relink";
      assert(progress > 0 && endless ? rounds === 50 : rounds <= 6, `${kind}: ${rounds} rounds`);
    }
  }
});

Deno.test("patience doubles its delay, obeys Retry-After, and starts from zero only twice", () => {
  const patience = new Patience(defaultPatience, false);
  const delays = Array.from({ length: 6 }, () => patience.judge(new Fault("cut", ""), 0)).map((verdict) =>
    verdict.next === "stop" ? "stop" : verdict.delayMs
  );
  assertEquals(delays, [1000, 2000, 4000, 8000, 16000, "stop"]);
  const busy = new Patience(defaultPatience, false);
  assertEquals(busy.judge(new Fault("busy", "", { retryAfterMs: 7000 }), 0), { next: "again", delayMs: 7000 });
  assertEquals(busy.judge(new Fault("busy", "", { retryAfterMs: 3_600_000 }), 0), { next: "stop" });
  const fresh = new Patience(defaultPatience, false);
  const next = () => fresh.judge(new Fault("changed", ""), total += 9 << 20).next;
  let total = 0;
  assertEquals([next(), next(), next()], ["fresh", "fresh", "stop"]);
  assertEquals(new Patience(defaultPatience, false).judge(new Fault("link-spent", ""), 0).next, "stop");
});

Deno.test("Retry-After is seconds or a date", () => {
  const now = Date.parse("Wed, 01 Jan 2025 00:00:00 GMT");
  assertEquals(parseRetryAfter("120", now), 120_000);
  assertEquals(parseRetryAfter("Wed, 01 Jan 2025 00:01:00 GMT", now), 60_000);
  assertEquals(parseRetryAfter("Tue, 31 Dec 2024 00:00:00 GMT", now), 0);
  assertEquals([parseRetryAfter("soon", now), parseRetryAfter(null, now)], [undefined, undefined]);
});

Deno.test("progress is told four times a second, with the speed of the last seconds", () => {
  let nowMs = 0;
  const seen: MediaProgress[] = [];
  const meter = new ProgressMeter((each) => seen.push(each), () => nowMs);
  for (; nowMs <= 20_000; nowMs += 50) {
    meter.update("x", nowMs < 10_000 ? nowMs * 10 : 100_000 + (nowMs - 10_000), 200_000);
  }
  assertEquals(seen.length, 81);
  assertEquals(seen.find(({ done }) => done >= 50_000)!.bytesPerSecond, 10_000);
  const last = seen.at(-1)!;
  assertEquals([last.bytesPerSecond, last.etaMs], [1000, 90_000]);
});

Deno.test("sizes in words", () => {
  assertEquals([0, 1023, 1536, 789645312, 6e9].map(sizeWords), [
    "0 bytes",
    "1023 bytes",
    "1.5 KiB",
    "753 MiB",
    "5.6 GiB",
  ]);
});
