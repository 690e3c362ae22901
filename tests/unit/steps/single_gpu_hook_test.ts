/**
 * libvirt's hook for the hand-over of the only card, run for real by dash and by busybox on a made-up machine; what it
 * calls (systemctl, loginctl, modprobe) are stand-ins that write down what they were told.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import script from "../../../provision/steps/scripts/single_gpu_hook.sh" with { type: "text" };

const card = "0000:01:00.0";
const LIST = `# a comment\n${card} 10de 2206\n0000:01:00.1 10de 1aef\n`;
const XML = `<domain type='kvm'><devices><hostdev mode='subsystem' type='pci' managed='yes'><source>
  <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
  </source><address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x0'/></hostdev></devices></domain>`;
/** A guest's own device at the same numbers is no host device. */
const OTHER_XML = `<domain><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></domain>`;

const stubs: Readonly<Record<string, string>> = {
  systemctl: `echo "systemctl $*" >>"$NEURON_ROOT/calls"
active="$NEURON_ROOT/active"
case "$1" in
show) case "$4" in display-manager.service) cat "$NEURON_ROOT/alias" ;; *) echo "$4" ;; esac ;;
is-active) [ -e "$active/$3" ] ;;
stop) [ ! -e "$NEURON_ROOT/hangs" ] || exit 124; rm -f "$active/$2" ;;
start) : >"$active/$3" ;;
is-system-running) cat "$NEURON_ROOT/system" ;;
esac`,
  loginctl: `echo "loginctl $*" >>"$NEURON_ROOT/calls"
case "$1" in
list-sessions) echo "3 1000 ada seat0"; echo "7 1000 ada" ;;
show-session) case "$2 $3" in "3 --property=Type") echo wayland ;; "7 --property=Type") echo tty ;; *) echo ada ;; esac ;;
esac`,
  modprobe: `echo "modprobe $*" >>"$NEURON_ROOT/calls"
if [ "$1" = -r ]; then
  [ ! -e "$NEURON_ROOT/keeps-$2" ] || exit 1
  grep -v "^$2 " "$NEURON_ROOT/proc/modules" >"$NEURON_ROOT/m"; cat "$NEURON_ROOT/m" >"$NEURON_ROOT/proc/modules"
fi`,
  logger: `shift 2; echo "$*" >>"$NEURON_ROOT/journal"`,
  sleep: `echo . >>"$NEURON_ROOT/slept"; [ "$(wc -l <"$NEURON_ROOT/slept")" -lt 3 ] || rm -rf "$NEURON_ROOT/proc/900"`,
};

class Machine implements Disposable {
  readonly root = Deno.makeTempDirSync();

  constructor(readonly shell: readonly [string, ...string[]], driver = "amdgpu") {
    const device = (address: string, ids: string, name: string) => {
      const [vendor, id] = ids.split(" ");
      this.put(`sys/bus/pci/devices/${address}/vendor`, `0x${vendor}\n`);
      this.put(`sys/bus/pci/devices/${address}/device`, `0x${id}\n`);
      this.put(`sys/bus/pci/drivers/${name}/unbind`, "");
      Deno.symlinkSync(`../../drivers/${name}`, `${this.root}/sys/bus/pci/devices/${address}/driver`);
    };
    device(card, "10de 2206", driver);
    device("0000:01:00.1", "10de 1aef", "snd_hda_intel");
    this.put(`sys/bus/pci/devices/${card}/boot_vga`, "1\n");
    this.put(`sys/bus/pci/devices/${card}/drm/card0/dev`, "");
    this.put(`sys/bus/pci/devices/${card}/drm/renderD128/dev`, "");
    this.put("sys/bus/pci/drivers_probe", "");
    this.put("sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
    this.put("sys/class/vtconsole/vtcon0/bind", "0\n");
    this.put("sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
    this.put("sys/class/vtconsole/vtcon1/bind", "1\n");
    this.put("sys/bus/platform/drivers/simple-framebuffer/unbind", "");
    this.put("sys/bus/platform/drivers/simple-framebuffer/bind", "");
    this.put("sys/bus/platform/drivers/simple-framebuffer/simple-framebuffer.0/x", "");
    this.put("proc/modules", "nvidia_drm 1 0\nnvidia_modeset 1 1\nnvidia 1 2\next4 1 1\n");
    this.put("alias", "sddm.service\n");
    this.put("system", "running\n");
    this.put("active/sddm.service", "");
    this.put("etc/neuron/single-gpu", LIST);
    for (const [name, text] of Object.entries(stubs)) {
      this.put(`bin/${name}`, `#!/bin/sh\n${text}\n`);
      Deno.chmodSync(`${this.root}/bin/${name}`, 0o755);
    }
    this.put("hook", script);
  }

  put(path: string, text: string): void {
    Deno.mkdirSync(`${this.root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${this.root}/${path}`, text);
  }

  get(path: string): string {
    try {
      return Deno.readTextFileSync(`${this.root}/${path}`).trim();
    } catch {
      return "";
    }
  }

  /** Somebody has a device open. */
  hold(pid: number, name: string, node: string): void {
    this.put(`proc/${pid}/comm`, `${name}\n`);
    Deno.mkdirSync(`${this.root}/proc/${pid}/fd`);
    Deno.symlinkSync(node, `${this.root}/proc/${pid}/fd/3`);
  }

  async hook(words: string, xml = XML) {
    const [shell, ...before] = this.shell;
    const child = new Deno.Command(shell, {
      args: [...before, "-u", `${this.root}/hook`, ...words.split(" ")],
      env: { NEURON_ROOT: this.root, PATH: `${this.root}/bin:/usr/bin:/bin` },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    // It may end without reading.
    await writer.write(new TextEncoder().encode(xml)).then(() => writer.close()).catch(() => {});
    const { code, stdout, stderr } = await child.output();
    assertEquals(new TextDecoder().decode(stdout), "", "what is printed would replace the domain's XML");
    return { code, said: new TextDecoder().decode(stderr).trim() };
  }

  /** What a person would notice: desktop, console, frame buffer, modules, and whether anything is remembered. */
  screen() {
    return {
      desktop: this.get("active/sddm.service") === "" && this.#has("active/sddm.service"),
      console: this.get("sys/class/vtconsole/vtcon1/bind"),
      lent: this.#has("run/neuron/single-gpu"),
    };
  }

  #has(path: string): boolean {
    try {
      Deno.lstatSync(`${this.root}/${path}`);
      return true;
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

const lit = { desktop: true, console: "1", lent: false };
const dark = { desktop: false, console: "0", lent: true };

for (const shell of [["dash"], ["busybox", "sh"]] as const) {
  const test = (name: string, run: (machine: Machine) => Promise<void>, driver?: string) =>
    Deno.test(`${shell[0]}: ${name}`, async () => {
      using machine = new Machine(shell, driver);
      await run(machine);
    });

  test("the desktop closes before the VM and comes back after it", async (machine) => {
    assertEquals((await machine.hook("windows11 prepare begin -")).code, 0);
    assertEquals(machine.screen(), dark);
    assertEquals(machine.get("sys/bus/platform/drivers/simple-framebuffer/unbind"), "simple-framebuffer.0");
    const calls = machine.get("calls");
    assertStringIncludes(calls, "systemctl stop sddm.service");
    assertStringIncludes(calls, "systemctl --user --machine=ada@.host stop graphical-session.target");
    assertStringIncludes(calls, "loginctl terminate-session 3");
    assertEquals(calls.includes("terminate-session 7"), false, "a session on a terminal stays");
    assertEquals(calls.includes("modprobe"), false);
    for (const words of ["start begin -", "started begin -", "stopped end -", "reconnect begin -"]) {
      assertEquals((await machine.hook(`windows11 ${words}`)).code, 0);
      assertEquals(machine.screen(), dark, words);
    }
    assertEquals((await machine.hook("windows11 release end shutdown")).code, 0);
    assertEquals(machine.screen(), lit);
    assertStringIncludes(machine.get("calls"), "systemctl start --no-block sddm.service");
    assertEquals((await machine.hook("windows11 release end shutdown")).code, 0, "twice is success");
    assertStringIncludes(machine.get("journal"), "the VM windows11 has ended: the desktop comes back");
  });

  test("a VM without the card, and a machine without the list, are none of its business", async (machine) => {
    assertEquals(await machine.hook("other prepare begin -", OTHER_XML), { code: 0, said: "" });
    assertEquals(await machine.hook("other release end -", OTHER_XML), { code: 0, said: "" });
    Deno.removeSync(`${machine.root}/etc/neuron/single-gpu`);
    assertEquals(await machine.hook("windows11 prepare begin -"), { code: 0, said: "" });
    assertEquals([machine.screen(), machine.get("calls")], [lit, ""]);
  });

  test("NVIDIA's modules leave in their order and come back in reverse", async (machine) => {
    await machine.hook("windows11 prepare begin -");
    assertEquals(machine.get("proc/modules"), "ext4 1 1");
    await machine.hook("windows11 release end -");
    const loads = machine.get("calls").split("\n").filter((line) => line.startsWith("modprobe"));
    assertEquals(loads, [
      "modprobe -r nvidia_drm",
      "modprobe -r nvidia_modeset",
      "modprobe -r nvidia",
      "modprobe nvidia",
      "modprobe nvidia_modeset",
      "modprobe nvidia_drm",
    ]);
  }, "nvidia");

  test("processes get time to end; who stays is named, the start refused and the screen comes back", async (machine) => {
    machine.hold(900, "plasmashell", "/dev/dri/card0");
    assertEquals((await machine.hook("windows11 prepare begin -")).code, 0, "it ended after two seconds");
    await machine.hook("windows11 release end -");

    machine.hold(812, "ffmpeg", "/dev/dri/renderD128");
    machine.hold(813, "other", "/dev/dri/card1");
    const { code, said } = await machine.hook("windows11 prepare begin -");
    assertEquals(code, 1);
    assertStringIncludes(said, "the card is still in use by process 812 (ffmpeg) after 15 seconds");
    assertEquals(said.includes("813"), false);
    assertStringIncludes(machine.get("journal"), "the card is in use: the VM windows11 is not started");
    assertEquals(machine.screen(), lit);
  });

  test("a display manager or a module that does not leave refuses the start", async (machine) => {
    machine.put("hangs", "");
    assertEquals((await machine.hook("windows11 prepare begin -")).code, 1);
    assertEquals(machine.screen(), lit);
    Deno.removeSync(`${machine.root}/hangs`);
    machine.put("keeps-nvidia_modeset", "");
    const { code, said } = await machine.hook("windows11 prepare begin -");
    assertEquals(code, 1);
    assertStringIncludes(said, "the module nvidia_modeset is in use");
    assertEquals(machine.screen(), lit);
  }, "nvidia");

  test("another device at the card's address refuses the start, and nothing is touched", async (machine) => {
    machine.put("sys/bus/pci/devices/0000:01:00.1/device", "0xa808\n");
    const { code, said } = await machine.hook("windows11 prepare begin -");
    assertEquals(code, 1);
    assertStringIncludes(said, "at 0000:01:00.1 is not 10de:1aef any more");
    assertEquals(machine.screen(), lit);
    assertEquals(machine.get("calls").includes("stop"), false);
  });

  test("a second VM is refused while the first has the card, and takes nothing back", async (machine) => {
    await machine.hook("windows11 prepare begin -");
    const { code, said } = await machine.hook("linux prepare begin -");
    assertEquals(code, 1);
    assertStringIncludes(said, "the card is lent to the VM windows11: the VM linux is not started");
    await machine.hook("linux release end failed");
    assertEquals(machine.screen(), dark);
  });

  test("killed half way, the next start goes on and the end brings everything back", async (machine) => {
    await machine.hook("windows11 prepare begin -");
    // As if it had been killed before it came to the console.
    Deno.removeSync(`${machine.root}/run/neuron/single-gpu/consoles`);
    machine.put("sys/class/vtconsole/vtcon1/bind", "1\n");
    assertEquals((await machine.hook("windows11 prepare begin -")).code, 0);
    assertEquals(machine.screen(), dark);
    await machine.hook("windows11 release end -");
    assertEquals(machine.screen(), lit);
  });

  test("while the machine shuts down no desktop is started", async (machine) => {
    await machine.hook("windows11 prepare begin -");
    machine.put("system", "stopping\n");
    await machine.hook("windows11 release end -");
    assertEquals(machine.screen(), { ...lit, desktop: false });
  });

  test("without a display manager only the console is taken away and given back", async (machine) => {
    machine.put("alias", "display-manager.service\n");
    await machine.hook("windows11 prepare begin -");
    await machine.hook("windows11 release end -");
    assertEquals(machine.screen(), lit);
    assertEquals(machine.get("calls").includes("systemctl start"), false);
  });
}
