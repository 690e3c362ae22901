/**
 * The table: each field of a VmSpec, a value for it, the line of domain XML it must lead to and, where QEMU shows it, the
 * words on QEMU's command line. Used on the rendered XML (unit) and on what libvirt made of it (integration).
 */

export interface Field {
  readonly field: string;
  readonly answers: object;
  /** Found in the domain: paths with attributes, `memory=1` for text; see xml_paths.ts. */
  readonly elements: readonly string[];
  readonly absent?: readonly string[];
  readonly argv?: readonly RegExp[];
}

const none = { gpu: "none" };
const vm = (part: object) => ({ host: none, vm: part });
const card = (part: object, host: object = {}) => ({ host: { hugepages: "none", ...host }, vm: part });

export const fields: readonly Field[] = [
  { field: "name", answers: vm({ name: "a.b-c_1" }), elements: ["name=a.b-c_1"], argv: [/-name guest=a\.b-c_1/] },
  { field: "title", answers: vm({ title: "A <b> & 'c'" }), elements: ["title=A <b> & 'c'"] },
  { field: "notes", answers: vm({ notes: "one\ntwo" }), elements: ["description=one\ntwo"] },
  {
    field: "os windows11",
    answers: vm({ os: "windows11" }),
    elements: [
      "clock[offset=localtime]",
      "clock/timer[name=rtc][tickpolicy=catchup]",
      "clock/timer[name=pit][tickpolicy=delay]",
      "clock/timer[name=hpet][present=no]",
      "features/vmport[state=off]",
      "pm/suspend-to-mem[enabled=no]",
      "pm/suspend-to-disk[enabled=no]",
    ],
    argv: [
      /-rtc base=localtime,driftfix=slew/,
      /hpet=off|-no-hpet/,
      /ICH9-LPC\.disable_s3=1/,
      /ICH9-LPC\.disable_s4=1/,
      /vmport=off/,
    ],
  },
  {
    field: "os windows10",
    answers: vm({ os: "windows10" }),
    elements: ["clock[offset=localtime]", "metadata/libosinfo:libosinfo/libosinfo:os[id=http://microsoft.com/win/10]"],
  },
  { field: "os linux", answers: vm({ os: "linux" }), elements: ["clock[offset=utc]"], absent: ["features/hyperv"] },
  {
    field: "firmware.uefi and secureBoot",
    answers: vm({}),
    elements: [
      "os[firmware=efi]",
      "os/type[machine=q35]=hvm",
      "os/firmware/feature[enabled=yes][name=secure-boot]",
      "os/firmware/feature[enabled=yes][name=enrolled-keys]",
      "features/smm[state=on]",
    ],
    argv: [/smm=on/, /pflash/, /cfi\.pflash01.*secure/s],
  },
  {
    field: "firmware.secureBoot false",
    answers: vm({ firmware: { secureBoot: false } }),
    elements: [
      "os/firmware/feature[enabled=no][name=secure-boot]",
      "os/firmware/feature[enabled=no][name=enrolled-keys]",
    ],
    absent: ["features/smm"],
  },
  {
    field: "firmware.uefi false",
    answers: vm({ firmware: { uefi: false, secureBoot: false, tpm: false } }),
    elements: ["os/type=hvm"],
    absent: ["os[firmware=efi]", "devices/tpm"],
  },
  {
    field: "firmware.tpm",
    answers: vm({}),
    elements: ["devices/tpm[model=tpm-crb]/backend[type=emulator][version=2.0]"],
    argv: [/tpm-crb/],
  },
  {
    field: "cpu.vcpus and topology",
    answers: vm({ cpu: { topology: { sockets: 2, cores: 3, threads: 2 } } }),
    elements: ["vcpu=12", "cpu/topology[sockets=2][cores=3][threads=2]"],
    argv: [/-smp 12,sockets=2,dies=1,cores=3,threads=2/],
  },
  {
    field: "cpu.pinning",
    answers: vm({ cpu: { pinning: [4, 5, 6, 7] } }),
    elements: [
      "cputune/vcpupin[vcpu=0][cpuset=4]",
      "cputune/vcpupin[vcpu=3][cpuset=7]",
      "cputune/emulatorpin[cpuset=0-3,8-31]",
      "cputune/iothreadpin[iothread=1][cpuset=0-3,8-31]",
    ],
  },
  {
    field: "memory.mib",
    answers: vm({ memory: { mib: 6144 } }),
    elements: ["memory[unit=MiB]=6144", "currentMemory[unit=MiB]=6144"],
    argv: [/-m (size=)?6144|"size":6442450944/],
  },
  {
    field: "memory.hugepages",
    answers: { host: { hugepages: "1G" } },
    elements: ["memoryBacking/hugepages/page[size=1048576][unit=KiB]"],
  },
  {
    field: "disks",
    answers: vm({
      disks: [{ volume: "a.img", format: "raw", cache: "writeback", discard: "ignore" }, { bus: "scsi" }, {
        bus: "sata",
      }],
    }),
    elements: [
      "devices/disk[type=file]/driver[name=qemu][type=raw][cache=writeback][io=threads][discard=ignore][iothread=1][queues=4]",
      "devices/disk/source[file=/var/lib/libvirt/images/a.img]",
      "devices/disk/target[dev=vda][bus=virtio]",
      "devices/disk/boot[order=1]",
      "devices/disk/driver[type=qcow2][cache=none][io=native][discard=unmap]",
      "devices/disk/target[dev=sda][bus=scsi]",
      "devices/controller[type=scsi][model=virtio-scsi]/driver[iothread=1]",
      "devices/disk/target[dev=sdb][bus=sata]",
      "iothreads=1",
    ],
    argv: [
      /"num-queues":4/,
      /"iothread":"iothread1"/,
      /images\/a\.img/,
      /"aio":"native"/,
      /"discard":"unmap"/,
      /scsi-hd/,
      /ide-hd/,
      /"bootindex":1/,
    ],
  },
  {
    field: "disks in a pool without a folder",
    answers: vm({ disks: [{ pool: "fast" }] }),
    elements: ["devices/disk[type=volume]/source[pool=fast][volume=windows11.qcow2]"],
  },
  {
    field: "cdroms",
    answers: vm({ cdroms: [{ path: "/srv/a&b.iso" }, { path: null }] }),
    elements: [
      "devices/disk[device=cdrom]/source[file=/srv/a&b.iso]",
      "devices/disk[device=cdrom]/target[dev=sda][bus=sata]",
      "devices/disk[device=cdrom]/target[dev=sdb][bus=sata]",
      "devices/disk[device=cdrom]/readonly",
      "devices/disk[device=cdrom]/boot[order=2]",
    ],
    argv: [/ide-cd/, /"bootindex":2/],
  },
  {
    field: "network nat",
    answers: vm({ network: { source: "lab", model: "e1000e" } }),
    elements: ["devices/interface[type=network]/source[network=lab]", "devices/interface/model[type=e1000e]"],
  },
  {
    field: "network bridge",
    answers: vm({ network: { mode: "bridge", source: "br0" } }),
    elements: ["devices/interface[type=bridge]/source[bridge=br0]", "devices/interface/model[type=virtio]"],
  },
  {
    field: "network macvtap",
    answers: vm({ network: { mode: "macvtap", source: "eth0" } }),
    elements: ["devices/interface[type=direct]/source[dev=eth0][mode=bridge]"],
  },
  {
    field: "network user",
    answers: vm({ network: { mode: "user" } }),
    elements: ["devices/interface[type=user]"],
    argv: [/virtio-net-pci/],
  },
  {
    field: "devices.gpu passthrough",
    answers: card({}),
    elements: [
      "devices/controller[type=pci][index=1][model=pcie-root-port]",
      "devices/hostdev[mode=subsystem][type=pci][managed=yes]/source/address[domain=0x0000][bus=0x01][slot=0x00][function=0x0]",
      "devices/hostdev[type=pci]/address[bus=0x01][slot=0x00][function=0x0][multifunction=on]",
      "devices/hostdev[type=pci]/address[bus=0x01][slot=0x00][function=0x1]",
      "devices/memballoon[model=none]",
      "devices/video/model[type=vga]",
    ],
    argv: [
      /"driver":"vfio-pci","host":"0000:01:00\.0".*"multifunction":true/,
      /"driver":"vfio-pci","host":"0000:01:00\.1"/,
    ],
  },
  {
    field: "devices.gpu.audio false",
    answers: card({ devices: { gpu: { audio: false } } }),
    elements: ["devices/hostdev/source/address[bus=0x01][slot=0x00][function=0x0]"],
    absent: [
      "devices/hostdev/source/address[bus=0x01][slot=0x00][function=0x1]",
      "devices/hostdev/address[multifunction=on]",
    ],
  },
  {
    field: "devices.gpu.romFile",
    answers: card({ devices: { gpu: { romFile: "/srv/card.rom" } } }),
    elements: ["devices/hostdev[type=pci]/rom[file=/srv/card.rom]"],
    argv: [/"romfile":"\/srv\/card\.rom"/],
  },
  {
    field: "devices.gpu virtio",
    answers: vm({}),
    elements: ["devices/video/model[type=virtio][primary=yes]", "devices/memballoon[model=virtio]"],
    absent: ["devices/hostdev"],
    argv: [/virtio-vga/, /virtio-balloon/],
  },
  {
    field: "devices.gpu none",
    answers: vm({ devices: { gpu: { mode: "none" } } }),
    elements: ["devices/video/model[type=vga]"],
    argv: [/"driver":"VGA"/],
  },
  {
    field: "devices.pci",
    answers: vm({ devices: { pci: ["0000:05:00.0", "0000:05:00.2", "0000:06:00.3"] } }),
    elements: [
      "devices/controller[type=pci][index=2][model=pcie-root-port]",
      "devices/hostdev/source/address[bus=0x05][slot=0x00][function=0x2]",
      "devices/hostdev/address[bus=0x02][slot=0x00][function=0x0]",
    ],
    argv: [/"host":"0000:06:00\.3"/],
  },
  {
    field: "devices.usb",
    answers: vm({ devices: { usb: [{ vendorId: "046d", productId: "c52b" }] } }),
    elements: [
      "devices/hostdev[mode=subsystem][type=usb][managed=yes]/source[startupPolicy=optional]/vendor[id=0x046d]",
      "devices/hostdev[type=usb]/source/product[id=0xc52b]",
      "devices/controller[type=usb][model=qemu-xhci]",
    ],
  },
  {
    field: "devices.evdev",
    answers: vm({ devices: { evdev: ["/dev/input/by-id/x-event-kbd", "/dev/input/by-id/x-event-mouse"] } }),
    elements: [
      "devices/input[type=evdev]/source[dev=/dev/input/by-id/x-event-kbd][grab=all][grabToggle=ctrl-ctrl][repeat=on]",
      "devices/input[type=evdev]/source[dev=/dev/input/by-id/x-event-mouse]",
    ],
    argv: [/input-linux.*x-event-kbd/],
  },
  {
    field: "display.vnc",
    answers: vm({}),
    elements: [
      "devices/graphics[type=vnc][autoport=yes]/listen[type=address][address=127.0.0.1]",
      "devices/input[type=tablet][bus=usb]",
    ],
    argv: [/-vnc 127\.0\.0\.1/, /usb-tablet/],
  },
  {
    field: "display.vnc false",
    answers: vm({ display: { vnc: false } }),
    elements: ["devices/video/model[type=none]"],
    absent: ["devices/graphics"],
  },
  {
    field: "display.spice",
    answers: vm({ display: { spice: true } }),
    elements: [
      "devices/graphics[type=spice]/listen[address=127.0.0.1]",
      "devices/channel[type=spicevmc]/target[type=virtio][name=com.redhat.spice.0]",
      "devices/redirdev[bus=usb][type=spicevmc]",
      "devices/audio[id=1][type=spice]",
      "devices/sound[model=ich9]/audio[id=1]",
    ],
    argv: [/-spice .*addr=127\.0\.0\.1/, /usb-redir/, /com\.redhat\.spice\.0/],
  },
  {
    field: "display.lookingGlass shmem",
    answers: card({ profile: "gaming" }),
    elements: [
      "devices/shmem[name=looking-glass]/model[type=ivshmem-plain]",
      "devices/shmem/size[unit=M]=32",
      "devices/input[type=mouse][bus=virtio]",
      "devices/input[type=keyboard][bus=virtio]",
    ],
    absent: ["devices/input[type=tablet]"],
    argv: [/ivshmem-plain/, /looking-glass/],
  },
  {
    field: "display.lookingGlass kvmfr",
    answers: card({}, { lookingGlass: "kvmfr" }),
    elements: ["qemu:commandline/qemu:arg[value=-device]"],
    absent: ["devices/shmem"],
    argv: [/"mem-path":"\/dev\/kvmfr0","size":33554432,"share":true/],
  },
  {
    field: "guestAgent",
    answers: vm({}),
    elements: [
      "devices/channel[type=unix]/target[type=virtio][name=org.qemu.guest_agent.0]",
      "devices/channel[type=unix]/target[type=virtio][name=org.neuron.agent.0]",
    ],
    argv: [/org\.qemu\.guest_agent\.0/, /org\.neuron\.agent\.0/],
  },
  {
    field: "guestAgent false",
    answers: vm({ guestAgent: false }),
    elements: [],
    absent: ["devices/channel[type=unix]"],
  },
];

/** Fields that no element shows: they live in the metadata, the volume or the wish itself. */
export const metadataOnly = ["profile", "autostart", "startupApps", "kiosk", "tags"];
