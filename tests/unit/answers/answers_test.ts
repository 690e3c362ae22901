import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseAnswers } from "../../../model/answers.ts";
import { AppError } from "../../../model/errors.ts";

function refused(text: string): AppError {
  const error = assertThrows(() => parseAnswers(text, "answers.json"), AppError);
  assertEquals(error.code, "answer-invalid");
  assert(error.hint !== undefined);
  assertStringIncludes(error.message, "answers.json");
  return error;
}

Deno.test("parseAnswers() takes JSON with comments and trailing commas, and fills nothing in", () => {
  const text = `\ufeff{ // mine
    "schema": "neuron.answers/1", /* of 2026 */
    "vm": { "profile": "gaming", "devices": { "usb": [{ "vendorId": "046D", "productId": "c52b" }] }, },
    "host": { "gpu": "0000:0A:00.0" },
  }`;
  assertEquals(parseAnswers(text, "x"), {
    schema: "neuron.answers/1",
    vm: { profile: "gaming", devices: { usb: [{ vendorId: "046d", productId: "c52b" }] } },
    host: { gpu: "0000:0a:00.0" },
  });
  assertEquals(parseAnswers("{}", "x"), {});
});

Deno.test("parseAnswers() takes every key of the contract", () => {
  const answers = {
    schema: "neuron.answers/1",
    host: {
      gpu: "auto",
      gpuHandover: false,
      hugepages: "1G",
      isolateCpus: true,
      acsOverride: false,
      lookingGlass: "kvmfr",
    },
    vm: {
      name: "win",
      title: "Mine",
      os: "windows11",
      profile: "gaming",
      firmware: { uefi: true, secureBoot: true, tpm: true },
      cpu: { vcpus: 8, topology: { sockets: 1, cores: 4, threads: 2 }, pinning: [2, 3, 4, 5, 6, 7, 8, 9] },
      memory: { mib: 16384, hugepages: "1G" },
      disks: [{
        pool: "default",
        volume: "a.qcow2",
        sizeGib: 100,
        format: "qcow2",
        bus: "virtio",
        cache: "none",
        discard: "unmap",
      }],
      cdroms: [{ path: "/srv/win.iso" }, { path: null }],
      network: { mode: "bridge", source: "br0", model: "virtio" },
      devices: {
        gpu: { mode: "passthrough", address: "0000:01:00.0", audio: false, romFile: "/srv/card.rom" },
        pci: ["0000:03:00.0"],
        usb: [{ port: "1-4.2" }],
        evdev: ["/dev/input/by-id/usb-keyboard-event-kbd"],
      },
      display: {
        vnc: true,
        spice: true,
        lookingGlass: {
          enabled: true,
          width: 2560,
          height: 1440,
          refreshHz: 144,
          hdr: true,
          backend: "kvmfr",
          fullScreen: true,
          borderless: true,
          grabKeyboard: true,
          escapeKey: "KEY_F12",
          noScreensaver: true,
          autostart: true,
        },
      },
      guestAgent: true,
      autostart: true,
      startupApps: ["C:\\app.exe"],
      kiosk: true,
      tags: ["home"],
      notes: "two\nlines",
    },
    windows: {
      version: "11",
      edition: "Pro",
      language: "en-US",
      keyboard: "0407:00000407",
      timeZone: "Europe/Berlin",
      productKey: { file: "key.txt" },
      account: { name: "Ada", password: { env: "ADA_PASSWORD" } },
      iso: "https://example.org/win.iso",
    },
    virtio: { iso: "/srv/virtio-win.iso" },
    management: { listen: "[::1]:8443", adminPassword: { file: "/root/pw" }, hostname: "forge.example.org" },
    install: {
      disk: "/dev/disk/by-id/nvme-Maker_1=a#b\\x20c",
      keepWindows: true,
      encrypt: { file: "luks" },
      hostname: "forge",
      locale: "en_US.UTF-8",
      keyboard: "de",
      timeZone: "Europe/Berlin",
      account: { name: "ada", password: { file: "pw" } },
      network: { mode: "dhcp" },
      then: "poweroff",
    },
  };
  assertEquals<unknown>(parseAnswers(JSON.stringify(answers), "x"), answers);
});

for (
  const [text, ...words] of [
    ['{"schema":"neuron.answers/2"}', 'schema is "neuron.answers/2"', 'allowed: "neuron.answers/1"'],
    ['{"host":{"gpuu":"auto"}}', "host.gpuu is not a known answer", "did you mean host.gpu?"],
    ['{"vm":{"disks":[{},{"sizeGB":5}]}}', "vm.disks[1].sizeGB is not a known answer", "vm.disks[1].sizeGib"],
    ['{"vm":{"devices":{"usb":[{"prt":"1-4"}]}}}', "vm.devices.usb[0].prt", "did you mean vm.devices.usb[0].port?"],
    ['{"vm":{"__proto__":{"os":"linux"}}}', "vm.__proto__ is not a known answer"],
    ['{"vm":{"cpu":{"vcpus":"four"}}}', 'vm.cpu.vcpus is "four"', "a whole number from 1 to 512"],
    ['{"vm":{"cpu":{"vcpus":1.5}}}', "vm.cpu.vcpus is 1.5"],
    ['{"vm":{"memory":{"mib":0}}}', "vm.memory.mib is 0", "MiB"],
    ['{"vm":{"name":"../x"}}', 'vm.name is "../x"', "1 to 63 letters"],
    ['{"vm":{"name":"a\\u0000b"}}', "vm.name"],
    ['{"vm":{"title":"a\\nb"}}', "vm.title", "one line of text"],
    ['{"vm":{"notes":"\\u001b[31m"}}', "vm.notes", "control characters"],
    ['{"vm":{"notes":"\\u202eabc"}}', "vm.notes"],
    ['{"vm":{"disks":[{"volume":"../../etc/passwd"}]}}', "vm.disks[0].volume"],
    ['{"vm":{"cdroms":[{"path":"/srv/../etc"}]}}', "vm.cdroms[0].path"],
    ['{"vm":{"network":null}}', "vm.network is null", "mode, source, model"],
    ['{"host":{"gpu":"01:00.0"}}', 'host.gpu is "01:00.0"', '"auto", "none" or the address'],
    ['{"management":{"listen":"0.0.0.0:99999"}}', "management.listen", "ADDR:PORT"],
    ['{"management":{"listen":"example.org:443"}}', "management.listen"],
    ['{"windows":{"iso":"http://example.org/x"}}', "windows.iso", "https://"],
    ["[]", "the file is a list"],
    ["null", "the file is null"],
    ['{\n"a" 1}', "in line 2, column 5"],
    ["", "unexpected end"],
    ["[".repeat(200_000), "JSON", "nested too deeply"],
    ['{"vm":{"memory":{"mib":1e999}}}', "vm.memory.mib is a number too large to be read"],
  ] as const
) {
  Deno.test(`parseAnswers() refuses ${text.slice(0, 60)} with what was given and what is allowed`, () => {
    const { message } = refused(text);
    for (const word of words) assertStringIncludes(message, word);
  });
}

Deno.test("parseAnswers() reports every wrong answer at once", () => {
  const { message } = refused('{"host":{"gpux":1,"isolateCpus":"yes"},"vm":{"cpu":{"vcpus":0}}}');
  assertEquals(message.split("\n").length, 3);
});

Deno.test("parseAnswers() says nothing twice, and of a file full of strange keys only the first", () => {
  assertEquals(refused('{"vm":{"cpu":{"vcpus":99999999999999999999}}}').message.split("\n").length, 1);
  const strange = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index]));
  const lines = refused(JSON.stringify(strange)).message.split("\n");
  assertEquals([lines.length, lines.at(-1)], [21, "and 480 more"]);
});

Deno.test("parseAnswers() refuses secrets in plain text and never repeats one", () => {
  for (
    const text of [
      '{"windows":{"account":{"name":"a","password":"hunter2"}}}',
      '{"windows":{"account":"hunter2"}}',
      '{"windows":{"productKey":{"file":"a","env":"b","value":"hunter2"}}}',
      '{"windows":["hunter2"]}',
      '{"management":{"adminPassword":{"env":"not a name hunter2"}}}',
      '{"install":{"encrypt":["hunter2"]}}',
    ]
  ) {
    assertFalse(refused(text).message.includes("hunter2"), text);
  }
  const { message } = refused('{"windows":{"account":{"password":"hunter2"}}}');
  assertStringIncludes(message, "windows.account.password holds a secret as plain text");
  assertStringIncludes(message, '{ "file": "path" }');
});

Deno.test("parseAnswers() on any JSON gives answers or says what is wrong", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    try {
      parseAnswers(text, "x");
    } catch (error) {
      assert(error instanceof AppError && error.code === "answer-invalid" && error.hint !== undefined);
    }
  }));
});
