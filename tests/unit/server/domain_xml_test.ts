import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseDomainHardware, parseNvramPath } from "../../../server/services/domain_xml.ts";

const gaming = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>gaming</name><title>Games &amp; more</title><description>two
lines</description>
  <metadata><libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
    <libosinfo:os id="http://microsoft.com/win/11"/></libosinfo:libosinfo></metadata>
  <memory unit='GiB'>16</memory><vcpu placement='static'>8</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='5'/></cputune>
  <os firmware='efi'><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><loader secure='yes' type='pflash'/>
    <nvram>/var/lib/libvirt/qemu/nvram/gaming_VARS.fd</nvram></os>
  <cpu mode='host-passthrough'><topology sockets='1' cores='4' threads='2'/></cpu>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/a b.qcow2'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/></interface>
    <hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x2b' slot='0x00' function='0x1'/></source></hostdev>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/></source></hostdev>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
    <graphics type='vnc'/>
  </devices></domain>`;

Deno.test("a gaming VM's XML becomes what the page shows", () => {
  const seen = parseDomainHardware(gaming);
  assertEquals(seen.title, "Games & more");
  assertEquals([seen.memoryKib, seen.vcpus, seen.os], [16 * 1024 * 1024, 8, "Windows 11"]);
  assertEquals(seen.hostdevs, ["0000:2b:00.1"]);
  assertEquals([seen.firmware, seen.secureBoot, seen.tpm, seen.cpuMode], ["uefi", true, "2.0", "host-passthrough"]);
  assertEquals(seen.cpuTopology, { sockets: 1, cores: 4, threads: 2 });
  assertEquals(seen.cpuPins, [{ vcpu: 0, cpuset: "4" }, { vcpu: 1, cpuset: "5" }]);
  assertEquals(seen.disks.map((disk) => [disk.target, disk.source, disk.format, disk.readOnly]), [
    ["vda", "/a b.qcow2", "qcow2", false],
    ["sda", null, null, true],
  ]);
  assertEquals(seen.interfaces, [{ mac: "52:54:00:00:00:01", type: "network", source: "default", model: "virtio" }]);
  assertEquals(parseNvramPath(gaming), "/var/lib/libvirt/qemu/nvram/gaming_VARS.fd");
});

Deno.test("whatever the text, reading it neither throws nor invents", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    parseDomainHardware(text);
    parseDomainHardware(`<domain><memory unit='${text.replaceAll("'", "")}'>x</memory></domain>`);
  }));
  for (let end = 0; end < gaming.length; end += 7) parseDomainHardware(gaming.slice(0, end));
  assertEquals(parseDomainHardware("<domain/>").vcpus, 0);
  assertEquals(parseDomainHardware("").disks, []);
});
