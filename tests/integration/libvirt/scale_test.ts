import { assertEquals } from "@std/assert";
import { open } from "../../../libvirt/mod.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";
import { THOUSAND, withThousandDomains } from "./thousand_domains.ts";

Deno.test("a thousand domains are listed, asked one by one, and changed, with events for each", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const node = await withThousandDomains(daemon);
    await using connection = await open(node.uri);
    const listed = await connection.listDomainsWithState();
    assertEquals(listed.length, THOUSAND);
    assertEquals(listed.every(({ state }) => state === "running"), true);
    const states = await Promise.all(listed.map(({ domain }) => domain.state()));
    assertEquals(states.every(({ state }) => state === "running"), true);
    assertEquals((await connection.allDomainStats()).length, THOUSAND);

    const events = await connection.subscribe(["domain.lifecycle"]);
    await Promise.all(listed.map(({ domain }) => domain.suspend()));
    await Promise.all(listed.map(({ domain }) => domain.destroy()));
    const count = new Map<string, number>();
    for await (const event of events) {
      if (event.kind === "overflow") throw new Error("events were lost");
      count.set(event.event, (count.get(event.event) ?? 0) + 1);
      if (count.get("stopped") === THOUSAND) break;
    }
    assertEquals(count, new Map([["suspended", THOUSAND], ["stopped", THOUSAND]]));
    assertEquals((await connection.listDomains({ active: true })).length, 0);
  });
});
