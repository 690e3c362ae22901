/** Languages, keyboards, time zones and editions, and what is read of the host. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { editions, editionsOf, findEdition, releases } from "../../../provision/unattend/editions.ts";
import { readHostLocale } from "../../../provision/unattend/host_locale.ts";
import { inputLocale, keyboardIdentifier } from "../../../provision/unattend/keyboards.ts";
import { mediaLanguages, tagOfPosixLocale, windowsLanguage } from "../../../provision/unattend/languages.ts";
import { computerName } from "../../../provision/unattend/names.ts";
import { parseStage, stages } from "../../../provision/unattend/stages.ts";
import { windowsTimeZone } from "../../../provision/unattend/time_zones.ts";
import { planFor } from "./wishes.ts";

Deno.test("time zones: CLDR's names, older names and Windows' own names of the same zone", () => {
  const expected: Record<string, string | null> = {
    "Europe/Berlin": "W. Europe Standard Time",
    "Asia/Calcutta": "India Standard Time",
    "Asia/Kolkata": "India Standard Time",
    "Europe/Kyiv": "FLE Standard Time",
    "US/Eastern": "Eastern Standard Time",
    "America/Argentina/Buenos_Aires": "Argentina Standard Time",
    "Etc/UTC": "UTC",
    "UTC": "UTC",
    "Etc/GMT-2": "South Africa Standard Time",
    "tokyo standard time": "Tokyo Standard Time",
    "Mars/Olympus": null,
    "": null,
  };
  for (const [name, windows] of Object.entries(expected)) assertEquals(windowsTimeZone(name), windows, name);
  // Every zone of this program's ICU is either known to Windows or one of the few that have no people.
  const unknown = Intl.supportedValuesOf("timeZone").filter((zone) => windowsTimeZone(zone) === null);
  assert(
    unknown.length < 15 && unknown.every((zone) => /^(Antarctica|America|Pacific|Asia)\//.test(zone)),
    `${unknown}`,
  );
});

Deno.test("languages: a region keeps its formats and speaks what media speak; LCIDs are unique", () => {
  assertEquals(windowsLanguage("de-AT"), { ui: "de-DE", locale: "de-AT", lcid: "0c07" });
  assertEquals(windowsLanguage("en-us"), { ui: "en-US", locale: "en-US", lcid: "0409" });
  assertEquals(windowsLanguage("de-LU")?.ui, "de-DE");
  assertEquals(windowsLanguage("no")?.ui, "nb-NO");
  assertEquals(windowsLanguage("pt")?.ui, "pt-PT");
  assertEquals(windowsLanguage("eo"), null);
  const ids = mediaLanguages.map((tag) => windowsLanguage(tag)!.lcid);
  assertEquals(new Set(ids).size, 38);
  for (const id of ids) assert(/^[0-9a-f]{4}$/.test(id), id);
  assertEquals(["C", "POSIX", "C.UTF-8"].map(tagOfPosixLocale), [null, null, null]);
  assertEquals(["de_AT.UTF-8@euro", "pt_BR", "eo"].map(tagOfPosixLocale), ["de-AT", "pt-BR", "eo"]);
});

Deno.test("keyboards: XKB's and the console's names, and what Windows calls them itself", () => {
  const german = windowsLanguage("de-DE")!;
  assertEquals(["de", "de:nodeadkeys", "de-latin1-nodeadkeys", "uk", "us:intl", "trf", "xx"].map(keyboardIdentifier), [
    "00000407",
    "00000407",
    "00000407",
    "00000809",
    "00020409",
    "0001041f",
    null,
  ]);
  assertEquals(inputLocale("us", german), "0407:00000409");
  assertEquals(inputLocale(null, german), "de-DE");
  assertEquals(inputLocale("0407:00010409", german), "0407:00010409");
  assertEquals(inputLocale("constructor", german), null);
  assertEquals(inputLocale("us", windowsLanguage("ko-KR")!), "ko-KR");
});

Deno.test("the host's own time zone, keyboard and language, wherever its distribution keeps them", () => {
  const read = (tree: Parameters<typeof MemoryDisk.from>[0]) => readHostLocale(fakeHost(MemoryDisk.from(tree)));
  assertEquals(
    read({
      "/etc/localtime": { link: "/usr/share/zoneinfo/Europe/Vienna" },
      "/etc/timezone": "Europe/Berlin\n",
      "/etc/default/keyboard": 'XKBMODEL="pc105"\nXKBLAYOUT="ch,us"\nXKBVARIANT="fr,"\n',
      "/etc/default/locale": "LANG=de_AT.UTF-8\n",
    }),
    { timeZone: "Europe/Vienna", keyboard: "ch:fr", language: "de-AT" },
  );
  assertEquals(
    read({
      "/etc/timezone": "Etc/UTC\n",
      "/etc/vconsole.conf": "KEYMAP=uk # mine\n",
      "/etc/locale.conf": 'LANG="C.UTF-8"\n',
    }),
    { timeZone: "Etc/UTC", keyboard: "uk", language: null },
  );
  assertEquals(read({}), { timeZone: null, keyboard: null, language: null });
  assertEquals(
    read({
      "/etc/timezone": "$(id)\n",
      "/etc/default/keyboard": "XKBLAYOUT=a;b\n",
      "/etc/default/locale": "LANG=../x\n",
    }),
    { timeZone: null, keyboard: null, language: null },
  );
});

Deno.test("a host whose keyboard or zone Windows does not know gets defaults; an answer that is wrong is refused", () => {
  const odd = planFor({ host: { timeZone: "Mars/Olympus", keyboard: "klingon", language: "tlh" } });
  assertEquals([odd.input.timeZone, odd.input.language.input, odd.input.language.ui], ["UTC", "en-US", "en-US"]);
  assertEquals(odd.notes.map((note) => note.code), ["language-not-checked", "time-zone-unknown"]);
  for (
    const [windows, word] of [
      [{ timeZone: "Mars/Olympus" }, "windows.timeZone"],
      [{ keyboard: "klingon" }, "windows.keyboard"],
      [{ language: "tlh" }, "windows.language"],
      [{ edition: "Ultimate" }, "windows.edition"],
      [{ edition: "Datacenter" }, "windows.edition"],
      [{ account: { name: "administrator" } }, "windows.account.name"],
    ] as const
  ) {
    const error = assertThrows(() => planFor({ windows }), AppError, word);
    assertEquals(error.code, "answer-invalid");
  }
  assertEquals(assertThrows(() => planFor({ windows: { account: {} } }), AppError).code, "answer-missing");
});

Deno.test("editions: every one has a key of the right form for each of its versions, and is found by either name", () => {
  for (const edition of editions) {
    for (const key of Object.values(edition.key)) assert(/^([A-Z0-9]{5}-){4}[A-Z0-9]{5}$/.test(key), key);
  }
  for (const version of Object.keys(releases) as (keyof typeof releases)[]) {
    assert(findEdition(releases[version].defaultEdition, version) !== null, version);
    for (const edition of editionsOf(version)) assertEquals(findEdition(edition.name.toUpperCase(), version), edition);
  }
  assertEquals(findEdition("Professional", "11")?.name, "Pro");
  assertEquals(findEdition("Pro", "server2022"), null);
});

Deno.test("an installation is for one disk; kiosk and startup programs must be startable", () => {
  for (
    const [vm, word] of [
      [{ disks: [{}, {}] }, "vm.disks has 2"],
      [{ os: "linux" as const }, "vm.os"],
      [{ kiosk: true }, "vm.kiosk"],
      [{ startupApps: ["x".repeat(260)] }, "260 characters"],
      [{ startupApps: [" "] }, "names no program"],
    ] as const
  ) {
    assertThrows(() => planFor({ vm: vm as never }), AppError, word);
  }
  const { settings } = planFor({
    vm: {
      startupApps: ['"C:\\Program Files\\a.exe" --x="%PATH%"'],
      kiosk: true,
      display: { spice: true },
      guestAgent: false,
    },
  });
  assertEquals([settings.kiosk, settings.spiceAgent, settings.guestAgent, settings.lookingGlass], [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("computer names are NetBIOS names and never the account's", () => {
  const expected: readonly (readonly [string, string])[] = [
    ["windows11", "windows11"],
    ["a_very.long_name-of-mine", "a-very-long-nam"],
    ["1234", "PC-1234"],
    ["___", "PC"],
    ["Ada", "PC-Ada"],
    ["exactly-fifteen-chars", "exactly-fifteen"],
    ["_x", "x"],
  ];
  for (const [vm, computer] of expected) assertEquals(computerName(vm, "ada"), computer, vm);
});

Deno.test("only whole lines with a known stage are stages", () => {
  for (const name of Object.keys(stages)) assertEquals(parseStage(`NEURON-STAGE ${name}\r`), name);
  for (const line of ["NEURON-STAGE toString", "NEURON-STAGE ", "x NEURON-STAGE done", "NEURON-STAGE done; rm", ""]) {
    assertEquals(parseStage(line), null, line);
  }
});
