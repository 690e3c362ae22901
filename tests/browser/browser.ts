/** Debian's Chromium, driven by playwright-core, and what every browser test needs of it. */
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

const executable = "/usr/bin/chromium";
/** Screenshots for people to look at; git ignores the folder. */
export const screenshots = `${import.meta.dirname}/../../.neuron/screenshots`;

export async function withBrowser<T>(run: (browser: Browser) => Promise<T>): Promise<T> {
  try {
    await Deno.stat(executable);
  } catch {
    throw new Error(`${executable} is missing: apt install chromium`);
  }
  const browser = await chromium.launch({
    executablePath: executable,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    return await run(browser);
  } finally {
    await browser.close();
  }
}

/** Collects what must never happen: errors of scripts, and whatever the content security policy stopped. */
export function watchForErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted Type/i.test(message.text())) errors.push(message.text());
  });
  page.on("dialog", (dialog) => errors.push(`a dialog: ${dialog.message()}`));
  return errors;
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** axe-core finds nothing on the page as it is now. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate("axe.run()") as AxeResult;
  const told = violations.flatMap((each) =>
    each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`)
  );
  assertEquals(told, [], where);
}

/** Nothing is wider than the window. */
export async function assertNoSidewaysScroll(page: Page, where: string): Promise<void> {
  const surplus = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  assertEquals(surplus, 0, `${where} is wider than its window`);
}

export async function takeScreenshot(page: Page, name: string): Promise<void> {
  await Deno.mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
}
