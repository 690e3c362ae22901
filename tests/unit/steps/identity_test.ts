import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { makePlan } from "../../../provision/engine/plan.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { openHost } from "../../../provision/host/open.ts";
import { judgeCertificate, makeCertificate } from "../../../provision/steps/certificate.ts";
import { certificatePath, identity } from "../../../provision/steps/identity.ts";
import { blockers, brief, changes, spec } from "./machine.ts";

/** openssl only turns stdin into stdout, so it may really run on a copy. */
const copy = openHost({ root: "/machine", disk: MemoryDisk.from({ "/machine/etc/hostname": "" }) });
const made = async (hostname = "machine", key: string | null = null) =>
  new TextDecoder().decode(await makeCertificate(copy, hostname, key));
const day = 24 * 60 * 60 * 1000;

Deno.test("a new certificate is good for its host name, now and for years", async () => {
  const text = await made("nas.example.org");
  assertEquals(judgeCertificate(text, "nas.example.org", Date.now()).problem, null);
  assertEquals(judgeCertificate(text, "nas.example.org", Date.now() + 9 * 365 * day).problem, null);
  for (const at of [Date.now() - 10 * 365 * day, Date.now() + 10 * 365 * day]) {
    assertNotEquals(judgeCertificate(text, "nas.example.org", at).problem, null);
  }
  assertNotEquals(judgeCertificate(text, "other.example.org", Date.now()).problem, null);
});

Deno.test("any altered byte of key or certificate is noticed, and never crashes the judge", async () => {
  const text = await made();
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [1, 32]) {
      const altered = bytes.slice();
      altered[at]! ^= flip;
      const { problem } = judgeCertificate(new TextDecoder().decode(altered), "machine", Date.now());
      assert(problem !== null, `byte ${at} ^ ${flip} went unnoticed`);
    }
  }
});

Deno.test("a damaged certificate is made anew for the same key, a damaged key with a new pair", async () => {
  const text = await made();
  const middle = (label: string) => text.indexOf(`BEGIN ${label}`) + 120;
  const damage = (at: number) => `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
  const keyOf = (pem: string) => pem.slice(pem.indexOf("-----BEGIN PRIVATE"), pem.indexOf("-----BEGIN CERTIFICATE"));
  assertEquals(judgeCertificate(damage(middle("CERTIFICATE")), "machine", Date.now()).soundKey, keyOf(text));
  assertEquals(judgeCertificate(damage(middle("PRIVATE KEY")), "machine", Date.now()).soundKey, null);
  const again = await made("machine", keyOf(text));
  assertEquals(keyOf(again), keyOf(text));
  assertNotEquals(again, text);
});

Deno.test("two halves of different pairs are noticed", async () => {
  const [one, two] = [await made(), await made()];
  const cut = (text: string) => text.indexOf("-----BEGIN CERTIFICATE");
  const mixed = one.slice(0, cut(one)) + two.slice(cut(two));
  assertEquals(judgeCertificate(mixed, "machine", Date.now()).problem, "key and certificate are not a pair");
});

Deno.test("a good certificate is left alone, one others may read is closed, and the plan never shows a key", async () => {
  const text = await made();
  const disk = MemoryDisk.from({ [certificatePath]: { text, mode: 0o600 } });
  const host = fakeHost(disk, { now: Date.now });
  const seen = await identity.inspect(host, spec);
  assertEquals(identity.wants(spec, seen).nodes.find(({ path }) => path === certificatePath)?.kind, "made");
  assertEquals(brief(await changesNow(disk)), [
    "create /etc/sysusers.d/neuron.conf",
    "run systemd-sysusers /etc/sysusers.d/neuron.conf",
  ]);
  disk.chmod(certificatePath, 0o644);
  disk.put("/etc/sysusers.d/neuron.conf", "");
  const planned = JSON.stringify(await changesNow(disk));
  assert(planned.includes(`update`) && planned.includes(certificatePath));
  assert(!planned.includes("PRIVATE KEY"), planned);
});

async function changesNow(disk: MemoryDisk) {
  const { work } = await makePlan(fakeHost(disk, { now: Date.now }), [identity], spec, "host", new Set());
  return work.map(({ change }) => change);
}

Deno.test("what is no host name is refused before anything is made", async () => {
  for (const hostname of ["", "a b", "x,DNS:evil", "-o", "a/CN=b", "10.0.0.1", "a".repeat(64)]) {
    const wish = { ...spec, identity: { ...spec.identity, hostname } };
    assertEquals(await blockers(identity, MemoryDisk.from({ "/etc/x": "" }), wish), ["hostname-invalid"], hostname);
  }
  assertEquals((await changes(identity, MemoryDisk.from({ "/etc/x": "" }))).length, 3);
});
