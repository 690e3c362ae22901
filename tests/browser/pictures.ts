/**
 * `deno task pictures`: the README's pictures, taken from the running product: the wizard in a terminal, and the page of the
 * try-out with a demonstration machine.
 */
import { join } from "node:path";
import { withBrowser } from "./browser.ts";
import { takeWizardPictures } from "./wizard_pictures.ts";

const top = join(import.meta.dirname!, "../..");
await Deno.mkdir(`${top}/docs/pictures`, { recursive: true });
await takeWizardPictures(`${top}/docs/pictures`);
const folder = await Deno.makeTempDir({ prefix: "pictures-" });
const child = new Deno.Command(Deno.execPath(), {
  args: [
    ...["run", "--allow-all", "--no-prompt", `${top}/main.ts`, "try", "--demo-host", "intel-z370-gt1030"],
    ...["--folder", folder, "--listen", "127.0.0.1:0"],
  ],
  stdin: "null",
  stdout: "piped",
  stderr: "inherit",
}).spawn();
try {
  const link = await signInLink(child.stdout);
  await withBrowser(async (browser) => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 820 } });
    await page.goto(link);
    page.setDefaultTimeout(10_000);
    await page.getByText("Gaming", { exact: true }).first().waitFor();
    const pages = [["vms", "VMs", "text=Gaming"], ["hardware", "Hardware", ".group"], [
      "plan",
      "Plan",
      ".change",
    ]] as const;
    for (const [name, heading, content] of pages) {
      await page.getByRole("link", { name: heading }).first().click();
      await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
      await page.locator(content).first().waitFor();
      await page.screenshot({ path: `${top}/docs/pictures/${name}.png` });
    }
  });
} finally {
  child.kill("SIGTERM");
  await child.status;
  await Deno.remove(folder, { recursive: true });
}

/** The link the try-out prints; what it prints later is read and dropped, so that it never waits for us. */
async function signInLink(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let said = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The try-out ended without a link:\n${said}`);
    said += decoder.decode(value, { stream: true });
    const link = /http:\S+sign-in#\S+/.exec(said);
    if (link === null) continue;
    reader.releaseLock();
    stream.pipeTo(new WritableStream()).catch(() => {}); // it ends with the process
    return link[0];
  }
}
