/** The wizard's pictures: the real program in a real terminal, on a copy of a machine of the fixtures. */
import { join } from "node:path";
import { layOutHost } from "../fixtures/hosts.ts";
import { withBrowser } from "./browser.ts";
import { terminalHtml, TerminalScreen } from "./terminal_picture.ts";

const top = join(import.meta.dirname!, "../..");
/** Its name is in the pictures. */
const copy = "/tmp/copy-of-my-pc";

interface Scene {
  /** What is waited for. */
  readonly until: string;
  /** The name of the picture that is taken then. */
  readonly picture?: string;
  /** The keys that answer. */
  readonly press?: readonly string[];
}

const scenes: readonly Scene[] = [
  { until: "Which graphics card", picture: "wizard-card", press: ["Enter"] },
  { until: "What is the VM for?", press: ["Enter"] },
  { until: "What shall the VM be called?", press: ["Enter"] },
  { until: "Is this size right?", press: ["Enter"] },
  { until: "❯ Not now", press: ["Up"] },
  { until: "❯ Windows 10", press: ["Up"] },
  { until: "❯ Windows 11", picture: "wizard-windows", press: ["Enter"] },
  { until: "Where does Windows come from?", press: ["Enter"] },
  { until: "What shall the account in Windows be called?", press: ["ada", "Enter"] },
  { until: "Its password", press: ["correct horse", "Enter"] },
  { until: "The password once more", press: ["correct horse", "Enter"] },
  { until: "Yes, apply it", picture: "wizard-plan", press: ["Enter"] },
  { until: "This is a copy", picture: "wizard-end" },
];

/** @param folder where the pictures go */
export async function takeWizardPictures(folder: string): Promise<void> {
  await Deno.mkdir(copy); // fails where somebody has it: what is there is not ours
  try {
    await layOutHost("intel-z370-gt1030", copy);
    await using screen = new TerminalScreen();
    const program = [Deno.execPath(), "run", "--allow-all", "--no-prompt", `${top}/main.ts`];
    await screen.start([...program, "setup", "--root", copy]);
    await withBrowser(async (browser) => {
      const page = await browser.newPage();
      for (const { until, picture, press } of scenes) {
        const shown = await screen.until(until);
        if (picture !== undefined) {
          await page.setContent(terminalHtml(shown));
          await page.locator("pre").screenshot({ path: `${folder}/${picture}.png`, omitBackground: true });
        }
        if (press !== undefined) await screen.press(...press);
      }
    });
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}
