import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DOMParser } from "@xmldom/xmldom";
import fc from "fast-check";
import { builtIn } from "../../../templates/built_in.ts";
import { TemplateError, xmlEscape } from "../../../templates/escape.ts";
import { renderTemplate } from "../../../templates/render.ts";

Deno.test("xmlEscape() gives text that any XML reader reads back exactly, in content and in attributes", () => {
  const clean = fc.string({ unit: "grapheme" }).filter((text) => {
    try {
      return xmlEscape(text) !== undefined;
    } catch {
      return false;
    }
  });
  const any = fc.oneof(
    clean,
    fc.array(
      fc.constantFrom("<", "&", '"', "'", "]]>", "\n", "\r", "\t", "\u0085", "\u2028", "&amp;", "<!--", "é", "😀"),
    ).map((parts) => parts.join("")),
  );
  fc.assert(fc.property(any, (text) => {
    const document = new DOMParser().parseFromString(
      `<a b="${xmlEscape(text)}" c='${xmlEscape(text)}'>${xmlEscape(text)}</a>`,
      "text/xml",
    );
    const element = document.documentElement!;
    assertEquals([element.getAttribute("b"), element.getAttribute("c"), element.textContent], [text, text, text]);
  }));
});

Deno.test("xmlEscape() refuses what no XML can hold, and what is not there", () => {
  for (const value of ["\u0000", "\u001b[31m", "\u000b", "\ufffe", "\ud800", undefined, null, {}, NaN, () => 1]) {
    assertThrows(() => xmlEscape(value), TemplateError);
  }
});

Deno.test("renderTemplate() makes what the input lacks an error that names the template", () => {
  const error = assertThrows(
    () => renderTemplate("mine", {}, (name) => name === "mine" ? "<a><%= it.nothing %></a>" : null),
    TemplateError,
  );
  assertStringIncludes(error.message, '"mine"');
  assertThrows(() => renderTemplate("missing", {}), TemplateError, "missing");
  assertThrows(() => renderTemplate("mine", {}, () => "<% if ( %>"), TemplateError);
});

Deno.test("renderTemplate() takes an override before the built-in template, also for a partial", () => {
  const text = renderTemplate(
    "other",
    { hostdevs: [] },
    (name) =>
      name === "linux"
        ? '<domain><%~ include("partials/hostdevs", { hostdevs: [], usb: [] }) %><%~ include("mine", it) %></domain>'
        : name === "mine"
        ? "<b/>"
        : null,
  );
  assertEquals(text, "<domain><b/></domain>");
});

Deno.test("the built-in templates print nothing unescaped but other templates", () => {
  for (const [name, text] of Object.entries(builtIn)) {
    const raw = [...text.matchAll(/<%[-_]?\s*~\s*(.*?)\s*[-_]?%>/g)].map((match) => match[1]!).filter((code) =>
      !/^include\("[\w/-]+", it\)$/.test(code)
    );
    assertEquals(raw, [], name);
  }
});
