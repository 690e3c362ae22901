/** The page in a real browser, before the real server, before a real libvirtd. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Browser, Page } from "playwright-core";
import { type Connection, open } from "../../libvirt/mod.ts";
import { type PrivateLibvirtd, withPrivateLibvirtd } from "../integration/private_libvirtd.ts";
import { startCountingProxy } from "../integration/server/counting_proxy.ts";
import { type RunningServer, smallGuest, withServer } from "../integration/server/running_server.ts";
import { assertAccessible, assertNoSidewaysScroll, takeScreenshot, watchForErrors, withBrowser } from "./browser.ts";

interface Stage {
  readonly browser: Browser;
  readonly daemon: PrivateLibvirtd;
  readonly connection: Connection;
  readonly running: RunningServer;
  readonly url: string;
  /** libvirt calls the server has made so far. */
  calls(): number;
}

async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  await withPrivateLibvirtd(async (daemon) => {
    const proxy = startCountingProxy(`${daemon.folder}/counted`, daemon.socket);
    try {
      await using connection = await open(daemon.uri());
      for (const name of ["windows-11", "debian"]) await connection.defineDomain(smallGuest(name));
      await withServer(
        `qemu:///system?socket=${proxy.socket}`,
        (running) =>
          withBrowser((browser) =>
            run({ browser, daemon, connection, running, url: running.server.url, calls: () => proxy.calls })
          ),
      );
    } finally {
      proxy.close();
    }
  });
}

async function signedIn({ browser, running }: Stage, options = {}): Promise<{ page: Page; errors: string[] }> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })).newPage();
  page.setDefaultTimeout(10_000);
  const errors = watchForErrors(page);
  await page.goto(running.server.signInLink());
  await page.getByRole("heading", { name: "VMs", level: 1 }).waitFor();
  return { page, errors };
}

const card = (page: Page, name: string) => page.locator("li.card", { hasText: name });

Deno.test("signing in by the link works once, leaves no code behind, and signing out ends it", () =>
  onStage(async (stage) => {
    const link = stage.running.server.signInLink();
    const page = await stage.browser.newPage();
    page.setDefaultTimeout(10_000);
    await page.goto(stage.url);
    await page.getByRole("heading", { name: "Sign in to Neuron" }).waitFor();
    await assertAccessible(page, "sign-in page");
    await takeScreenshot(page, "sign-in");
    await page.goto(link);
    await page.getByRole("heading", { name: "VMs", level: 1 }).waitFor();
    assert(!page.url().includes("#"), page.url());
    assertEquals(await page.evaluate("document.cookie"), "");
    await page.reload();
    await card(page, "windows-11").waitFor();

    const other = await (await stage.browser.newContext()).newPage();
    await other.goto(link);
    await other.getByText("has been used already").waitFor();

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Neuron" }).waitFor();
    await page.goto(`${stage.url}hardware`);
    await page.getByRole("heading", { name: "Sign in to Neuron" }).waitFor();
  }));

Deno.test("a VM is started and forced off by clicking, and a change by others shows without reload", () =>
  onStage(async (stage) => {
    const { page, errors } = await signedIn(stage);
    await card(page, "debian").getByRole("button", { name: "Start", exact: true }).click();
    await card(page, "debian").getByText("Running").waitFor();
    await page.getByText("debian is running").waitFor();
    assertEquals((await (await stage.connection.lookupDomain("debian")).state()).state, "running");

    await card(page, "debian").getByRole("button", { name: "More actions for debian" }).click();
    await page.getByRole("menuitem", { name: "Force off" }).click();
    await page.getByRole("dialog").getByText("pulling the plug").waitFor();
    await page.getByRole("button", { name: "Force off" }).click();
    await card(page, "debian").getByText("Off").waitFor();
    assertEquals((await (await stage.connection.lookupDomain("debian")).state()).state, "shutoff");

    // As virsh or virt-manager would, over a connection of their own.
    await (await stage.connection.lookupDomain("windows-11")).start();
    await card(page, "windows-11").getByText("Running").waitFor();
    await (await stage.connection.lookupDomain("windows-11")).suspend();
    await card(page, "windows-11").getByText("Paused").waitFor();
    await stage.connection.defineDomain(smallGuest("made-elsewhere"));
    await card(page, "made-elsewhere").waitFor();
    await (await stage.connection.lookupDomain("made-elsewhere")).undefine();
    await card(page, "made-elsewhere").waitFor({ state: "detached" });
    assertEquals(errors, []);
  }));

Deno.test("deleting a VM says what goes and wants its name", () =>
  onStage(async (stage) => {
    const { page } = await signedIn(stage);
    await card(page, "debian").getByRole("link", { name: "debian" }).click();
    await page.getByRole("heading", { name: "debian", level: 1 }).waitFor();
    await page.getByRole("button", { name: "More actions for debian" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText("The VM's definition").waitFor();
    await assertAccessible(page, "delete dialog");
    const confirm = page.getByRole("button", { name: "Delete VM" });
    assert(await confirm.isDisabled());
    await page.getByRole("textbox").fill("debia");
    assert(await confirm.isDisabled());
    await page.getByRole("textbox").fill("debian");
    await confirm.click();
    await page.getByText("debian was deleted").waitFor();
    await page.getByRole("heading", { name: "VMs", level: 1 }).waitFor();
    assertEquals((await stage.connection.listDomains()).map((domain) => domain.name), ["windows-11"]);
  }));

Deno.test("with the page open and nobody doing anything, ten seconds pass without one libvirt call", () =>
  onStage(async (stage) => {
    const { page } = await signedIn(stage);
    await card(page, "debian").waitFor();
    assert(stage.calls() > 5, "the proxy counts");
    const before = stage.calls();
    // The one wait that is its own condition: nothing must happen in it.
    await new Promise((done) => setTimeout(done, 10_000));
    assertEquals(stage.calls() - before, 0);
    await (await stage.connection.lookupDomain("debian")).start();
    await card(page, "debian").getByText("Running").waitFor();
    const after = stage.calls() - before;
    assert(after > 0 && after < 30, `one change cost ${after} calls`);
  }));

Deno.test("libvirtd dies and comes back: the page says so, greys out with the reason, and goes on by itself", () =>
  onStage(async (stage) => {
    const { page, errors } = await signedIn(stage);
    await card(page, "debian").getByRole("button", { name: "Start", exact: true }).click();
    await card(page, "debian").getByText("Running").waitFor();
    await stage.daemon.kill9();
    await page.getByText("libvirt is not reachable.").waitFor();
    await card(page, "debian").getByText("Running").waitFor();
    const button = card(page, "debian").getByRole("button", { name: "Shut down" });
    assertEquals(await button.getAttribute("aria-disabled"), "true");
    assertStringIncludes(await button.getAttribute("title") ?? "", "libvirt is not reachable");
    await assertAccessible(page, "degraded");
    await takeScreenshot(page, "degraded");
    await stage.daemon.restart();
    await page.getByText("libvirt is not reachable.").waitFor({ state: "detached" });
    await (await open(stage.daemon.uri())).close();
    await card(page, "debian").getByText("Running").waitFor();
    assertEquals(
      await card(page, "debian").getByRole("button", { name: "Shut down" }).getAttribute("aria-disabled"),
      "false",
    );
    assertEquals(errors, []);
  }));

Deno.test("the server ends: the page says that what it shows may be old, and that it goes on by itself", () =>
  onStage(async (stage) => {
    const { page, errors } = await signedIn(stage);
    await card(page, "debian").waitFor();
    await stage.running.server.close();
    await page.getByText("The connection to Neuron is lost.").waitFor();
    const button = card(page, "debian").getByRole("button", { name: "Start", exact: true });
    assertStringIncludes(await button.getAttribute("title") ?? "", "Neuron does not answer");
    await assertAccessible(page, "offline");
    await page.getByRole("link", { name: "Hardware" }).click();
    await page.getByText("Neuron does not answer", { exact: true }).first().waitFor();
    await takeScreenshot(page, "offline");
    assertEquals(errors, []);
  }));

Deno.test("every page in light, dark and on a phone: axe-core finds nothing, nothing sticks out", () =>
  onStage(async (stage) => {
    const uuid = (await stage.connection.lookupDomain("windows-11")).uuid;
    const places: Record<string, { path: string; ready: string }> = {
      vms: { path: "", ready: "li.card" },
      vm: { path: `vms/${uuid}`, ready: ".facts" },
      "vm-hardware": { path: `vms/${uuid}/hardware`, ready: ".panel" },
      "vm-xml": { path: `vms/${uuid}/xml`, ready: ".code" },
      hardware: { path: "hardware", ready: ".gpu-card" },
      plan: { path: "plan", ready: ".change" },
      nothing: { path: "no/such/page/here", ready: ".empty" },
      "no-such-vm": { path: "vms/00000000-0000-4000-8000-000000000000", ready: ".empty" },
    };
    const looks: Record<string, object> = {
      light: { colorScheme: "light" },
      dark: { colorScheme: "dark" },
      phone: { colorScheme: "light", viewport: { width: 360, height: 740 }, reducedMotion: "reduce" },
    };
    for (const [look, options] of Object.entries(looks)) {
      const { page, errors } = await signedIn(stage, options);
      for (const [name, { path, ready }] of Object.entries(places)) {
        await page.goto(stage.url + path);
        await page.locator(ready).first().waitFor();
        await assertAccessible(page, `${name}, ${look}`);
        await assertNoSidewaysScroll(page, `${name}, ${look}`);
        await takeScreenshot(page, `${name}-${look}`);
      }
      assertEquals(errors, [], look);
    }
  }));

Deno.test("hostile names and titles are text on every page, and break no layout", () =>
  onStage(async (stage) => {
    const html = '<img src=x onerror="alert(1)">';
    const names = [html.replaceAll('"', ""), "$(id) `id`", "a\u202egnp.exe", "n".repeat(240)];
    for (const name of names) {
      await stage.connection.defineDomain(
        smallGuest(
          name,
          `<title>${html.replaceAll("<", "&lt;")} ${
            "t".repeat(300)
          }</title><description>&lt;script&gt;alert(1)&lt;/script&gt;</description>`,
        ),
      );
    }
    const { page, errors } = await signedIn(stage, { viewport: { width: 360, height: 740 } });
    await card(page, "$(id)").waitFor();
    await assertNoSidewaysScroll(page, "the list");
    assertEquals(await page.locator("#app img, #app script").count(), 0);
    assertEquals(await page.getByText("a\\u{202e}gnp.exe").count(), 1);
    for (const name of names) {
      await page.goto(`${stage.url}vms/${(await stage.connection.lookupDomain(name)).uuid}`);
      await page.locator(".facts").first().waitFor();
      await assertNoSidewaysScroll(page, name);
      assertEquals(await page.locator("#app img, #app script").count(), 0);
    }
    await takeScreenshot(page, "hostile-phone");
    assertEquals(errors, []);
  }));

Deno.test("the keyboard alone reaches a VM's menu, reads why not, and closes it again", () =>
  onStage(async (stage) => {
    const { page } = await signedIn(stage);
    await page.goto(stage.url);
    await card(page, "debian").waitFor();
    await page.keyboard.press("Tab");
    assertEquals(await page.evaluate("document.activeElement.className"), "skip");
    const menu = page.getByRole("button", { name: "More actions for debian" });
    for (let presses = 0; presses < 40; presses++) {
      if (await menu.evaluate((element) => element === document.activeElement)) break;
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.locator("[role=menuitem]:focus").waitFor();
    await page.keyboard.press("ArrowDown");
    assertStringIncludes(String(await page.evaluate("document.activeElement.textContent")), "The VM is off already");
    await assertAccessible(page, "open menu");
    await page.keyboard.press("Enter");
    assertEquals(await page.getByRole("menuitem").count() > 0, true, "what cannot be chosen does nothing");
    await page.keyboard.press("Escape");
    assertEquals(await page.getByRole("menuitem").count(), 0);
    assert(await menu.evaluate((element) => element === document.activeElement), "the focus is back on the button");
  }));

Deno.test("a thousand VMs and two thousand changes: the page stays small, quick, and ends right", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const uri = await thousandVms(daemon);
    await withServer(uri, (running) =>
      withBrowser(async (browser) => {
        const page = await (await browser.newContext()).newPage();
        page.setDefaultTimeout(20_000);
        const errors = watchForErrors(page);
        await page.goto(running.server.signInLink());
        await page.getByText("1–48 of 1,000").waitFor();
        assertEquals(await page.locator("li.card").count(), 48);
        await page.getByRole("searchbox").fill("vm-0777");
        await card(page, "vm-0777").getByText("Running").waitFor();
        assertEquals(await page.locator("li.card").count(), 1);

        const { domains } = await (await running.ask("GET", "/api/v1/domains")).json();
        const start = performance.now();
        const waiting = [...domains];
        const worker = async () => {
          for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
            await running.ask("POST", `/api/v1/domains/${next.uuid}/pause`);
            if (next.name !== "vm-0777") await running.ask("POST", `/api/v1/domains/${next.uuid}/resume`);
          }
        };
        await Promise.all(Array.from({ length: 20 }, worker));
        console.log(`2,000 changes took ${Math.round(performance.now() - start)} ms`);
        await card(page, "vm-0777").getByText("Paused").waitFor();
        await page.getByRole("searchbox").fill("");
        await page.getByRole("button", { name: "Paused or crashed" }).click();
        await page.waitForFunction("document.querySelectorAll('li.card').length === 1");
        assertEquals(errors, []);
        await takeScreenshot(page, "thousand");
      }));
  });
});

/** libvirt's test driver with a thousand running domains; every connection has its own. */
async function thousandVms(daemon: PrivateLibvirtd): Promise<string> {
  const file = `${daemon.folder}/node.xml`;
  const domains = Array.from(
    { length: 1_000 },
    (_, number) =>
      `<domain type='test'><name>vm-${
        String(number).padStart(4, "0")
      }</name><memory>65536</memory><os><type>hvm</type></os></domain>`,
  );
  const cpu = "<cpu><mhz>1000</mhz><nodes>1</nodes><sockets>1</sockets><cores>1</cores><threads>1</threads></cpu>";
  await Deno.writeTextFile(file, `<node>${cpu}<memory>8192</memory>${domains.join("")}</node>`);
  return daemon.uri(`test://${file}`);
}
