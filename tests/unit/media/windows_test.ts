/** Which source of Windows is asked when, and what of a catalogue is taken. */
import { assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { Fault } from "../../../provision/media/faults.ts";
import { Http } from "../../../provision/media/http.ts";
import { chooseEsd, parseEsdCatalogue } from "../../../provision/media/windows/esd_catalogue.ts";
import { languageTag } from "../../../provision/media/windows/languages.ts";
import { nextSource, type WindowsRequest, type WindowsSource } from "../../../provision/media/windows/sources.ts";
import { readWindowsTree } from "../../../provision/media/windows/tree.ts";
import { productsXml } from "../../integration/media/esd.ts";

/** All sources in the order in which they are asked when none gives it. */
function order(request: Partial<WindowsRequest>): WindowsSource[] {
  const whole: WindowsRequest = { version: "11", language: "en-US", edition: "Pro", ...request };
  const tried: WindowsSource[] = [];
  for (let next = nextSource(whole); next !== null; next = nextSource(whole, tried)) tried.push(next);
  return tried;
}

Deno.test("the order of sources, for each kind of wish", () => {
  assertEquals(order({}), ["pinned", "api", "esd"]);
  assertEquals(order({ acceptEvaluation: true }), ["pinned", "api", "esd", "evaluation"]);
  assertEquals(order({ language: "English" }), ["pinned", "api", "esd"]);
  assertEquals(order({ language: "de-DE" }), ["api", "esd"]);
  assertEquals(order({ version: "10" }), ["api", "esd"]);
  assertEquals(order({ edition: "Enterprise" }), ["esd"]);
  assertEquals(order({ edition: "Enterprise", acceptEvaluation: true }), ["esd", "evaluation"]);
  assertEquals(order({ sha256: "0".repeat(64) }), ["pinned", "api"]);
  assertEquals(order({ version: "server2025" }), []);
  assertEquals(order({ only: "esd" }), ["esd"]);
  assertEquals(order({ only: "evaluation" }), ["evaluation"]);
  assertEquals(order({ only: "pinned", language: "fr-FR" }), []);
});

Deno.test("languages are known by tag and by Microsoft's word", () => {
  assertEquals(["German", "de-DE", "en", "English", "English International", "tlh"].map(languageTag), [
    ...["de-de", "de-de", "en-us", "en-us", "en-gb", "tlh"],
  ]);
});

Deno.test("of a catalogue the newest build for the language, edition and a 64-bit PC is taken, and only what is whole", () => {
  const bytes = new Uint8Array(10);
  const link = "http://dl.delivery.mp.microsoft.com/x.esd";
  const named = (build: string) => ({ name: `${build}_CLIENTCONSUMER_RET_x64FRE_de-de.esd`, link, bytes });
  const text = productsXml([
    named("26100.9.250607-1500"),
    named("26100.10.250607-1500"),
    { ...named("26200.1.1-1"), architecture: "ARM64" },
    { ...named("26200.1.1-1"), language: "fr-fr" },
    { ...named("26200.1.1-1"), edition: "Core" },
    { ...named("26200.1.1-1"), hash: "not a hash" },
    { ...named("26200.1.1-1"), link: "no link" },
    { ...named("26200.1.1-1"), name: "../../x.esd" },
  ]);
  const files = parseEsdCatalogue(text);
  assertEquals(files.length, 5);
  const request: WindowsRequest = { version: "11", language: "German", edition: "Pro" };
  const chosen = chooseEsd(files, request);
  assertEquals([chosen.name.slice(0, 8), chosen.checksum.algorithm, chosen.link], ["26100.10", "sha1", link]);
  const none = assertThrows(() => chooseEsd(files, { ...request, language: "it-IT" }), AppError);
  assertEquals(none.hint, "It has: de-de, fr-fr");
  assertThrows(() => parseEsdCatalogue("<!DOCTYPE html><title>Sorry</title><p>"), AppError, "it is no XML");
});

Deno.test("a medium is found in any case, with one install image or the parts of one", () => {
  const folders: Record<string, string[]> = {
    "/m": ["BOOTMGR", "Boot", "EFI", "Sources"],
    "/m/Boot": ["ETFSBOOT.COM"],
    "/m/EFI": ["microsoft"],
    "/m/EFI/microsoft": ["Boot"],
    "/m/EFI/microsoft/Boot": ["efisys.bin"],
    "/m/Sources": ["INSTALL10.SWM", "install.swm", "install2.swm", "boot.wim"],
  };
  const list = (path: string) => folders[path] ?? null;
  assertEquals(readWindowsTree({ list }, "/m"), {
    folder: "/m",
    biosBoot: "Boot/ETFSBOOT.COM",
    efiBoot: "EFI/microsoft/Boot/efisys.bin",
    install: "Sources/install.swm",
    installParts: ["Sources/install.swm", "Sources/install2.swm", "Sources/INSTALL10.SWM"],
  });
  assertEquals(readWindowsTree({ list: (path) => path === "/m" ? ["BOOTMGR"] : null }, "/m"), null);
  assertEquals(readWindowsTree({ list: (path) => path === "/m" ? ["Sources"] : list(path) }, "/m"), null);
});

Deno.test("plain http is allowed for the one host that is named, and no private address by it", async () => {
  const refusalOf = async (plainHosts: string[]) => {
    const resolve = (_name: string, _options: unknown, answer: (error: null, all: never[]) => void) =>
      answer(null, [{ address: "127.0.0.1", family: 4 }] as never[]);
    await using http = new Http({ plainHosts, resolve: resolve as never });
    try {
      await http.get("http://dl.delivery.mp.microsoft.com/x.esd", {});
      return "none";
    } catch (error) {
      return error instanceof Fault ? error.kind : String(error);
    }
  };
  assertEquals(await refusalOf([]), "redirect-insecure");
  assertEquals(await refusalOf(["go.microsoft.com"]), "redirect-insecure");
  assertEquals(await refusalOf(["dl.delivery.mp.microsoft.com"]), "private-address");
});
