import { assertEquals } from "@std/assert";
import { count, formatKib, formatRanges, visible, visibleLines } from "../../../ui/words.ts";

Deno.test("sizes are said in the unit a person would choose", () => {
  assertEquals([1024, 1536 * 1024, 16 * 1024 * 1024, 512, 100].map(formatKib), [
    "1 MiB",
    "1.5 GiB",
    "16 GiB",
    "512 KiB",
    "100 KiB",
  ]);
  assertEquals([count(1, "VM"), count(1_000, "VM")], ["1 VM", "1,000 VMs"]);
  assertEquals(formatRanges([8, 0, 1, 2, 3]), "0-3, 8");
  assertEquals(formatRanges([]), "");
});

Deno.test("direction, control and separator characters are shown; letters, accents, emoji and joiners stay", () => {
  assertEquals(visible("a\u202egnp.exe\x1b[1m\n"), "a\\u{202e}gnp.exe\\u{1b}[1m\\u{a}");
  assertEquals(visibleLines("a\tb\n\u202ec"), "a\tb\n\\u{202e}c");
  for (const name of ["Größe", "машина", "名前", "👩‍💻", "می‌خواهم", "<b>&"]) assertEquals(visible(name), name);
});
