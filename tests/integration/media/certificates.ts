/** A certificate authority made for one test run, and a server certificate of its own. By openssl, as a person would. */

export interface TestCertificates {
  readonly authority: string;
  readonly cert: string;
  readonly key: string;
}

/** @param more further names and addresses of the server, as openssl writes them: `IP:10.0.2.100` */
export async function makeCertificates(...more: readonly string[]): Promise<TestCertificates> {
  const folder = await Deno.makeTempDir({ prefix: "ca-" });
  try {
    const names = `subjectAltName=${["IP:127.0.0.1", "DNS:localhost", "DNS:iso.example", ...more].join(",")}`;
    await openssl(folder, ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"], [
      ...["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Neuron test authority", "-days", "2"],
      ...["-addext", "basicConstraints=critical,CA:TRUE"],
    ]);
    await openssl(folder, ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"], [
      ...["-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1", "-addext", names],
    ]);
    await openssl(folder, ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key"], [
      ...["-CAcreateserial", "-copy_extensions", "copyall", "-out", "server.pem", "-days", "2"],
    ]);
    const read = (name: string) => Deno.readTextFileSync(`${folder}/${name}`);
    return { authority: read("ca.pem"), cert: read("server.pem"), key: read("server.key") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function openssl(cwd: string, words: readonly string[], more: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...words, ...more], cwd }).output();
  if (!success) throw new Error(`openssl ${words[0]}: ${new TextDecoder().decode(stderr)}`);
}
