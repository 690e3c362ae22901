/**
 * The launcher as a desktop takes it: valid by freedesktop's own tool, and what its Exec line says really starts the
 * program. Names are libvirt's own, which may hold anything but a slash and a line end.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { open } from "../../../libvirt/mod.ts";
import { renderAutostart, renderEntry } from "../../../provision/looking_glass_client/launcher.ts";
import { METADATA_NAMESPACE } from "../../../provision/vm/metadata.ts";
import { xmlEscape } from "../../../templates/escape.ts";
import { example } from "../../unit/vm/specs.ts";
import { guestXml } from "../libvirt/guest_xml.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";
import { desktop } from "./desktop.ts";
import { makeStandIn } from "./stand_in.ts";

const name = 'it\'s "mine" $(id) %f `x` 100%\\n é';

async function validate(path: string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command("desktop-file-validate", { args: [path] }).output()
    .catch((error) => {
      throw new Error("desktop-file-validate is missing: apt install desktop-file-utils", { cause: error });
    });
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals([code, said], [0, ""], Deno.readTextFileSync(path));
}

Deno.test("--install-launcher writes valid entries with an icon, twice is once, --remove-launcher leaves nothing", () =>
  withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const { spec } = example({ vm: { profile: "gaming", display: { lookingGlass: { autostart: true } } } });
    const metadata = `<metadata><neuron:vm xmlns:neuron="${METADATA_NAMESPACE}"><neuron:spec>${
      xmlEscape(JSON.stringify(spec))
    }</neuron:spec></neuron:vm></metadata>`;
    const devices = "<shmem name='glass'><model type='ivshmem-plain'/><size unit='M'>32</size></shmem>";
    await connection.defineDomain(
      guestXml({ name: xmlEscape(name), devices }).replace(
        "<memory",
        `<title>Ada &amp; co.; 100%</title>${metadata}<memory`,
      ),
    );
    const client = makeStandIn(`${daemon.folder}/bin`);
    const { neuron, json, home } = desktop(daemon.folder, daemon.uri(), client.folder);
    const words = ["vm", "looking-glass", name];

    const installed = await json([...words, "--install-launcher"]);
    assertEquals([installed.installed, installed.autostart, installed.changed.length], [true, true, 3]);
    const [icon, entry, autostart]: string[] = installed.changed;
    assert(entry!.startsWith(`${home}/.local/share/applications/neuron-vm-`), entry);
    assert(autostart!.startsWith(`${home}/.config/autostart/neuron-vm-`), autostart);
    assertStringIncludes(Deno.readTextFileSync(icon!), "<svg");
    for (const path of [entry!, autostart!]) await validate(path);
    assertStringIncludes(Deno.readTextFileSync(entry!), "\nName=Ada & co.; 100%\n");
    assertEquals((await json([...words, "--install-launcher"])).changed, []);

    // As the desktop would start it: the VM is off, and the program says so.
    const exec = /^Exec=(.*)$/m.exec(Deno.readTextFileSync(entry!))![1]!;
    const argv = argvOf(exec);
    assertEquals(argv.slice(-5), ["vm", "looking-glass", name, "--connect", daemon.uri()]);
    assertStringIncludes((await neuron(words)).stderr, `error: "${name}" is not running`);

    assertEquals((await json([...words, "--remove-launcher"])).changed, [entry, autostart, icon]);
    assertEquals((await neuron([...words, "--remove-launcher"])).stdout, `There is no launcher for "${name}"\n`);
  }));

/** String escapes first, then quotes, then `%%`: the specification's own order. */
function argvOf(value: string): string[] {
  const text = value.replace(/\\([sntr\\])/g, (_, letter) => letter === "\\" ? "\\" : letter === "s" ? " " : "\n");
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"]+)/g)]
    .map(([, quoted, plain]) => (quoted?.replace(/\\(.)/g, "$1") ?? plain!).replaceAll("%%", "%"));
}

Deno.test("entries of the strangest names are valid", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [index, odd] of [name, " ", "%", "[x]", "a=b;c", "日本 😀", "\\", "~", "x".repeat(900)].entries()) {
      const launched = { name: odd, title: odd, argv: ["/usr/bin/neuron-setup", "vm", odd], autostart: true };
      for (const [kind, render] of [["entry", renderEntry], ["autostart", renderAutostart]] as const) {
        const path = `${folder}/${kind}-${index}.desktop`;
        Deno.writeTextFileSync(path, render(launched));
        await validate(path);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a VM without memory for Looking Glass gets no launcher", () =>
  withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    await connection.defineDomain(guestXml({ name: "plain" }));
    const { neuron, home } = desktop(daemon.folder, daemon.uri(), daemon.folder);
    const refused = await neuron(["vm", "looking-glass", "plain", "--install-launcher"]);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, 'The VM "plain" has no memory for Looking Glass');
    assertEquals([...Deno.readDirSync(home)], []);
  }));
