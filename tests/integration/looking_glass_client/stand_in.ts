/**
 * A program in the place of Looking Glass's client: it answers --help as one of a release does, writes down how it was
 * called, and then behaves as the test wants: stays, crashes so many times, is closed, floods, or ignores TERM.
 */
import { helpB7 } from "../../unit/looking_glass_client/helps.ts";

/** What it does when it is started for the n-th time; the last one counts for all that follow. */
export type Behaviour = "stay" | "crash" | "close" | "flood" | "deaf" | "refuse";

export interface StandIn {
  /** To be in PATH. */
  readonly folder: string;
  /** Arguments of each start, oldest first. */
  starts(): string[][];
  /** Process ids of those that run. */
  running(): number[];
  behave(...all: Behaviour[]): void;
  help(text: string): void;
  /** Its last words when it crashes. */
  say(text: string): void;
}

const SCRIPT = `#!/bin/sh
here=$(dirname "$0")
if [ "$1" = --help ]; then cat "$here/help"; exit 255; fi
n=$(ls "$here" | grep -c '^start\\.')
n=$((n + 1))
for word in "$@"; do printf '%s\\n' "$word"; done >"$here/new"
echo $$ >"$here/pid"
behaviour=$(sed -n "$n p" "$here/behaviour")
[ -n "$behaviour" ] || behaviour=$(tail -n 1 "$here/behaviour")
echo '00:00:00.000 [I]  main.c:1858 | main | Looking Glass (B7)' >&2
trap 'exit 0' TERM
[ "$behaviour" = deaf ] && trap '' TERM
mv "$here/new" "$here/start.$n"
case $behaviour in
  crash) [ ! -f "$here/say" ] || { cat "$here/say" >&2; exit 1; }; echo "00:00:00.001 [E]  ivshmem.c:152 | Failed to open: attempt $n" >&2; exit 255 ;;
  refuse) echo 'Invalid value provided to the option: input:escapeKey'; exit 255 ;;
  close) exit 0 ;;
  flood) yes 'a line that never ends and says nothing at all, again and again and again' >&2 & trap "kill $!; exit 0" TERM ;;
esac
while :; do sleep 0.05; done
`;

export function makeStandIn(folder: string): StandIn {
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${folder}/looking-glass-client`, SCRIPT, { mode: 0o755 });
  const write = (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text);
  write("help", helpB7);
  write("behaviour", "stay\n");
  const starts = () =>
    [...Deno.readDirSync(folder)].flatMap(({ name }) => /^start\.(\d+)$/.exec(name)?.[1] ?? []).map(Number)
      .sort((a, b) => a - b);
  return {
    folder,
    starts: () => starts().map((n) => Deno.readTextFileSync(`${folder}/start.${n}`).trimEnd().split("\n")),
    running: () => {
      try {
        const pid = Number(Deno.readTextFileSync(`${folder}/pid`));
        Deno.statSync(`/proc/${pid}`);
        return [pid];
      } catch {
        return [];
      }
    },
    behave: (...all) => write("behaviour", `${all.join("\n")}\n`),
    help: (text) => write("help", text),
    say: (text) => write("say", `${text}\n`),
  };
}
