/**
 * The media of an installation are on the shelf, verified: fetched where they are not. A file that the person names is
 * theirs and only looked for. Whether what is there is still what it was is checked at its use, not at each plan: that
 * reads gigabytes.
 */
import type { Finding } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";
import { readRecord } from "../media/record.ts";
import { nextSource, sourceWords } from "../media/windows/sources.ts";
import { sizeWords } from "../media/words.ts";
import type { Step, WantedCommand } from "../step.ts";
import type { WorkloadSpec } from "./spec.ts";
import type { WorkloadTools } from "./tools.ts";
import type { WantedMedium } from "./wanted_media.ts";

export interface MediaSeen {
  /** By path. `unknown`: a file has that name, and nothing says that it is what it should be. */
  readonly states: Readonly<Record<string, "here" | "missing" | "unknown">>;
  readonly live: boolean;
}

export const mediaStep = (tools: WorkloadTools): Step<MediaSeen, WorkloadSpec> => ({
  name: "media",
  title: "Media of the installation",
  phase: "workload",

  inspect(host, { media }) {
    const states = Object.fromEntries(media.map((medium) => [medium.path, stateOf(host, medium)]));
    return Promise.resolve({ states, live: host.live });
  },

  blockers({ media }, { states }) {
    return media.filter(({ from, path }) => from.kind === "file" && states[path] === "missing").map(notThere);
  },

  wants({ media }, { states }) {
    return {
      nodes: [],
      commands: media.filter(({ path, from }) => from.kind !== "file" && states[path] !== "here").map((medium) =>
        fetchCommand(medium, tools)
      ),
    };
  },

  verify({ media }, { states, live }) {
    // On a copy nothing is fetched: it is recorded.
    return !live ? [] : media.filter(({ path }) => states[path] === "missing").map(notThere);
  },
});

function stateOf(host: Host, { path, from }: WantedMedium): "here" | "missing" | "unknown" {
  if (host.stat(path) === null) return "missing";
  return from.kind === "file" || readRecord(host, path) !== null ? "here" : "unknown";
}

function notThere({ role, path, from }: WantedMedium): Finding {
  const what = role === "windows" ? "Windows medium" : "virtio-win medium";
  return {
    code: "medium-missing",
    severity: "blocker",
    title: `The ${what} is not there: ${path}`,
    hint: from.kind === "file"
      ? `Put it there, or let it be fetched: ${role === "windows" ? "windows.iso" : "virtio.iso"} "auto"`
      : "neuron-setup apply fetches it",
    target: path,
  };
}

function fetchCommand(medium: WantedMedium, tools: WorkloadTools): WantedCommand {
  const { words, what, reason } = describe(medium);
  return {
    id: `media-${medium.role}`,
    argv: ["neuron-setup", "media", "fetch", ...words],
    act: (report) => tools.fetch(medium, report),
    what: `${what} -> ${medium.path}`,
    reason,
    due: "anywhere",
    derives: [],
    keeps: true,
  };
}

function describe({ from, path, role }: WantedMedium): { words: readonly string[]; what: string; reason: string } {
  const name = path.slice(path.lastIndexOf("/") + 1);
  switch (from.kind) {
    case "catalogue": {
      const { row } = from;
      const size = row.sizeBytes === undefined ? "" : `${sizeWords(row.sizeBytes)}, `;
      const known = row.sha256 === undefined ? "its SHA-256 is not known" : `SHA-256 ${row.sha256.slice(0, 16)}…`;
      return { words: [row.name], what: `${size}${known}`, reason: row.title };
    }
    case "windows": {
      const { version, language, edition } = from.request;
      const source = nextSource(from.request);
      return {
        words: [`windows${version}`, "--language", language, "--edition", edition, "--name", name],
        what: `some 7 GiB; asked first: ${source === null ? "nobody" : sourceWords[source]}`,
        reason: `Windows ${version} ${edition}, x64, in ${language}`,
      };
    }
    case "link":
      return {
        words: [from.link, "--name", name],
        what: "nobody said its SHA-256: what is downloaded is recorded, and checked at each use",
        reason: role === "windows" ? "Windows, from your link" : "virtio-win, from your link",
      };
    case "file":
      throw new Error("a file that is named is never fetched");
  }
}
