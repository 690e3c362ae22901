import { assertEquals } from "@std/assert";
import type { Change } from "../../../server/dto.ts";
import { attributesOf, noteOf, textOf } from "../../../ui/change_text.ts";

const change = (before: Change["before"], after: Change["after"]): Change => ({
  action: before === null ? "create" : "update",
  target: "/etc/x",
  before,
  after,
  reason: "",
});

Deno.test("a file's text is its own and nothing else; commands and nothing have none", () => {
  assertEquals(textOf({ kind: "file", mode: "0644", text: "a\n" }), "a\n");
  assertEquals(textOf({ kind: "link", target: "/etc/x" }), "link to /etc/x\n");
  assertEquals(textOf({ kind: "command", argv: ["update-grub"] }), "");
  assertEquals(textOf(null), "");
});

Deno.test("a mode is told when it is new or another one", () => {
  const file = (mode: string) => ({ kind: "file", mode, text: "" }) as const;
  assertEquals(attributesOf(change(null, file("0755"))), ["mode 0755"]);
  assertEquals(attributesOf(change(file("0644"), file("0755"))), ["mode 0644 → 0755"]);
  assertEquals(attributesOf(change(file("0644"), file("0644"))), []);
  assertEquals(attributesOf(change(null, { kind: "folder", mode: "0700" })), ["folder", "mode 0700"]);
});

Deno.test("a secret is named or said to be one, a binary has its fingerprint", () => {
  assertEquals(noteOf({ kind: "file", mode: "0600", what: "a new key" }), "a new key");
  assertEquals(noteOf({ kind: "file", sha256: "abc" }), "Not text. SHA-256 abc");
  const hidden = "Not shown: only its owner may read it. SHA-256 abc";
  assertEquals(noteOf({ kind: "file", mode: "0600", sha256: "abc" }), hidden);
  assertEquals(noteOf({ kind: "file", mode: "0644", sha256: "abc" }), "Not text. SHA-256 abc");
  assertEquals(noteOf({ kind: "file", text: "x" }), null);
});
