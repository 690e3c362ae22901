/** What a rollback must bring back: files, drivers, the kernel's command line. */
import { assertEquals } from "@std/assert";
import { encodeBase64 } from "./base64.ts";
import type { Pc } from "./pc.ts";

export interface PcState {
  /** Paths below /etc, /boot and dracut's folder with kind, mode, owner and target; then the files with their digests. */
  readonly files: readonly string[];
  /** Every PCI function that has a driver, with it. */
  readonly drivers: readonly string[];
  readonly commandLine: string;
}

/**
 * Accounts stay by contract. GRUB's environment block is a kilobyte of names that GRUB itself writes. libvirt writes its
 * own lock and the volume pool's state when it likes.
 */
const notCompared = [
  "/etc/passwd",
  "/etc/group",
  "/etc/shadow",
  "/etc/gshadow",
  "/etc/.pwd.lock",
  "/boot/grub/grubenv",
];

/** Few processes: starting one is what an emulated processor is slow at. */
const script = `
find /etc /boot /usr/lib/dracut -xdev -printf '%p %y %m %U:%G %l\\n' 2>/dev/null | sort
find /etc /boot /usr/lib/dracut -xdev -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum | sed 's/^\\(\\S*\\)  \\(.*\\)/\\2 \\1/'
echo ---
ls -l /sys/bus/pci/drivers/*/ | awk '/^\\/sys/ { driver = $1 } $9 ~ /^....:..:..\\..$/ { print $9, driver }' | sort
echo ---
cat /proc/cmdline
`;

export async function readState(pc: Pc): Promise<PcState> {
  const [files = "", drivers = "", commandLine = ""] = (await pc.read(script, 120)).split("---\n");
  const skip = (line: string) =>
    notCompared.some((path) => line.startsWith(`${path} `) || line.startsWith(`${path}- `));
  return {
    files: files.trim().split("\n").filter((line) => !skip(line)),
    drivers: drivers.trim().split("\n"),
    commandLine: commandLine.trim(),
  };
}

/** @param left paths that may be there now and were not */
export function assertSameState(now: PcState, before: PcState, left: readonly string[] = []): void {
  const isLeft = (line: string) => left.some((path) => line.startsWith(`${path} `));
  assertEquals(now.commandLine, before.commandLine, "the kernel's command line is not as before");
  assertEquals(now.drivers, before.drivers, "drivers are not as before");
  assertEquals(now.files.filter((line) => !isLeft(line)), before.files, "files are not as before");
}

/** Writes a small text file. */
export async function putFile(pc: Pc, path: string, text: string): Promise<void> {
  await pc.read(`echo ${encodeBase64(text)} | base64 -d >${path}`);
}
