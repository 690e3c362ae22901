/** Reads the disks of the running machine. Only looks. */
import { AppError } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";
import type { DetectedDisk } from "./disk.ts";
import { describeDisk, disksAmong, lsblkColumns, parseLsblk } from "./parse_disks.ts";

const BY_ID = "/dev/disk/by-id";

/** @throws AppError `command-failed` where lsblk or sfdisk is missing */
export async function readDisks(host: Host): Promise<DetectedDisk[]> {
  const tree = parseLsblk(await look(host, ["lsblk", "--json", "--bytes", "--output", lsblkColumns.join(",")]));
  const links = new Map((host.list(BY_ID) ?? []).flatMap((name) => {
    const target = host.readLink(`${BY_ID}/${name}`);
    return target === null ? [] : [[name, target]];
  }));
  const disks: DetectedDisk[] = [];
  for (const node of disksAmong(tree)) {
    // Without a table it ends with 1 and prints nothing.
    const table = await look(host, ["sfdisk", "--json", node.path], [0, 1]);
    disks.push(describeDisk(node, table, links, table !== "" || await startsWithZeros(host, node.path)));
  }
  return disks;
}

/**
 * Between the plan and the yes a person may have plugged disks, and names may have moved.
 * @throws AppError `plan-changed` when this disk is not what it was when the plan was made
 */
export async function refuseChangedDisk(host: Host, planned: DetectedDisk): Promise<void> {
  const now = (await readDisks(host)).find(({ path }) => path === planned.path);
  if (JSON.stringify(now) === JSON.stringify(planned)) return;
  throw new AppError("plan-changed", `Nothing was changed: ${planned.path} is not what it was when the plan was made`, {
    hint: "Run neuron-setup install again, and look at the plan anew",
  });
}

async function startsWithZeros(host: Host, path: string): Promise<boolean> {
  const argv = ["cmp", "--quiet", "--bytes=1048576", path, "/dev/zero"] as const;
  const { code } = await host.run({ argv, step: "install", reason: "whether something is there", readOnly: true });
  return code === 0;
}

async function look(host: Host, argv: readonly [string, ...string[]], codes: readonly number[] = [0]): Promise<string> {
  const { code, stdout, stderr } = await host.run({
    argv,
    step: "install",
    reason: "what disks there are",
    readOnly: true,
  });
  if (codes.includes(code)) return stdout;
  throw new AppError("command-failed", `Cannot look at the disks: ${argv[0]} ended with ${code}: ${stderr.trim()}`, {
    hint: code === 127 ? "Install the packages fdisk and util-linux" : "Run it as root",
  });
}
