/** What cloud-init is told, and that no word of a person becomes anything but a string. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseAnswers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import { seedFiles, seedInput } from "../../provision/cloud_seed/seed.ts";

const hash = "$6$salt$" + "x".repeat(86);
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ada@desk";

function answers(linux: unknown) {
  return parseAnswers(JSON.stringify({ linux }), "test");
}

// deno-lint-ignore no-explicit-any -- JSON that the tests look into
function read(linux: unknown, passwordHash: string | null = hash): Record<string, any> {
  const files = seedFiles(seedInput(answers(linux), "My VM", passwordHash));
  return Object.fromEntries([...files].map(([name, bytes]) => {
    const text = new TextDecoder().decode(bytes);
    if (name === "user-data") assert(text.startsWith("#cloud-config\n{"));
    return [name, JSON.parse(text.replace("#cloud-config\n", ""))];
  }));
}

Deno.test("account, keys, agent, time zone, keyboard and locale are cloud-init's own words", () => {
  const files = read({
    account: { name: "ada" },
    sshKeys: [key],
    timeZone: "Europe/Berlin",
    keyboard: "de:nodeadkeys",
    locale: "de_DE.UTF-8",
    packages: ["vim", "qemu-guest-agent"],
  });
  assertEquals(Object.keys(files), ["user-data", "meta-data"]);
  assertEquals(files["user-data"], {
    hostname: "my-vm",
    users: [{
      name: "ada",
      shell: "/bin/bash",
      sudo: "ALL=(ALL) ALL",
      lock_passwd: false,
      passwd: hash,
      ssh_authorized_keys: [key],
    }],
    disable_root: true,
    ssh_pwauth: false,
    timezone: "Europe/Berlin",
    locale: "de_DE.UTF-8",
    keyboard: { layout: "de", variant: "nodeadkeys" },
    package_update: true,
    packages: ["qemu-guest-agent", "vim"],
    runcmd: [["systemctl", "enable", "--now", "qemu-guest-agent.service"]],
  });
  assertEquals(files["meta-data"]["local-hostname"], "my-vm");
});

Deno.test("without a password only the key signs in, and nobody is asked for one", () => {
  const user = read({ account: { name: "ada" }, sshKeys: [key] }, null)["user-data"];
  assertEquals([user.users[0].lock_passwd, "passwd" in user.users[0], user.users[0].sudo], [
    true,
    false,
    "ALL=(ALL) NOPASSWD:ALL",
  ]);
});

Deno.test("the instance is the same for the same wish, whatever the salt, and another for another", () => {
  const id = (linux: unknown, passwordHash = hash) => read(linux, passwordHash)["meta-data"]["instance-id"];
  const wish = { account: { name: "ada" } };
  assertEquals(id(wish), id(wish, "$6$other$" + "y".repeat(86)));
  assert(id(wish) !== id({ ...wish, hostname: "other" }));
});

Deno.test("a card is known by its MAC address, and an address needs one", () => {
  const network = {
    mac: "52:54:00:AA:bb:cc",
    address: "192.168.1.10/24",
    gateway: "192.168.1.1",
    nameServers: ["1.1.1.1"],
  };
  assertEquals(read({ account: { name: "ada" }, network })["network-config"], {
    version: 2,
    ethernets: {
      eth0: {
        match: { macaddress: "52:54:00:aa:bb:cc" },
        "set-name": "eth0",
        addresses: ["192.168.1.10/24"],
        gateway4: "192.168.1.1",
        nameservers: { addresses: ["1.1.1.1"] },
      },
    },
  });
  assertEquals(
    read({ account: { name: "ada" }, network: { mac: network.mac } })["network-config"].ethernets.eth0.dhcp4,
    true,
  );
  const input = (linux: unknown) => seedInput(answers(linux), "vm", hash);
  assertThrows(
    () => input({ account: { name: "ada" }, network: { address: "10.0.0.2/24" } }),
    AppError,
    "network.mac is missing",
  );
  assertThrows(() => input({}), AppError, "linux.account.name is missing");
  assertThrows(() => seedInput(answers({ account: { name: "ada" } }), "vm", null), AppError, "nobody could sign in");
  assertThrows(() => input({ account: { name: "root" } }), AppError, "is an account of the system");
  assertThrows(() => input({ account: { name: "ada" }, hostname: "a b" }), AppError, "linux.hostname");
});

Deno.test("keys are one line of a known type: no options, no second line", () => {
  for (const bad of [`command="x" ${key}`, `${key}\n${key}`, "ssh-ed25519", "AAAA", `ssh-dss AAAA x`]) {
    assertThrows(() => answers({ sshKeys: [bad] }), AppError, "linux.sshKeys");
  }
});

Deno.test("whatever is allowed as a word stays a word", () => {
  const word = fc.string({ maxLength: 20 }).filter((text) => !/\p{Cc}/u.test(text) && text.isWellFormed());
  fc.assert(fc.property(word, (comment) => {
    const withComment = `${key.split(" ").slice(0, 2).join(" ")} ${comment}`;
    const user = read({ account: { name: "ada" }, sshKeys: [withComment] })["user-data"];
    assertEquals(user.users[0].ssh_authorized_keys, [withComment]);
  }));
});
