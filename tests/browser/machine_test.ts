/** The pages about the machine in their rarer states: hundreds of groups, a plan that is refused, one with nothing to do. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { Plan, TrialReport } from "../../server/dto.ts";
import { samplePlan, withServer } from "../integration/server/running_server.ts";
import { assertAccessible, assertNoSidewaysScroll, takeScreenshot, watchForErrors, withBrowser } from "./browser.ts";

const nowhere = "test:///default?socket=/nonexistent";

function onPage(run: (page: Page, url: string) => Promise<void>): Promise<void> {
  return withServer(nowhere, ({ server }) =>
    withBrowser(async (browser) => {
      const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
      page.setDefaultTimeout(10_000);
      const errors = watchForErrors(page);
      await page.goto(server.signInLink());
      await page.getByRole("heading", { name: "VMs", level: 1 }).waitFor();
      await run(page, server.url);
      assertEquals(errors, []);
    }), "intel-spr-xeon-bmc-only");
}

async function openPlan(page: Page, url: string, plan: Plan): Promise<void> {
  await page.route("**/api/v1/plan", (route) => route.fulfill({ json: plan }));
  await page.goto(`${url}plan`);
}

Deno.test("of a server with hundreds of IOMMU groups the page shows the ones that matter, and all when asked", () =>
  onPage(async (page, url) => {
    await page.goto(`${url}hardware`);
    await page.getByText("ASPEED", { exact: false }).first().waitFor();
    assertEquals(await page.locator(".group").count(), 1);
    await assertAccessible(page, "many groups");
    await page.getByRole("button", { name: /^Show all \d+ groups$/ }).click();
    await page.getByRole("button", { name: "Show less" }).waitFor();
    assert(await page.locator(".group").count() > 400);
    await assertNoSidewaysScroll(page, "all groups");
    await page.getByRole("button", { name: "Show less" }).click();
    assertEquals(await page.locator(".group").count(), 1);
  }));

Deno.test("a plan with something in the way says what, and what to do, before the changes", () =>
  onPage(async (page, url) => {
    const title = "The root file system may not be written to";
    const blockers = [{ code: "x", severity: "blocker", title, hint: "Remount it: mount -o remount,rw /" }] as const;
    await openPlan(page, url, { ...samplePlan, blockers: [...blockers] });
    await page.getByRole("heading", { name: "In the way" }).waitFor();
    await page.getByText(title).waitFor();
    await page.getByText("mount -o remount,rw /").waitFor();
    await page.getByText("It would be refused as things are.").waitFor();
    assert(await page.locator(".change").count() > 0);
    await assertAccessible(page, "plan with blockers");
    await assertNoSidewaysScroll(page, "plan with blockers");
    await takeScreenshot(page, "plan-blocked-phone");
  }));

Deno.test("a machine with nothing to change says that it is as it should be", () =>
  onPage(async (page, url) => {
    const steps = samplePlan.steps.map((step) => ({ ...step, changes: [] }));
    await openPlan(page, url, { ...samplePlan, rebootNeeded: false, steps });
    await page.getByText("Nothing to change").waitFor();
    assertEquals(await page.locator(".change").count(), 0);
    await assertAccessible(page, "empty plan");
    await takeScreenshot(page, "plan-empty-phone");
  }));

Deno.test("a trial boot that did not hold says why, above the plan that tries it again", () =>
  onPage(async (page, url) => {
    const findings = [{
      code: "vfio-not-bound",
      severity: "blocker",
      title: '0000:01:00.0 is not held by vfio-pci: its driver is "nouveau"',
      hint: "Look at the kernel's messages for lines that begin with neuron: (dmesg | grep neuron:)",
    }] as const;
    const report: TrialReport = {
      trial: { wanted: false, once: true, running: false, asked: false },
      proof: { schema: "neuron.proof/1", at: "2026-01-02T03:04:05.000Z", outcome: "taken-back", findings },
    };
    await page.route("**/api/v1/trial", (route) => route.fulfill({ json: report }));
    await openPlan(page, url, samplePlan);
    await page.getByRole("heading", { name: "Trial boot" }).waitFor();
    await page.getByText("Taken back", { exact: true }).waitFor();
    await page.getByText('its driver is "nouveau"').waitFor();
    await assertAccessible(page, "trial boot");
    await assertNoSidewaysScroll(page, "trial boot");
    await takeScreenshot(page, "plan-trial-phone");
  }));

Deno.test("where no trial was, none is spoken of", () =>
  onPage(async (page, url) => {
    await page.goto(`${url}plan`);
    await page.getByRole("heading", { name: "Plan", level: 1 }).waitFor();
    await page.locator(".change").first().waitFor();
    assertEquals(await page.getByRole("heading", { name: "Trial boot" }).count(), 0);
  }));
