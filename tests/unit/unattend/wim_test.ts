/** Choosing an image from what a Windows medium says it has. */
import { assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { chooseImage, parseWimXml } from "../../../provision/unattend/wim.ts";
import { planFor } from "./wishes.ts";

interface Image {
  readonly name: string;
  readonly edition: string;
  readonly type?: string;
  readonly arch?: number;
  readonly languages?: readonly string[];
}

/** As Microsoft's own media have it: UTF-16LE with a byte order mark. */
function wim(...images: Image[]) {
  const text = images.map(({ name, edition, type = "Client", arch = 9, languages = ["en-US"] }, index) =>
    `<IMAGE INDEX="${index + 1}"><DIRCOUNT>1</DIRCOUNT><WINDOWS><ARCH>${arch}</ARCH><EDITIONID>${edition}</EDITIONID>` +
    `<INSTALLATIONTYPE>${type}</INSTALLATIONTYPE><LANGUAGES>${
      languages.map((one) => `<LANGUAGE>${one}</LANGUAGE>`).join("")
    }` +
    `<DEFAULT>${languages[0]}</DEFAULT></LANGUAGES></WINDOWS><NAME>${name}</NAME></IMAGE>`
  ).join("");
  const units = Uint16Array.from(`\ufeff<WIM><TOTALBYTES>1</TOTALBYTES>${text}</WIM>`, (unit) => unit.charCodeAt(0));
  return parseWimXml(new Uint8Array(units.buffer));
}

const consumer = wim(
  { name: "Windows 11 Home", edition: "Core" },
  { name: "Windows 11 Pro", edition: "Professional" },
  { name: "Windows 11 Pro Éducation", edition: "ProfessionalEducation", languages: ["fr-FR", "en-US"] },
);
const server = wim(
  { name: "Windows Server 2022 SERVERSTANDARDCORE", edition: "ServerStandardEval", type: "Server Core" },
  { name: "Windows Server 2022 SERVERSTANDARD", edition: "ServerStandardEval", type: "Server" },
);

Deno.test("an image is found by edition, by EDITIONID and by its own name", () => {
  const index = (images: typeof consumer, wanted: string, version: "11" | "server2022" = "11") =>
    chooseImage(images, wanted, version).image.index;
  assertEquals(index(consumer, "Pro"), 2);
  assertEquals(index(consumer, "core"), 1);
  assertEquals(index(consumer, "windows 11 pro éducation"), 3);
  assertEquals(index(server, "Standard", "server2022"), 2);
  assertEquals(index(server, "Standard Core", "server2022"), 1);
});

Deno.test("what a medium does not have is refused with what it has; other machines' images do not count", () => {
  const error = assertThrows(() => chooseImage(consumer, "Enterprise", "11"), AppError, "does not have it");
  assertEquals(error.hint, 'It has: "Windows 11 Home", "Windows 11 Pro", "Windows 11 Pro Éducation"');
  const arm = wim({ name: "Windows 11 Pro", edition: "Professional", arch: 12 });
  assertEquals(
    assertThrows(() => chooseImage(arm, "Pro", "11"), AppError).hint,
    "It has no image for amd64: take another medium",
  );
});

Deno.test("evaluation media get no key; others that of their edition; a person's own key goes before both", () => {
  const evaluation = planFor({ windows: { version: "server2022" }, images: server }).input;
  assertEquals([evaluation.productKey, evaluation.image], [null, { key: "/IMAGE/INDEX", value: "2" }]);
  const retail = planFor({ images: consumer }).input;
  assertEquals([retail.productKey, retail.image?.value], ["VK7JG-NPHTM-C97JM-9MPGT-3V66T", "2"]);
  const own = planFor({ images: consumer, productKey: "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE" }).input;
  assertEquals(own.productKey, "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE");
});

Deno.test("a language that is not on the medium is not asked of Setup", () => {
  const { input, notes } = planFor({ windows: { language: "de-AT" }, images: consumer });
  assertEquals([input.language.ui, input.language.locale], ["en-US", "de-AT"]);
  assertEquals(notes.map((note) => note.code), ["language-not-on-medium"]);
  const french = planFor({ windows: { language: "fr-FR", edition: "Pro Education" }, images: consumer });
  assertEquals([french.input.language.ui, french.notes], ["fr-FR", []]);
});

Deno.test("what is no WIM's XML is refused", () => {
  for (const bytes of [new Uint8Array(), new Uint8Array([1, 2, 3]), new TextEncoder().encode("<WIM/>")]) {
    assertThrows(() => parseWimXml(bytes), AppError);
  }
  assertEquals(wim(), []);
});
