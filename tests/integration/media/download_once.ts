/** One download in a process of its own, to be killed. usage: download_once.ts ROOT LINK SHA256 */
import { fetchInto, place } from "./place.ts";

const [root, link, sha256] = Deno.args;
const { already } = await fetchInto(place(root), { link: link!, ...(sha256 === "" ? {} : { sha256: sha256! }) });
console.log(already ? "already" : "done");
