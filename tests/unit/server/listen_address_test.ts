import { assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { loopbackHosts, parseListenAddress, requireLoopback } from "../../../server/listen_address.ts";

Deno.test("addresses are read as people write them", () => {
  assertEquals(parseListenAddress("127.0.0.1:8443"), { hostname: "127.0.0.1", port: 8443 });
  assertEquals(parseListenAddress("[::1]:0"), { hostname: "::1", port: 0 });
  assertEquals(parseListenAddress("localhost:80"), { hostname: "localhost", port: 80 });
  for (const wrong of ["", "8443", ":8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1:80", "a b:1", "[::1]"]) {
    assertThrows(() => parseListenAddress(wrong), AppError, "Cannot read");
  }
});

Deno.test("only loopback addresses are served without HTTPS, also in their odd spellings", () => {
  for (const hostname of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) requireLoopback({ hostname, port: 1 });
  for (
    const hostname of ["0.0.0.0", "::", "192.168.1.5", "::ffff:192.168.1.5", "127.0.0.1.evil", "neuron.lan", "127.1"]
  ) {
    assertThrows(() => requireLoopback({ hostname, port: 8443 }), AppError, "without HTTPS");
  }
});

Deno.test("the names answered for bear the port, unless it is the default one", () => {
  assertEquals([...loopbackHosts({ hostname: "127.0.0.1", port: 8443 })], [
    "127.0.0.1:8443",
    "localhost:8443",
    "[::1]:8443",
  ]);
  assertEquals([...loopbackHosts({ hostname: "::1", port: 80 })], ["[::1]", "localhost", "127.0.0.1"]);
});
