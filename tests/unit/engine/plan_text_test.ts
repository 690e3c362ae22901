import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { renderPlanText, unifiedDiff } from "../../../provision/plan_text.ts";
import type { Plan } from "../../../provision/step.ts";

Deno.test("a diff reads as diff -u prints it", async () => {
  const line = fc.constantFrom("a", "b", "c", "", "d e");
  const text = fc.array(line, { maxLength: 14 }).chain((lines) =>
    fc.constantFrom(lines.join("\n"), lines.map((one) => `${one}\n`).join(""))
  );
  const pairs = fc.sample(fc.tuple(text, text), { numRuns: 60, seed: 7 });
  const folder = Deno.makeTempDirSync();
  try {
    for (const [before, after] of pairs) {
      Deno.writeTextFileSync(`${folder}/before`, before);
      const diff = unifiedDiff(`${folder}/before`, before, after);
      if (diff === "") {
        assertEquals(before, after);
        continue;
      }
      // The system's own patch is the judge: what it makes of the diff must be the other text.
      const child = new Deno.Command("git", {
        args: ["apply", "--unsafe-paths", "-p0", "-"],
        cwd: "/",
        stdin: "piped",
        stderr: "piped",
      });
      assertEquals(await patched(before, diff, folder, child), after, diff);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

async function patched(before: string, diff: string, folder: string, command: Deno.Command): Promise<string> {
  Deno.writeTextFileSync(`${folder}/before`, before);
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(diff));
  await writer.close();
  const { success, stderr } = await child.output();
  if (!success) throw new Error(`${new TextDecoder().decode(stderr)}\n${diff}`);
  return Deno.readTextFileSync(`${folder}/before`);
}

Deno.test("a file cannot speak to the terminal through a diff", () => {
  const diff = unifiedDiff("/f", null, "\x1b[2Jgone\u202e\r\n");
  assertStringIncludes(diff, "+\\u001b[2Jgone\\u202e\\u000d");
});

Deno.test("a plan shows diffs for files, a line for the rest, and what it comes to", () => {
  const plan: Plan = {
    schema: "neuron.plan/1",
    phase: "host",
    digest: "sha256:00",
    rebootNeeded: true,
    steps: [{
      name: "libvirt",
      title: "libvirt",
      changes: [
        {
          action: "update",
          target: "/etc/f",
          before: { kind: "file", mode: "0644", text: "a\n" },
          after: { kind: "file", mode: "0600", text: "b\n" },
          reason: "why",
          needs: "reboot",
        },
        { action: "create", target: "/etc/l", before: null, after: { kind: "link", target: "/x" }, reason: "why" },
        {
          action: "run",
          target: "update-grub",
          before: null,
          after: { kind: "command", argv: ["update-grub"] },
          reason: "why",
        },
      ],
    }],
  };
  assertEquals(
    renderPlanText(plan),
    `libvirt: libvirt
  update /etc/f (reboot) — why
  mode 0644 -> 0600
  --- /etc/f
  +++ /etc/f
  @@ -1 +1 @@
  -a
  +b
  create /etc/l — why
  nothing -> link to /x
  run update-grub — why

2 files, 1 command; a reboot is needed. sha256:00`,
  );
  assertEquals(renderPlanText({ ...plan, steps: [] }), "Nothing to change.");
});
