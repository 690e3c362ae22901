import { assert, assertEquals, assertRejects } from "@std/assert";
import { LibvirtError, open } from "../../../libvirt/mod.ts";
import { type PrivateLibvirtd, withPrivateLibvirtd } from "../private_libvirtd.ts";
import { guestXml } from "./guest_xml.ts";

/** In place of ssh: writes down what it was given, and runs the remote command here as sshd would, through a shell. */
const FAKE_SSH = (folder: string) =>
  `#!/bin/bash
printf '%s\\n' "$@" > '${folder}/ssh-arguments'
PATH='${folder}':$PATH
while [ "$1" != -- ]; do shift; done
shift 2
exec sh -c "$*"
`;

/** In place of netcat, as \`nc -U socket\`. */
const FAKE_NC = `#!/usr/bin/python3
import os, select, socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[2])
while True:
    for ready in select.select([0, peer], [], [])[0]:
        data = os.read(0, 65536) if ready == 0 else peer.recv(65536)
        if not data:
            sys.exit()
        if ready == 0:
            peer.sendall(data)
        else:
            while data:
                data = data[os.write(1, data):]
`;

async function installFakes({ folder }: PrivateLibvirtd): Promise<string> {
  await Deno.writeTextFile(`${folder}/ssh`, FAKE_SSH(folder), { mode: 0o755 });
  await Deno.writeTextFile(`${folder}/nc`, FAKE_NC, { mode: 0o755 });
  return `${folder}/ssh`;
}

Deno.test("a connection through ssh makes calls, hears events and carries streams", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const command = await installFakes(daemon);
    const uri = `qemu+ssh://root@[::1]:2222/system?command=${command}&keyfile=/k&socket=${daemon.socket}`;
    await using connection = await open(uri);
    const events = await connection.subscribe(["domain.lifecycle"]);
    const guest = await connection.createDomain(guestXml({ name: "far" }));
    const event = (await events.next()).value;
    assert(event !== undefined && event.kind === "domain.lifecycle" && event.domain.uuid === guest.uuid);
    assert((await (await guest.screenshot()).stream.bytes()).length > 100);
    const given = (await Deno.readTextFile(`${daemon.folder}/ssh-arguments`)).split("\n");
    const options = ["-T", "-e", "none", "-o", "BatchMode=yes", "-p", "2222", "-l", "root", "-i", "/k", "--", "::1"];
    assertEquals(given.slice(0, options.length), options);
  });
});

Deno.test("nothing of a URI is run by the shell of the other side", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const command = await installFakes(daemon);
    const evil = encodeURIComponent(`/nowhere'; touch ${daemon.folder}/owned; '$(touch ${daemon.folder}/owned)`);
    await assertRejects(() => open(`qemu+ssh://host/system?command=${command}&socket=${evil}`), LibvirtError);
    await assertRejects(() => Deno.stat(`${daemon.folder}/owned`), Deno.errors.NotFound);
  });
});

Deno.test("ssh that is not there is an error by name", async () => {
  const error = await assertRejects(
    () => open("qemu+ssh://host/system?command=/nowhere/ssh"),
    LibvirtError,
    "/nowhere/ssh",
  );
  assertEquals(error.code, "VIR_ERR_NO_CONNECT");
});

Deno.test("no more permissions are needed than the README says", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const program = `${daemon.folder}/list.ts`;
    const library = new URL("../../../libvirt/mod.ts", import.meta.url).href;
    await Deno.writeTextFile(
      program,
      `import { open } from ${JSON.stringify(library)};
       await using connection = await open(${JSON.stringify(daemon.uri())});
       console.log(await connection.listDomains(), await connection.subscribe());`,
    );
    const allowed = ["read", "write"].map((what) => `--allow-${what}=${daemon.socket}`);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", `--allow-net=unix:${daemon.socket}`, ...allowed, program],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  });
});
