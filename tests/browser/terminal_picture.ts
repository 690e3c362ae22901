/**
 * A program in a terminal of 80 × 24, and its screen as HTML: what tmux shows with its colours, for pictures. Knows the
 * few SGR codes that tmux writes (ECMA-48, 8.3.117); anything else is left out.
 */

const columns = 80;
const rows = 24;
const deadlineMs = 30_000;
const size = ["-x", `${columns}`, "-y", `${rows}`];

/** A terminal multiplexer of its own, so that no session of the person's is touched. */
export class TerminalScreen implements AsyncDisposable {
  readonly #socket = `neuron-pictures-${crypto.randomUUID()}`;

  /** Starts `argv`; what it leaves on the screen stays when it ends. */
  async start(argv: readonly string[]): Promise<void> {
    const options = ["set", "-g", "status", "off", ";", "set", "-g", "remain-on-exit", "on", ";"];
    const format = ["set", "-g", "remain-on-exit-format", "", ";"];
    await this.#tmux("start-server", ";", ...options, ...format, "new-session", "-d", ...size, ...argv);
  }

  /** Waits until `text` is on the screen. Returns the screen with its colours. */
  async until(text: string): Promise<string> {
    for (const endMs = Date.now() + deadlineMs; Date.now() < endMs;) {
      if ((await this.#tmux("capture-pane", "-p")).includes(text)) return await this.#tmux("capture-pane", "-p", "-e");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`"${text}" did not come up. On the screen is:\n${await this.#tmux("capture-pane", "-p")}`);
  }

  /** Names of keys as tmux knows them: Enter, Up, y. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-L", this.#socket, "-f", "/dev/null", ...args],
      env: { LC_ALL: "C.UTF-8" },
    }).output().catch(() => {
      throw new Error("tmux is missing: apt install tmux");
    });
    if (!success) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}

/** The eight colours of a terminal, readable on the page's dark ground. */
const colors = ["#7d8590", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#e6edf3"];

export function terminalHtml(screen: string): string {
  let style = new Map<string, string>();
  let html = "";
  // deno-lint-ignore no-control-regex -- escape sequences are what is read
  for (const [, codes, text] of screen.matchAll(/(?:\x1b\[([\d;]*)m)?([^\x1b]*)/g)) {
    for (const code of codes === undefined ? [] : codes.split(";").map(Number)) style = after(style, code);
    const css = [...style].map(([name, value]) => `${name}:${value}`).join(";");
    if (text !== "") html += `<span style="${css}">${escape(text!)}</span>`;
  }
  return `<!doctype html><meta charset="utf-8"><style>body{margin:0}pre{display:inline-block;margin:0;
padding:18px 22px;border-radius:10px;background:#0d1117;color:#e6edf3;font:15px/1.3 "DejaVu Sans Mono",monospace;
width:${columns}ch;height:${rows * 1.3}em}</style><pre>${html}</pre>`;
}

function after(style: ReadonlyMap<string, string>, code: number): Map<string, string> {
  const next = new Map(style);
  if (code === 0) next.clear();
  else if (code === 1) next.set("font-weight", "bold");
  else if (code === 2) next.set("opacity", "0.65");
  else if (code === 22) ["font-weight", "opacity"].forEach((name) => next.delete(name));
  else if (code === 39) next.delete("color");
  else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) next.set("color", colors[code % 10]!);
  return next;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
