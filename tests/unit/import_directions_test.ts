/**
 * Imports run one way (docs/architecture.md). Every edge that is not allowed has its reason here, and only here.
 * Reads the import statements of every source file; a type import counts like any other unless a rule says otherwise.
 */
import { assertEquals } from "@std/assert";
import { dirname, join, normalize, relative } from "node:path";

const top = join(import.meta.dirname!, "../..");

type Room = "main" | "packaging" | "cli" | "server" | "ui" | "provision" | "templates" | "libvirt" | "model";

/** What each room may import, besides itself and packages. */
const allowed: Record<Room, readonly Room[]> = {
  main: ["cli"],
  packaging: ["cli", "provision", "ui", "model"],
  cli: ["server", "provision", "libvirt", "templates", "model"],
  server: ["provision", "libvirt", "templates", "model"],
  provision: ["libvirt", "templates", "model"],
  templates: ["model"],
  ui: ["server", "model"],
  libvirt: [],
  model: [],
};

/** Why an edge into or out of a room is forbidden. */
const reasons: Record<Room, string> = {
  main: "main.ts only starts cli and ends the process: anything more could not be tested without a process",
  packaging: "packaging makes files out of the program: what the program imported of it would be shipped with it",
  cli: "cli is the composition root: whoever imported it would depend on everything",
  server: "the server is one face among others: provisioning must work on a machine where it never runs",
  ui: "the page runs in a browser: it may know shapes (server/dto.ts, type Api), never code that opens files",
  provision: "provisioning is used by every face; importing one of them would make a ring",
  templates:
    "templates turn typed input into text and must not look anything up: a template is code that people may replace",
  libvirt: "the libvirt client is usable by any Deno program, so it knows nothing of this one",
  model: "the model is the leaf everyone shares: an import here would be an import everywhere",
};

/** Files of `server` that the page may import, and only as types. */
const uiMayKnow = ["server/dto.ts", "server/app.ts"];

/** Single files that may do what their room may not, and why. */
const exceptions: Readonly<Record<string, string>> = {
  "cli/try/machine.ts -> tests/fixtures/hosts.ts":
    "the try-out runs from the sources, and its demonstration machines are the machines of the tests",
};

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

Deno.test("imports run one way", async () => {
  const forbidden: string[] = [];
  for await (const edge of edges()) {
    const from = roomOf(edge.from);
    const to = roomOf(edge.to);
    if (from === null || from === to || `${edge.from} -> ${edge.to}` in exceptions) continue;
    if (to === null || !allowed[from].includes(to)) {
      forbidden.push(
        `${edge.from} -> ${edge.to}: ${to === null ? "outside the rooms" : reasons[to]}; ${reasons[from]}`,
      );
    } else if (from === "ui" && to === "server" && !(edge.typeOnly && uiMayKnow.includes(edge.to))) {
      forbidden.push(`${edge.from} -> ${edge.to}: ${reasons.ui}`);
    }
  }
  assertEquals(forbidden, []);
});

/** Doors to the operating system. Everyone else is handed a Host, a connection or a store. */
const mayTouchDeno = [
  "main.ts",
  "packaging/",
  "cli/",
  "provision/host/",
  "libvirt/",
  "server/store/",
  "server/listener.ts",
  "server/assets.ts",
  "ui/build.ts",
];

Deno.test("only the doors touch Deno's input and output", async () => {
  const offenders: string[] = [];
  for await (const path of sources()) {
    if (mayTouchDeno.some((door) => path === door || (door.endsWith("/") && path.startsWith(door)))) continue;
    const text = withoutComments(await Deno.readTextFile(join(top, path)));
    const use = /\bDeno\.(?!test\b|errors\b)[a-zA-Z]+/.exec(text);
    if (use !== null) offenders.push(`${path}: ${use[0]}`);
  }
  assertEquals(offenders, []);
});

Deno.test("the rules would catch a forbidden import", () => {
  assertEquals(imports(`import type { A } from "../server/dto.ts";\nconst b = await import("./b.ts");`), [
    { specifier: "../server/dto.ts", typeOnly: true },
    { specifier: "./b.ts", typeOnly: false },
  ]);
  assertEquals(roomOf("libvirt/mod.ts"), "libvirt");
  assertEquals(allowed.libvirt.includes("model"), false);
});

async function* edges(): AsyncGenerator<Edge> {
  for await (const from of sources()) {
    for (const { specifier, typeOnly } of imports(await Deno.readTextFile(join(top, from)))) {
      if (!specifier.startsWith(".")) continue;
      const to = normalize(relative(top, join(top, dirname(from), specifier)));
      if (to !== "deno.json") yield { from, to, typeOnly };
    }
  }
}

function imports(text: string): { specifier: string; typeOnly: boolean }[] {
  const found: { specifier: string; typeOnly: boolean }[] = [];
  const pattern =
    /\b(?:import|export)\s+(type\s+)?(?:[^'"();]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;
  for (const match of withoutComments(text).matchAll(pattern)) {
    found.push({ specifier: match[2] ?? match[3]!, typeOnly: match[1] !== undefined });
  }
  return found;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

function roomOf(path: string): Room | null {
  const first = path.split("/")[0]!;
  if (path === "main.ts") return "main";
  return first in allowed ? first as Room : null;
}

async function* sources(folder = ""): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(join(top, folder))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory && (folder !== "" || entry.name in allowed) && path !== "ui/dist") yield* sources(path);
    else if (entry.isFile && /\.tsx?$/.test(entry.name) && !entry.name.endsWith(".d.ts")) {
      if (folder !== "" || entry.name === "main.ts") yield path;
    }
  }
}
