/**
 * `deno task test`: everything that must be green, in one go, from a machine with nothing but Node.js and root rights.
 * Installs what is missing (and says so), then looks at format, lint, types and the page's bundle, then runs the
 * tests, the pure ones in parallel. Ends with one line: N passed, N failed.
 *
 * usage: tests/run.ts [--no-install] [FOLDER …]
 */
import { join } from "node:path";
import { AppError, errorMessage } from "../model/errors.ts";
import { ensurePackages, hypervisorPackages } from "../cli/try/packages.ts";
import { launcherPackages } from "../packaging/self_extracting.ts";

const usage = "tests/run.ts [--no-install] [FOLDER …]";

const top = join(import.meta.dirname!, "..");

/** Beyond what the product itself needs. */
const testPackages = [
  ...hypervisorPackages,
  ...launcherPackages,
  "busybox",
  "cabextract",
  "chromium",
  "desktop-file-utils",
  "dnsmasq-base",
  "e2fsprogs",
  "fdisk",
  "fish",
  "fonts-dejavu-core",
  "gcab",
  "git",
  "iptables",
  "libvirt-daemon-system",
  "libxml2-utils",
  "mmdebstrap",
  "mtools",
  "osinfo-db",
  "openssl",
  "procps",
  "python3-libvirt",
  "squashfs-tools",
  "strace",
  "swtpm",
  "swtpm-tools",
  "wimtools",
  "wine64",
  "xorriso",
  "zsh",
];

interface Count {
  passed: number;
  failed: number;
}

const checks: readonly (readonly [string, readonly string[]])[] = [
  ["format", ["fmt", "--check", "--quiet"]],
  ["lint", ["lint", "--quiet"]],
  ["types", ["task", "--quiet", "check"]],
  ["the page's bundle", ["task", "--quiet", "build:ui"]],
];

const suites: readonly (readonly [string, readonly string[]])[] = [
  ["tests/unit", ["--parallel"]],
  ["tests/integration", []],
  ["tests/browser", []],
  ["tests/machine", []],
];

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--no-install");
  if (unknown !== undefined) throw new AppError("usage", `There is no ${unknown}`, { hint: usage });
  const folders = args.filter((arg) => !arg.startsWith("-"));
  if (!args.includes("--no-install")) await ensurePackages(testPackages, (line) => console.log(line));
  const count: Count = { passed: 0, failed: 0 };
  const chosen = folders.length === 0 ? suites : folders.map((folder) => [folder, []] as const);
  if (folders.length === 0) { for (const [what, words] of checks) await check(what, words, count); }
  for (const [folder, words] of chosen) await suite(folder, words, count);
  console.log(`\n${count.passed} passed, ${count.failed} failed`);
  return count.failed === 0 && count.passed > 0 ? 0 : 1;
}

async function check(what: string, words: readonly string[], count: Count): Promise<void> {
  const startedMs = performance.now();
  const ok = await deno(words);
  console.log(`${ok ? "ok    " : "FAILED"} ${what} (${seconds(startedMs)}; deno ${words.join(" ")})`);
  count[ok ? "passed" : "failed"]++;
}

/** Runs a folder of tests and adds what its JUnit report counts: the exit code alone does not say how many ran. */
async function suite(folder: string, words: readonly string[], count: Count): Promise<void> {
  console.log(`\n--- ${folder}`);
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const ok = await deno(["test", "--allow-all", "--no-check", `--junit-path=${report}`, ...words, folder]);
    const testsuites = /<testsuites[^>]*\btests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(
      await Deno.readTextFile(report),
    );
    const [tests, failures, errors] = testsuites?.slice(1).map(Number) ?? [0, 0, 0];
    const failed = failures! + errors!;
    count.passed += tests! - failed;
    count.failed += ok ? failed : Math.max(failed, 1);
  } finally {
    await Deno.remove(report);
  }
}

async function deno(words: readonly string[]): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), { args: [...words], cwd: top, stdin: "null" }).spawn();
  return (await child.status).success;
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(`error: ${errorMessage(error)}`);
  if (error instanceof AppError && error.hint !== undefined) console.error(`hint: ${error.hint}`);
  console.log("\n0 passed, 1 failed");
  Deno.exit(1);
}
