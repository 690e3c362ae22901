import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import type { FileStatus, HostFiles } from "../../../provision/host/host.ts";
import { renderDomain } from "../../../provision/vm/render_domain.ts";
import { templateOverrides } from "../../../provision/vm/template_overrides.ts";
import { example } from "./specs.ts";

const FILE = "/etc/neuron/templates/other.eta";

function files(
  text: string | null,
  odd: Record<string, Partial<FileStatus>> = {},
): Pick<HostFiles, "readText" | "stat"> {
  const stat = (path: string): FileStatus => ({
    kind: path === FILE ? "file" : "folder",
    mode: path === FILE ? 0o644 : 0o755,
    uid: 0,
    gid: 0,
    sizeBytes: 1,
    mtimeMs: null,
    ...odd[path],
  });
  return { readText: (path) => path === FILE ? text : null, stat };
}

Deno.test("templateOverrides() takes root's template before the built-in one, and no other", () => {
  assertEquals(templateOverrides(files("mine"))("other"), "mine");
  assertEquals(templateOverrides(files("mine"))("linux"), null);
  assertEquals(templateOverrides(files(null))("other"), null);
});

Deno.test("templateOverrides() refuses a template that others than root could change", () => {
  const cases: Record<string, Partial<FileStatus>>[] = [
    { [FILE]: { uid: 1000 } },
    { [FILE]: { mode: 0o664 } },
    { [FILE]: { mode: 0o646 } },
    { [FILE]: { kind: "link" } },
    { "/etc/neuron/templates": { mode: 0o777 } },
    { "/etc/neuron": { uid: 1000 } },
  ];
  for (const odd of cases) {
    const error = assertThrows(() => templateOverrides(files("mine", odd))("other"), AppError);
    assertEquals(error.code, "forbidden");
  }
});

Deno.test("renderDomain() says where to look when an override is no XML or asks for what is not there", () => {
  const { spec, facts } = example({ host: { gpu: "none" }, vm: { os: "other" } });
  for (
    const text of [
      "<domain>",
      "<domain><%= it.nonsense %></domain>",
      "<% while %>",
      "<domain><%~ include('gone') %></domain>",
    ]
  ) {
    const error = assertThrows(() => renderDomain(spec, facts, templateOverrides(files(text))), AppError);
    assertEquals(error.code, "template-invalid", text);
    assertStringIncludes(error.hint!, "/etc/neuron/templates");
  }
});
