/**
 * A made-up machine with one card and a desktop, for the hook of the single-GPU hand-over: its sysfs is files, and what
 * the hook calls (systemctl, loginctl, modprobe) are stand-ins that write down what they were told.
 */
import { assertEquals } from "@std/assert";
import script from "../../../provision/steps/scripts/single_gpu_hook.sh" with { type: "text" };

const card = "0000:01:00.0";
const LIST = `# a comment\n${card} 10de 2206\n0000:01:00.1 10de 1aef\n`;
/** As libvirt prints it. */
export const XML = `<domain type='kvm'><devices><hostdev mode='subsystem' type='pci' managed='yes'><source>
  <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
  </source><address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x0'/></hostdev></devices></domain>`;
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
[ ! -e "$NEURON_ROOT/lacks-$1" ] || exit 1
if [ "$1" = -r ]; then
  [ ! -e "$NEURON_ROOT/keeps-$2" ] || exit 1
  grep -v "^$2 " "$NEURON_ROOT/proc/modules" >"$NEURON_ROOT/m"; cat "$NEURON_ROOT/m" >"$NEURON_ROOT/proc/modules"
fi`,
  logger: `shift 2; echo "$*" >>"$NEURON_ROOT/journal"`,
  sleep: `echo . >>"$NEURON_ROOT/slept"; [ "$(wc -l <"$NEURON_ROOT/slept")" -lt 3 ] || rm -rf "$NEURON_ROOT/proc/900"`,
};

export class Machine implements Disposable {
  readonly root = Deno.makeTempDirSync();

  constructor(readonly shell: readonly [string, ...string[]], driver = "amdgpu") {
    const device = (address: string, ids: string, name: string) => {
      const [vendor, id] = ids.split(" ");
      this.put(`sys/bus/pci/devices/${address}/vendor`, `0x${vendor}\n`);
      this.put(`sys/bus/pci/devices/${address}/device`, `0x${id}\n`);
      this.put(`sys/bus/pci/devices/${address}/iommu_group/type`, "DMA\n");
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

export const lit = { desktop: true, console: "1", lent: false };
export const dark = { desktop: false, console: "0", lent: true };
