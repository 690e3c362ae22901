/** A real server for one test, on a free port, looking at a fixture machine; and a signed-in client of it. */
import { detect } from "../../../provision/hardware/detect.ts";
import { readTrialReport } from "../../../provision/proof.ts";
import { openHost } from "../../../provision/host/open.ts";
import type { ChangeEvent, Plan } from "../../../server/dto.ts";
import { createServer, type Server } from "../../../server/mod.ts";
import { buildPage } from "../../../ui/build.ts";
import { withHost } from "../../fixtures/hosts.ts";

export interface RunningServer {
  readonly server: Server;
  /** Signed in, with the headers of a change where it is one. */
  ask(method: string, path: string): Promise<Response>;
  /** Collects events until `enough` says so, with a deadline. */
  eventsUntil(enough: (events: ChangeEvent[]) => boolean, whenOpen: () => Promise<unknown>): Promise<ChangeEvent[]>;
}

export const samplePlan: Plan = {
  schema: "neuron.plan/1",
  phase: "host",
  digest: "sha256:5a3b",
  rebootNeeded: true,
  steps: [{
    name: "kernel_parameters",
    title: "Kernel parameters",
    changes: [{
      action: "update",
      target: "/etc/default/grub",
      before: { kind: "file", mode: "0644", text: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n' },
      after: { kind: "file", mode: "0644", text: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"\n' },
      reason: "Devices of the host go on using memory directly",
      needs: "reboot",
    }, {
      action: "run",
      target: "update-grub",
      before: null,
      after: { kind: "command", argv: ["update-grub"] },
      reason: "GRUB's menu is made from these files",
    }],
  }],
};

let built: Promise<unknown> | undefined;

export async function withServer<T>(
  connect: string,
  run: (running: RunningServer) => Promise<T>,
  machine = "amd-b550-rx6800-shared-rtx3070",
): Promise<T> {
  await (built ??= buildPage());
  return await withHost(machine, async (root) => {
    const stateFolder = await Deno.makeTempDir({ prefix: "neuron-server-" });
    const host = openHost({ root });
    const server = await createServer({
      version: "0.0.0",
      listen: "127.0.0.1:0",
      connect,
      stateFolder,
      machine: { live: false, description: `a copy of ${machine}` },
      readDetection: () => detect(host),
      readPlan: () => Promise.resolve(samplePlan),
      readTrial: () => readTrialReport(host),
      log: (line) => console.error(line),
    });
    try {
      return await run(await signedIn(server));
    } finally {
      await server.close();
      await Deno.remove(stateFolder, { recursive: true });
    }
  });
}

async function signedIn(server: Server): Promise<RunningServer> {
  const origin = server.url.slice(0, -1);
  const change = { origin, "x-neuron-request": "1" };
  const response = await fetch(`${origin}/api/v1/session`, {
    method: "POST",
    headers: { ...change, "content-type": "application/json" },
    body: JSON.stringify({ code: server.signInLink().split("#")[1] }),
  });
  await response.body?.cancel();
  const cookie = response.headers.get("set-cookie")!.split(";")[0]!;
  const ask = async (method: string, path: string) => {
    const response = await fetch(origin + path, { method, headers: { cookie, ...(method === "GET" ? {} : change) } });
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    // Read at once, so that a test that only wants the status leaves nothing open.
    return new Response(response.status === 204 ? null : await response.arrayBuffer(), response);
  };
  return {
    server,
    ask,
    async eventsUntil(enough, whenOpen) {
      const stream = await ask("GET", "/api/v1/events");
      const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
      const deadline = setTimeout(() => reader.cancel(), 15_000);
      const events: ChangeEvent[] = [];
      let text = (await reader.read()).value ?? "";
      const opened = whenOpen();
      while (!enough(events)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`The wanted events did not come; these did: ${JSON.stringify(events)}`);
        text += value;
        const blocks = text.split("\n\n");
        text = blocks.pop()!;
        for (const block of blocks) {
          const data = /^data: (.+)$/m.exec(block)?.[1];
          if (data !== undefined) events.push(JSON.parse(data));
        }
      }
      clearTimeout(deadline);
      await reader.cancel();
      await opened;
      return events;
    },
  };
}

/** Asks again until the condition holds, with a deadline. */
export async function eventually(what: string, condition: () => Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** A guest that runs by TCG without a disk: BIOS finds nothing to boot and waits. */
export function smallGuest(name: string, inside = ""): string {
  const escaped = name.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<domain type='qemu'><name>${escaped}</name>${inside}<memory unit='MiB'>32</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
    <devices><emulator>/usr/bin/qemu-system-x86_64</emulator><memballoon model='none'/></devices></domain>`;
}
