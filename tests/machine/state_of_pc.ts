/** What a rollback must bring back: files, accounts, GRUB's variables, drivers, the kernel's command line. */
import { assertEquals } from "@std/assert";
import { encodeBase64 } from "./base64.ts";
import type { Commands, Pc } from "./pc.ts";

export interface PcState {
  /** Paths below /etc, /boot and dracut's folder with kind, mode, owner and target; then the files with their digests. */
  readonly files: readonly string[];
  /** Lines of the four files, each behind the file's name. */
  readonly accounts: readonly string[];
  /** GRUB's environment block: what the next starts are told. */
  readonly bootVariables: readonly string[];
  /** Every PCI function that has a driver, with it. */
  readonly drivers: readonly string[];
  readonly commandLine: string;
}

const accountFiles = ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"];
const environmentBlock = "/boot/grub/grubenv";

/** Accounts stay by contract, and these are all there are. */
const accountsThatStay = /^\S+ neuron:/;

/** Compared by what is in them, not by their bytes; mode and owner are compared all the same. */
const comparedByLines = [...accountFiles, environmentBlock];

/** Made by whoever touches the account files: systemd-sysusers keeps the ones of before, and locks. */
const notCompared = [...accountFiles.map((path) => `${path}-`), "/etc/.pwd.lock"];

/** Few processes: starting one is what an emulated processor is slow at. */
const script = `
find /etc /boot /usr/lib/dracut -xdev -printf '%p %y %m %U:%G %l\\n' 2>/dev/null | sort
echo ---
find /etc /boot /usr/lib/dracut -xdev -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum | sed 's/^\\(\\S*\\)  \\(.*\\)/\\2 \\1/'
echo ---
grep '' ${accountFiles.join(" ")} | sed 's/:/ /'
echo ---
grep --text -v '^#' ${environmentBlock}
echo ---
ls -l /sys/bus/pci/drivers/*/ | awk '/^\\/sys/ { driver = $1 } $9 ~ /^....:..:..\\..$/ { print $9, driver }' | sort
echo ---
cat /proc/cmdline
`;

export async function readState(pc: Pc): Promise<PcState> {
  const parts = (await pc.read(script, 120)).split("---\n").map((part) => part.trim().split("\n"));
  const [paths = [], digests = [], accounts = [], bootVariables = [], drivers = [], commandLine = []] = parts;
  const isOneOf = (list: readonly string[], line: string) => list.some((path) => line.startsWith(`${path} `));
  return {
    files: [...paths, ...digests.filter((line) => !isOneOf(comparedByLines, line))]
      .filter((line) => !isOneOf(notCompared, line)),
    accounts: accounts.filter((line) => !accountsThatStay.test(line)),
    bootVariables: bootVariables.filter((line) => line !== ""),
    drivers,
    commandLine: commandLine.join("\n"),
  };
}

/** @param left paths that may be there now and were not */
export function assertSameState(now: PcState, before: PcState, left: readonly string[] = []): void {
  const isLeft = (line: string) => left.some((path) => line.startsWith(`${path} `));
  assertEquals(now.commandLine, before.commandLine, "the kernel's command line is not as before");
  assertEquals(now.drivers, before.drivers, "drivers are not as before");
  assertEquals(now.bootVariables, before.bootVariables, "GRUB's variables are not as before");
  assertEquals(now.accounts, before.accounts, "accounts are not as before");
  assertEquals(now.files.filter((line) => !isLeft(line)), before.files, "files are not as before");
}

/** Writes a small text file. */
export async function putFile(pc: Commands, path: string, text: string): Promise<void> {
  await pc.read(`echo ${encodeBase64(text)} | base64 -d >${path}`);
}
