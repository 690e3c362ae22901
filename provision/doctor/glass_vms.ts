/** The defined VMs that have memory for Looking Glass, from libvirt's own files. Reads; decides nothing. */
import { AppError } from "../../model/errors.ts";
import type { Reading } from "../hardware/reading.ts";
import type { FileStatus, Host } from "../host/host.ts";
import { type GlassDomain, readGlassDomain } from "../looking_glass_client/domain.ts";
import type { Seen } from "./evidence.ts";

export interface GlassVm {
  readonly domain: GlassDomain;
  /** The file or device of its memory; null while there is none. */
  readonly memory: FileStatus | null;
}

/** Where libvirt keeps what is defined, for root alone. */
const folder = "/etc/libvirt/qemu";

export function readGlassVms(reading: Reading, host: Host): Seen<readonly GlassVm[]> {
  const names = reading.list(folder);
  if (reading.unreadable.some(({ path }) => path === folder)) {
    return { notLooked: `${folder} cannot be read: root can` };
  }
  return {
    value: (names ?? []).filter((name) => name.endsWith(".xml")).flatMap((name) => {
      const domain = domainIn(reading.text(`${folder}/${name}`));
      return domain === null ? [] : [{ domain, memory: statusOf(host, domain.memory.path) }];
    }),
  };
}

/** A VM without such memory, or a file that libvirt could not read either. */
function domainIn(xml: string | null): GlassDomain | null {
  try {
    return xml === null ? null : readGlassDomain(xml);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

function statusOf(host: Host, path: string): FileStatus | null {
  try {
    return host.stat(path);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
