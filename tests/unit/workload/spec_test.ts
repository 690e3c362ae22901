import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Answers, parseAnswers } from "../../../model/answers.ts";
import { AppError } from "../../../model/errors.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { openHost } from "../../../provision/host/open.ts";
import { rowNamed } from "../../../provision/media/catalogue.ts";
import { shippedProfiles } from "../../../provision/profiles.ts";
import { resolveWorkload } from "../../../provision/workload/spec.ts";
import { withHost } from "../../fixtures/hosts.ts";

const detection = await withHost("intel-z370-gt1030", (root) => detect(openHost({ root, state: `${root}/state` })));
const folder = "/var/lib/libvirt/images";
const account = { name: "ada", password: { file: "/root/password" } };

function workload(answers: object, more: { language?: string; shelved?: string } = {}) {
  return resolveWorkload({
    answers: parseAnswers(JSON.stringify(answers), "the test") as Answers,
    detection,
    profiles: shippedProfiles,
    hostLanguage: more.language ?? null,
    mediaFolder: folder,
    shelved: () => more.shelved ?? null,
  });
}

const paths = (answers: object, more = {}) => workload(answers, more).media.map(({ path }) => path);
const virtio = `${folder}/${rowNamed("virtio-win")!.file}`;

Deno.test("answers that say nothing of a VM want none", () => {
  for (const answers of [{}, { host: { gpu: "none" } }, { management: { hostname: "neuron" } }]) {
    assertEquals(workload(answers), { media: [], vm: null, install: false });
  }
});

Deno.test("an account makes it an installation, half an account names what is missing", () => {
  assertEquals(workload({ windows: {} }).install, false);
  assertEquals(workload({ windows: { account } }).install, true);
  for (const key of ["name", "password"] as const) {
    const { [key]: _, ...half } = account;
    const error = assertThrows(() => workload({ windows: { account: half } }), AppError);
    assertEquals(error.code, "answer-missing");
    assertStringIncludes(error.message, `windows.account.${key}`);
  }
});

Deno.test("media are in the VM's drives under the names they will have", () => {
  const { vm, media } = workload({ windows: { account } });
  assertEquals(media.map(({ path }) => path), [`${folder}/Windows11_Pro_en-US.iso`, virtio]);
  assertEquals(vm?.spec.cdroms, media.map(({ path }) => ({ path })));
});

Deno.test("the language is what was asked for, else the host's, else English", () => {
  assertEquals(paths({ windows: {} }, { language: "de-AT" })[0], `${folder}/Windows11_Pro_de-DE.iso`);
  assertEquals(
    paths({ windows: { language: "fr-FR" } }, { language: "de-DE" })[0],
    `${folder}/Windows11_Pro_fr-FR.iso`,
  );
  assertEquals(paths({ windows: {} }, { language: "xx" })[0], `${folder}/Windows11_Pro_en-US.iso`);
});

Deno.test("what is on the shelf, a path and a link come before any fetching", () => {
  assertEquals(paths({ windows: {} }, { shelved: "/srv/here.iso" })[0], "/srv/here.iso");
  const own = workload({ windows: { iso: "/home/ada/win.iso" }, virtio: { iso: "/home/ada/drivers.iso" } });
  assertEquals(own.media.map(({ path, from }) => [path, from.kind]), [
    ["/home/ada/win.iso", "file"],
    ["/home/ada/drivers.iso", "file"],
  ]);
  const odd: readonly (readonly [string, string])[] = [
    ["https://nas.lan/isos/Win%2011.iso?token=x", "Win_2011.iso"],
    ["https://nas.lan/", "windows.iso"],
    ["https://nas.lan/..%2f..%2fetc%2fpasswd", "windows.iso"],
    ["https://nas.lan/win.iso.part", "windows.iso"],
  ];
  for (const [link, name] of odd) assertEquals(paths({ windows: { iso: link } })[0], `${folder}/${name}`, link);
});

Deno.test("another system needs no media of Windows, a server needs its own", () => {
  for (const answers of [{ vm: { os: "linux" } }, { vm: { name: "box" } }]) {
    assertEquals(workload(answers).media, []);
    assert(workload(answers).vm !== null);
  }
  const error = assertThrows(() => workload({ windows: { version: "server2025" } }), AppError);
  assertEquals(error.code, "answer-missing");
  assertStringIncludes(error.message, "windows.iso is missing: no source gives Windows Server 2025");
});
