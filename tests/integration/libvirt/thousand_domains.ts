/** A node of libvirt's test driver with a thousand domains, for numbers; its volumes and paths mean nothing. */
import type { PrivateLibvirtd } from "../private_libvirtd.ts";

export const THOUSAND = 1000;

/** Writes the node's file where the daemon sees it. `uri` opens it at the daemon. */
export async function withThousandDomains(daemon: PrivateLibvirtd): Promise<{ uri: string }> {
  const path = `${daemon.folder}/thousand.xml`;
  const domains = Array.from({ length: THOUSAND }, (_, i) => domain(i));
  await Deno.writeTextFile(path, `<node>${domains.join("\n")}</node>`);
  return { uri: daemon.uri(`test://${path}`) };
}

function domain(index: number): string {
  const digits = String(index).padStart(12, "0");
  return `<domain type='test'><name>machine-${index}</name><uuid>00000000-0000-4000-8000-${digits}</uuid>
<memory>2097152</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>`;
}
