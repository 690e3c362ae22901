import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { LibvirtError } from "../../../libvirt/errors.ts";
import { chooseSocket, parseUri } from "../../../libvirt/uri.ts";

const nothing = { exists: () => false, uid: () => 0, runtimeFolder: () => undefined };
const everything = { ...nothing, exists: () => true };

Deno.test("the driver's own daemon is used where its socket is, else libvirtd", () => {
  const target = parseUri("qemu:///system");
  assertEquals(chooseSocket(target, everything), "/var/run/libvirt/virtqemud-sock");
  assertEquals(chooseSocket(target, nothing), "/var/run/libvirt/libvirt-sock");
});

Deno.test("mode= and socket= decide whatever is there", () => {
  assertEquals(chooseSocket(parseUri("qemu:///system?mode=legacy"), everything), "/var/run/libvirt/libvirt-sock");
  assertEquals(chooseSocket(parseUri("qemu:///system?mode=direct"), nothing), "/var/run/libvirt/virtqemud-sock");
  assertEquals(chooseSocket(parseUri("qemu:///system?socket=/a/b"), everything), "/a/b");
});

Deno.test("a session of an ordinary user has its sockets in the user's runtime folder", () => {
  const user = { ...nothing, uid: () => 1000 };
  const target = parseUri("qemu:///session");
  assertEquals(chooseSocket(target, user), "/run/user/1000/libvirt/libvirt-sock");
  assertEquals(chooseSocket(target, { ...user, runtimeFolder: () => "/x" }), "/x/libvirt/libvirt-sock");
  assertEquals(chooseSocket(target, nothing), "/var/run/libvirt/libvirt-sock");
});

Deno.test("read-only has its own socket", () => {
  const target = parseUri("qemu:///system", { readOnly: true });
  assertEquals(chooseSocket(target, nothing), "/var/run/libvirt/libvirt-sock-ro");
});

Deno.test("the daemon is given driver, path and foreign parameters, and none of ours", () => {
  assertEquals(parseUri("qemu:///system?socket=/a&mode=auto").daemonUri, "qemu:///system");
  assertEquals(parseUri("test:///some/file.xml?socket=/a").daemonUri, "test:///some/file.xml");
  assertEquals(parseUri("test+unix:///default?socket=/a&x=1").daemonUri, "test:///default?x=1");
});

Deno.test("ssh takes user, host, port and key from the URI", () => {
  const { ssh, host, port, transport, daemonUri } = parseUri("qemu+ssh://root@[::1]:2222/system?keyfile=/k&socket=/a");
  assertEquals(transport, "ssh");
  assertEquals(daemonUri, "qemu:///system");
  assertEquals([host, port], ["::1", 2222]);
  assertEquals(ssh, { user: "root", command: "ssh", keyfile: "/k" });
});

Deno.test("a host without a transport means TLS, which is always verified", () => {
  const { transport, port, pkiFolder, daemonUri } = parseUri("qemu://host:1234/system?pkipath=/pki");
  assertEquals([transport, port, pkiFolder, daemonUri], ["tls", 1234, "/pki", "qemu:///system"]);
  const error = assertThrows(() => parseUri("qemu+tls://host/system?no_verify=1"), LibvirtError, "always verifies");
  assertEquals(error.code, "VIR_ERR_NO_SUPPORT");
});

Deno.test("what this client cannot do says what it can", () => {
  for (const uri of ["qemu+tcp://host/system", "qemu+libssh2://host/system"]) {
    const error = assertThrows(() => parseUri(uri), LibvirtError, "unix sockets");
    assertEquals(error.code, "VIR_ERR_NO_SUPPORT");
  }
});

Deno.test("a URI that is none is refused with the reason", () => {
  for (
    const uri of [
      "",
      "qemu",
      "qemu:/system",
      "qemu+unix://host/system",
      "qemu+ssh:///system",
      "qemu+ssh://%zz@host/system",
      "qemu+ssh://-oProxyCommand=x/system",
      "qemu+ssh://-l@host/system",
      "qemu:///system?mode=odd",
      "qemu:///system?socket=relative",
    ]
  ) assertEquals(assertThrows(() => parseUri(uri), LibvirtError).code, "VIR_ERR_INVALID_ARG");
});

Deno.test("any text is a URI or a LibvirtError", () => {
  const text = fc.oneof(fc.string(), fc.webUrl(), fc.string().map((rest) => `qemu+ssh://${rest}`));
  fc.assert(fc.property(text, (uri) => {
    try {
      chooseSocket(parseUri(uri), nothing);
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error;
    }
  }));
});
