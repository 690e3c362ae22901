import { assertEquals } from "@std/assert";
import { textOf } from "../../../ui/change_text.ts";

Deno.test("a file is its text under its mode, a secret only what it is, nothing is nothing", () => {
  assertEquals(textOf({ kind: "file", mode: "0644", text: "a\n" }), "# mode 0644\na\n");
  assertEquals(textOf({ kind: "file", mode: "0600", what: "a new key" }), "# mode 0600\n# a new key\n");
  assertEquals(textOf({ kind: "link", target: "/etc/x" }), "link to /etc/x\n");
  assertEquals(textOf({ kind: "command", argv: ["update-grub"] }), "update-grub");
  assertEquals(textOf(null), "");
});
