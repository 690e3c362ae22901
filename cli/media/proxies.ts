/** The proxies a person's environment names. */
import type { Proxies } from "../../provision/media/http.ts";

/** The variables every Unix program reads; the lower-case ones count first (curl(1)). */
export function readProxies(): Proxies {
  const read = (name: string) => Deno.env.get(name) || Deno.env.get(name.toUpperCase()) || Deno.env.get("all_proxy");
  const [http, https, except] = [
    read("http_proxy"),
    read("https_proxy"),
    Deno.env.get("no_proxy") ?? Deno.env.get("NO_PROXY"),
  ];
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    ...(except === undefined ? {} : { except }),
  };
}
