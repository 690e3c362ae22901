import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { open } from "../../../libvirt/mod.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";
import { eventually, smallGuest, withServer } from "./running_server.ts";

Deno.test("a VM's life through the API against real libvirt and QEMU", async () => {
  await withPrivateLibvirtd((daemon) =>
    withServer(daemon.uri(), async ({ ask, eventsUntil }) => {
      await using connection = await open(daemon.uri());
      const state = async () => (await (await ask("GET", "/api/v1/system")).json()).hypervisor.state;
      await eventually("the server is connected", async () => await state() === "connected");

      const hostile = "<b>x\u202e $(id)";
      const { uuid } = await connection.defineDomain(smallGuest(hostile));
      const at = `/api/v1/domains/${uuid}`;
      await eventually("the new VM is listed", async () =>
        (await (await ask("GET", "/api/v1/domains")).json()).domains.length === 1);
      const act = async (action: string) => {
        const response = await ask("POST", `${at}/${action}`);
        return { status: response.status, body: await response.json() };
      };
      const started = await act("start");
      assertEquals(
        [started.status, started.body.changed, started.body.domain.state],
        [200, true, "running"],
        JSON.stringify(started.body),
      );
      assertEquals((await act("start")).body.changed, false);
      assertEquals((await act("pause")).body.domain.state, "paused");
      assertEquals((await act("shutdown")).status, 409);
      assertEquals((await act("resume")).body.domain.state, "running");
      assertEquals((await act("reset")).body.changed, true);
      assertStringIncludes((await (await ask("GET", `${at}/xml`)).json()).xml, "&lt;b&gt;x");

      const events = await eventsUntil(
        (seen) =>
          seen.some((event) => event.id === uuid),
        async () => await (await connection.lookupDomain(hostile)).destroy(),
      );
      assertEquals(events.at(-1)!.type, "changed");
      await eventually("it is seen off", async () => (await (await ask("GET", at)).json()).state === "shutoff");

      const confirm = encodeURIComponent(hostile);
      assertEquals((await ask("DELETE", `${at}?confirm=wrong`)).status, 422);
      assertEquals(await (await ask("DELETE", `${at}?confirm=${confirm}`)).json(), { changed: true, deletedDisks: [] });
      assertEquals((await connection.listDomains()).length, 0);
      assertEquals((await ask("GET", at)).status, 404);
    })
  );
});

Deno.test("deleting a VM deletes the disk that was named and leaves the other", async () => {
  await withPrivateLibvirtd((daemon) =>
    withServer(daemon.uri(), async ({ ask }) => {
      await using connection = await open(daemon.uri());
      const folder = `${daemon.folder}/pool`;
      await Deno.mkdir(folder);
      const pool = await connection.createStoragePool(
        `<pool type='dir'><name>p</name><target><path>${folder}</path></target></pool>`,
      );
      for (const name of ["a.raw", "b.raw"]) {
        await pool.createVolume(
          `<volume><name>${name}</name><capacity unit='MiB'>1</capacity><target><format type='raw'/></target></volume>`,
        );
      }
      const disk = (name: string, target: string) =>
        `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${folder}/${name}'/><target dev='${target}' bus='virtio'/></disk>`;
      const xml = smallGuest("disks").replace("</devices>", `${disk("a.raw", "vda")}${disk("b.raw", "vdb")}</devices>`);
      const { uuid } = await connection.defineDomain(xml);
      const at = `/api/v1/domains/${uuid}`;
      await eventually("the new VM is known", async () => (await ask("GET", at)).status === 200);
      const preview = await (await ask("GET", `${at}/deletion`)).json();
      assertEquals(preview.disks.map((each: { keptBecause: unknown }) => each.keptBecause), [null, null]);
      const done = await (await ask("DELETE", `${at}?confirm=disks&disk=vdb`)).json();
      assertEquals(done, { changed: true, deletedDisks: [`${folder}/b.raw`] });
      assertEquals([...Deno.readDirSync(folder)].map((entry) => entry.name), ["a.raw"]);
    })
  );
});

Deno.test("libvirtd killed: the server says so, keeps the last picture, and reads everything again when it is back", async () => {
  await withPrivateLibvirtd((daemon) =>
    withServer(daemon.uri(), async ({ ask }) => {
      await using connection = await open(daemon.uri());
      const domain = await connection.defineDomain(smallGuest("survivor"));
      await domain.start();
      const status = async () => (await (await ask("GET", "/api/v1/system")).json()).hypervisor.state;
      const running = async () => {
        const { domains } = await (await ask("GET", "/api/v1/domains")).json();
        return domains.find((each: { name: string }) => each.name === "survivor")?.state === "running";
      };
      await eventually("the VM is seen running", running);
      await daemon.kill9();
      await eventually("the break is noticed", async () => await status() === "disconnected");
      assert(await running(), "the last picture stays");
      assertEquals((await ask("POST", `/api/v1/domains/${domain.uuid}/pause`)).status, 502);
      await daemon.restart();
      await eventually("the server is back", async () => await status() === "connected");
      assert(await running(), "the VM survived");
      assertEquals((await ask("POST", `/api/v1/domains/${domain.uuid}/destroy`)).status, 200);
    })
  );
});

Deno.test("a thousand VMs are read once, listed fast, and one change is one event", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const file = `${daemon.folder}/node.xml`;
    const domains = Array.from(
      { length: 1_000 },
      (_, number) =>
        `<domain type='test'><name>vm-${number}</name><memory>65536</memory><os><type>hvm</type></os></domain>`,
    );
    await Deno.writeTextFile(
      file,
      `<node><cpu><mhz>1000</mhz><nodes>1</nodes><sockets>1</sockets><cores>1</cores><threads>1</threads></cpu><memory>8192</memory>${
        domains.join("")
      }</node>`,
    );
    const uri = daemon.uri(`test://${file}`);
    await withServer(uri, async ({ ask }) => {
      const listed = async () => (await (await ask("GET", "/api/v1/domains")).json()).domains;
      await eventually("all are listed", async () => (await listed()).length === 1_000);
      const start = performance.now();
      for (let times = 0; times < 10; times++) await listed();
      const eachMs = (performance.now() - start) / 10;
      assert(eachMs < 500, `a list took ${Math.round(eachMs)} ms`);
      const uuid = (await listed())[500].uuid;
      const response = await ask("POST", `/api/v1/domains/${uuid}/pause`);
      assertEquals((await response.json()).domain.state, "paused");
    });
  });
});
