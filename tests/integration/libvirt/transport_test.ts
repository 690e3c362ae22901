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

/** A certificate authority, and certificates for the daemon (localhost) and a client, in a folder. */
async function makeCertificates(folder: string): Promise<void> {
  const openssl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("openssl", { args, cwd: folder }).output();
    assert(success, `openssl ${args[0]} failed (apt install openssl): ${new TextDecoder().decode(stderr)}`);
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "cakey.pem",
    "-out",
    "cacert.pem",
    "-subj",
    "/CN=test",
    "-days",
    "2",
  );
  for (
    const [name, extension] of [["server", "subjectAltName=DNS:localhost"], ["client", "extendedKeyUsage=clientAuth"]]
  ) {
    await Deno.writeTextFile(`${folder}/${name}.ext`, `basicConstraints=CA:FALSE\n${extension}\n`);
    await openssl("req", ...key, "-keyout", `${name}key.pem`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const signing = ["-CA", "cacert.pem", "-CAkey", "cakey.pem", "-CAcreateserial", "-extfile", `${name}.ext`];
    await openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}cert.pem`, "-days", "2", ...signing);
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function withTlsDaemon(allowedName: string, run: (uri: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "private-libvirtd-" });
  await makeCertificates(folder);
  const port = freePort();
  const config = `listen_tls = 1
listen_tcp = 0
listen_addr = "127.0.0.1"
tls_port = "${port}"
auth_tls = "none"
ca_file = "${folder}/cacert.pem"
cert_file = "${folder}/servercert.pem"
key_file = "${folder}/serverkey.pem"
tls_allowed_dn_list = ["CN=${allowedName}"]`;
  await withPrivateLibvirtd(async () => {
    await untilListening(port);
    await run(`qemu://localhost:${port}/system?pkipath=${folder}`);
  }, { folder, config, listen: true });
}

/** libvirtd listens at its socket first, and then on the network. */
async function untilListening(port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

Deno.test("a connection through TLS makes calls and carries streams", async () => {
  await withTlsDaemon("client", async (uri) => {
    await using connection = await open(uri);
    assertEquals(await connection.hypervisorType(), "QEMU");
    const guest = await connection.createDomain(guestXml({ name: "far" }));
    assert((await (await guest.screenshot()).stream.bytes()).length > 100);
  });
});

Deno.test("a daemon that does not accept our certificate says so", async () => {
  await withTlsDaemon("somebody else", async (uri) => {
    const error = await assertRejects(() => open(uri), LibvirtError, "does not accept the certificate");
    assertEquals(error.code, "VIR_ERR_AUTH_FAILED");
  });
});

Deno.test("a daemon whose certificate is not for the host we asked for is not believed", async () => {
  await withTlsDaemon("client", async (uri) => {
    const error = await assertRejects(() => open(uri.replace("localhost", "127.0.0.1")), LibvirtError, "127.0.0.1");
    assertEquals(error.code, "VIR_ERR_NO_CONNECT");
  });
});
