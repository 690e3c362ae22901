import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import type { TrialReport } from "../../../server/dto.ts";
import { routeTable } from "../../../server/app.ts";
import { FakeHypervisor, until, uuidOf } from "./fake_hypervisor.ts";
import { emptyPlan, origin, port, withApp } from "./harness.ts";

Deno.test("a wrong method is answered with 405 and what is allowed", async () => {
  await withApp(async ({ app, ask }) => {
    for (const path of new Set(routeTable(app).map((route) => route.path))) {
      const at = path.replace(":uuid", uuidOf(1)).replace(":action", "start");
      const response = await ask("PATCH", at);
      assertEquals(response.status, 405, at);
      const methods = routeTable(app).filter((route) => route.path === path).map((route) => route.method);
      for (const method of methods) assertStringIncludes(response.headers.get("allow") ?? "", method);
    }
    assertEquals((await ask("POST", "/hardware")).status, 405);
  });
});

Deno.test("errors are problem details with a code and a hint", async () => {
  await withApp(async ({ ask }) => {
    const response = await ask("GET", `/api/v1/domains/${uuidOf(99)}`);
    assertEquals(response.status, 404);
    assertEquals(response.headers.get("content-type"), "application/problem+json");
    const problem = await response.json();
    assertEquals(problem.code, "not-found");
    assertEquals(problem.status, 404);
    assert(problem.detail.includes(uuidOf(99)) && problem.hint.length > 0);
    const invalid = await ask("GET", "/api/v1/domains/not-a-uuid");
    assertEquals([invalid.status, (await invalid.json()).code], [400, "usage"]);
    assertEquals((await ask("POST", `/api/v1/domains/${uuidOf(1)}/explode`)).status, 400);
    assertEquals((await ask("GET", "/api/v1/nothing")).status, 404);
  });
});

Deno.test("a body that is no JSON is the asker's mistake, not ours", async () => {
  await withApp(async ({ ask, app }) => {
    const send = (body: string, type: string) =>
      app.request(`${origin}/api/v1/session`, {
        method: "POST",
        headers: {
          host: `127.0.0.1:${port}`,
          origin,
          "x-neuron-request": "1",
          "content-type": type,
          "content-length": String(body.length),
        },
        body,
      });
    for (const body of ["{bad", '"', "\0"]) {
      const response = await send(body, "application/json");
      assertEquals([response.status, (await response.json()).code], [400, "usage"], body);
    }
    assertEquals((await send("[]", "application/json; charset=utf-8")).status, 400);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"]) {
      const response = await send('{"code":"x"}', type);
      assertEquals([response.status, response.headers.get("content-type")], [415, "application/problem+json"], type);
    }
    assertEquals((await ask("POST", "/api/v1/session")).status, 400, "no body at all");
  });
});

Deno.test("an answer that is known already comes as 304 without a body, a changed one anew", async () => {
  const hypervisor = new FakeHypervisor();
  const uuid = hypervisor.add(1, "a");
  await withApp(async ({ ask }) => {
    const first = await ask("GET", "/api/v1/domains");
    const etag = first.headers.get("etag")!;
    assertEquals((await first.json()).domains.length, 1);
    const ifNew = () => ask("GET", "/api/v1/domains", { headers: { "if-none-match": `"other", W/${etag}` } });
    const same = await ifNew();
    assertEquals([same.status, await same.text(), same.headers.get("etag")], [304, "", etag]);
    assertEquals(same.headers.get("cache-control"), "no-store");
    assertEquals((await ask("HEAD", "/api/v1/domains")).headers.get("etag"), etag);
    await ask("POST", `/api/v1/domains/${uuid}/start`);
    assertEquals((await ifNew()).status, 200);
    assertEquals((await ask("GET", "/api/v1/nothing")).headers.get("etag"), null);
  }, { hypervisor });
});

Deno.test("HEAD of the event stream takes nobody's place in it", async () => {
  await withApp(async ({ ask, events }) => {
    const response = await ask("HEAD", "/api/v1/events");
    assertEquals([response.status, events.clientCount], [200, 0]);
  });
});

Deno.test("a mistake of ours answers 500 without telling its insides", async () => {
  const readPlan = () => Promise.reject(new TypeError("secret path /root/x"));
  await withApp(async ({ ask }) => {
    const response = await ask("GET", "/api/v1/plan");
    assertEquals(response.status, 500);
    assert(!(await response.text()).includes("secret"));
  }, { readPlan });
});

Deno.test("a plan the machine cannot have is a problem with its reason", async () => {
  const readPlan = () =>
    Promise.reject(new AppError("hardware-unsuitable", "No card is ready", { hint: 'Answer "host.gpu": "none"' }));
  await withApp(async ({ ask }) => {
    const response = await ask("GET", "/api/v1/plan");
    const problem = await response.json();
    assertEquals([response.status, problem.code, problem.detail], [422, "hardware-unsuitable", "No card is ready"]);
  }, { readPlan });
});

Deno.test("the trial boot is told with what did not hold", async () => {
  const trial: TrialReport = {
    trial: { wanted: true, once: true, running: false, asked: false },
    proof: {
      schema: "neuron.proof/1",
      at: "2026-01-02T03:04:05.000Z",
      outcome: "taken-back",
      findings: [{ code: "host-screen-lost", severity: "blocker", title: "The screen is lost" }],
    },
  };
  await withApp(async ({ ask }) => {
    const response = await ask("GET", "/api/v1/trial");
    assertEquals([response.status, await response.json()], [200, trial]);
  }, { trial });
});

Deno.test("two who ask for the plan at once wait for the same one", async () => {
  let made = 0;
  const readPlan = async () => {
    made++;
    await new Promise((done) => setTimeout(done, 5));
    return emptyPlan;
  };
  await withApp(async ({ ask }) => {
    await Promise.all([ask("GET", "/api/v1/plan"), ask("GET", "/api/v1/plan")]);
    assertEquals(made, 1);
  }, { readPlan });
});

Deno.test("a second identical action is done already, an illegal one is a conflict that says what to do", async () => {
  const hypervisor = new FakeHypervisor();
  const uuid = hypervisor.add(1, "windows");
  await withApp(async ({ ask }) => {
    const act = async (action: string) => {
      const response = await ask("POST", `/api/v1/domains/${uuid}/${action}`);
      return { status: response.status, ...await response.json() };
    };
    assertEquals((await act("start")).changed, true);
    const again = await act("start");
    assertEquals([again.status, again.changed, again.domain.state], [200, false, "running"]);
    assertEquals((await act("pause")).domain.state, "paused");
    const refused = await act("shutdown");
    assertEquals([refused.status, refused.code], [409, "conflict"]);
    assertStringIncludes(refused.hint, "Resume");
    assertEquals((await act("destroy")).domain.state, "shutoff");
    assertEquals((await act("destroy")).changed, false);
    assertEquals(hypervisor.calls.filter((call) => call.startsWith("perform")), [
      "perform start",
      "perform pause",
      "perform destroy",
    ]);
  }, { hypervisor });
});

Deno.test("many asking at once for the same start cause one start", async () => {
  const hypervisor = new FakeHypervisor();
  const uuid = hypervisor.add(1, "a");
  await withApp(async ({ ask }) => {
    const all = await Promise.all(Array.from({ length: 10 }, () => ask("POST", `/api/v1/domains/${uuid}/start`)));
    assertEquals(all.map((each) => each.status), Array(10).fill(200));
    assertEquals(hypervisor.calls.filter((call) => call === "perform start").length, 1);
  }, { hypervisor });
});

Deno.test("what the hypervisor refuses is a problem, unless it turns out to be done", async () => {
  const hypervisor = new FakeHypervisor();
  const uuid = hypervisor.add(1, "a");
  await withApp(async ({ ask }) => {
    hypervisor.refusal = new AppError("hypervisor", "libvirt could not do it: no emulator");
    const refused = await ask("POST", `/api/v1/domains/${uuid}/start`);
    assertEquals(refused.status, 502);
    assertStringIncludes((await refused.json()).detail, "no emulator");
  }, { hypervisor });
});

Deno.test("deleting wants the name, a VM that is off, and leaves disks unless they are named and may go", async () => {
  const hypervisor = new FakeHypervisor();
  const disk = (path: string, target: string) =>
    `<disk type='file' device='disk'><source file='${path}'/><target dev='${target}'/></disk>`;
  hypervisor.volumes.add("/pool/own.qcow2").add("/pool/shared.qcow2");
  const devices =
    `<devices>${disk("/pool/own.qcow2", "vda")}${disk("/pool/shared.qcow2", "vdb")}${disk("/else/where.raw", "vdc")}` +
    `<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices>`;
  const uuid = hypervisor.add(1, "a&amp;b", "shutoff", devices);
  hypervisor.change(uuid, { name: "a&b" });
  hypervisor.add(2, "other", "shutoff", `<devices>${disk("/pool/shared.qcow2", "vda")}</devices>`);
  await withApp(async ({ ask }) => {
    const at = `/api/v1/domains/${uuid}`;
    const preview = await (await ask("GET", `${at}/deletion`)).json();
    assertEquals(preview.goes.length, 4, "definition, TPM, saved state, snapshots");
    assertEquals(preview.disks.map((each: { keptBecause: string | null }) => each.keptBecause), [
      null,
      'the VM "other" uses it too',
      "it lies outside every storage pool",
    ]);
    assertEquals((await ask("DELETE", `${at}?confirm=wrong`)).status, 422);
    assertEquals((await ask("DELETE", `${at}?confirm=a%26b&disk=vdb`)).status, 409, "a shared disk");
    hypervisor.change(uuid, { state: "running" });
    assertEquals((await ask("DELETE", `${at}?confirm=a%26b`)).status, 409, "running");
    hypervisor.change(uuid, { state: "shutoff" });
    assert(!hypervisor.calls.includes("undefine"));
    const done = await (await ask("DELETE", `${at}?confirm=a%26b&disk=vda`)).json();
    assertEquals(done, { changed: true, deletedDisks: ["/pool/own.qcow2"] });
    assertEquals([...hypervisor.volumes], ["/pool/shared.qcow2"]);
    assertEquals(await (await ask("DELETE", `${at}?confirm=a%26b`)).json(), { changed: false, deletedDisks: [] });
  }, { hypervisor });
});

Deno.test("after connecting nothing is asked of the hypervisor until something changes, then only that is read", async () => {
  const hypervisor = new FakeHypervisor();
  const uuids = Array.from({ length: 50 }, (_, index) => hypervisor.add(index, `vm-${index}`));
  await withApp(async ({ ask, domains }) => {
    assertEquals(hypervisor.calls, ["readVersions", "readAll"]);
    for (let times = 0; times < 20; times++) await ask("GET", "/api/v1/domains");
    await ask("GET", `/api/v1/domains/${uuids[3]}`);
    assertEquals(hypervisor.calls.length, 2, "lists and looks come from memory");
    for (let times = 0; times < 10; times++) hypervisor.change(uuids[7]!, { state: times % 2 ? "running" : "paused" });
    await until(() => domains.get(uuids[7]!).state === "running", "the change is known");
    const reads = hypervisor.calls.slice(2);
    assert(reads.length <= 3 && reads.every((call) => call === "readOne"), reads.join(", "));
  }, { hypervisor });
});

Deno.test("while the hypervisor is away the last picture stays, actions say so, and everything is read again after", async () => {
  const hypervisor = new FakeHypervisor();
  const uuid = hypervisor.add(1, "a", "running");
  hypervisor.add(2, "b");
  await withApp(async ({ ask, domains }) => {
    hypervisor.goAway();
    await until(() => domains.status.state === "disconnected", "the break is noticed");
    assertEquals((await (await ask("GET", "/api/v1/domains")).json()).domains.length, 2);
    const refused = await ask("POST", `/api/v1/domains/${uuid}/destroy`);
    assertEquals([refused.status, (await refused.json()).code], [502, "hypervisor"]);
    const system = await (await ask("GET", "/api/v1/system")).json();
    assertEquals(system.hypervisor.state, "disconnected");
    hypervisor.domains.delete(uuid);
    hypervisor.comeBack();
    await until(() => domains.status.state === "connected", "it is connected again");
    assertEquals(
      (await (await ask("GET", "/api/v1/domains")).json()).domains.map((each: { name: string }) => each.name),
      ["b"],
    );
  }, { hypervisor });
});

Deno.test("the page: shell for its own addresses, immutable assets, ETags, nothing else", async () => {
  await withApp(async ({ ask }) => {
    for (const path of ["/", "/hardware", `/vms/${uuidOf(1)}/xml`, "/anything"]) {
      const shell = await ask("GET", path);
      assertEquals([shell.status, shell.headers.get("content-type"), shell.headers.get("cache-control")], [
        200,
        "text/html; charset=utf-8",
        "no-cache",
      ]);
    }
    const asset = await ask("GET", "/assets/main-0123456789ab.js");
    assertStringIncludes(asset.headers.get("cache-control") ?? "", "immutable");
    const again = await ask("GET", "/assets/main-0123456789ab.js", {
      headers: { "if-none-match": asset.headers.get("etag")! },
    });
    assertEquals([again.status, await again.text()], [304, ""]);
    const zipped = await ask("GET", "/", { headers: { "accept-encoding": "gzip" } });
    assertEquals([zipped.headers.get("content-encoding"), zipped.headers.get("etag")], ["gzip", '"e1-gzip"']);
    for (
      const path of [
        "/assets/../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/none.js",
        "/assets/..%2f..%2fetc/passwd",
      ]
    ) {
      const outside = await ask("GET", path);
      assert(outside.status === 404 || (await outside.text()).includes("shell"), path);
    }
  });
});

Deno.test("the OpenAPI document is 3.1 and names every route", async () => {
  await withApp(async ({ app, ask }) => {
    const document = await (await ask("GET", "/api/openapi.json")).json();
    assertEquals(document.openapi, "3.1.0");
    for (const { method, path } of routeTable(app)) {
      if (path === "/api/openapi.json") continue;
      const written = path.replace(/:(\w+)/g, "{$1}");
      assert(document.paths[written]?.[method.toLowerCase()] !== undefined, `${method} ${written} is not described`);
    }
  });
});
