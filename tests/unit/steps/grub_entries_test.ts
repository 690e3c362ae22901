/** The script that adds our entries to GRUB's menu, run for real by dash and by busybox below a made-up root. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import script from "../../../provision/steps/scripts/grub_entries.sh" with { type: "text" };

interface Menu {
  /** Kernels 10_linux finds, newest first. */
  readonly kernels?: readonly string[];
  /** Names in /boot/neuron. */
  readonly saved?: readonly string[];
  /** Kernels that were written after the initial ram disk was saved. */
  readonly newer?: readonly string[];
  readonly trial?: boolean;
  readonly before?: string | null;
  readonly tenLinux?: string;
}

/** What Debian's 10_linux prints where its variables ask for neither submenu nor recovery entries. */
const tenLinux = `#!/bin/sh
[ "$GRUB_DISABLE_SUBMENU" = true ] && [ "$GRUB_DISABLE_RECOVERY" = true ] || echo "submenu"
echo "function gfxmode {
	set gfxpayload=\\"\\\${1}\\"
}"
for kernel in $KERNELS; do
	echo "menuentry 'Debian GNU/Linux, with Linux $kernel' --class os \\$menuentry_id_option 'gnulinux-$kernel-advanced-0001' {
	insmod ext2
	linux	/boot/vmlinuz-$kernel root=UUID=0001 ro $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT
	initrd	/boot/intel-ucode.img /boot/initrd.img-$kernel
}"
done
`;

async function menuOf(wanted: Menu): Promise<string> {
  const [dash, busybox] = [await run(["sh"], wanted), await run(["busybox", "sh"], wanted)];
  assertEquals(busybox, dash, "busybox does something else");
  return dash;
}

async function run([shell, ...words]: readonly [string, ...string[]], menu: Menu): Promise<string> {
  const { kernels = ["6.1.0-38-amd64", "6.1.0-37-amd64"], saved = [], newer = [], trial = false } = menu;
  const root = Deno.makeTempDirSync();
  try {
    for (const folder of ["etc/grub.d", "etc/neuron", "boot/neuron"]) {
      Deno.mkdirSync(`${root}/${folder}`, { recursive: true });
    }
    Deno.writeTextFileSync(`${root}/etc/grub.d/10_linux`, menu.tenLinux ?? tenLinux, { mode: 0o755 });
    const touch = (path: string, day: number) => {
      Deno.writeTextFileSync(path, "");
      Deno.utimeSync(path, day, day);
    };
    for (const name of saved) touch(`${root}/boot/neuron/${name}`, 2_000_000);
    for (const kernel of kernels) {
      touch(`${root}/boot/vmlinuz-${kernel}`, newer.includes(kernel) ? 3_000_000 : 1_000_000);
    }
    if (trial) Deno.writeTextFileSync(`${root}/etc/neuron/boot-trial`, "");
    const before = menu.before === undefined ? "quiet" : menu.before;
    const { code, stdout, stderr } = await new Deno.Command(shell, {
      args: [...words, "-c", script, "42_neuron"],
      clearEnv: true,
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        NEURON_ROOT: root,
        KERNELS: kernels.join(" "),
        GRUB_CMDLINE_LINUX: "console=tty0",
        GRUB_CMDLINE_LINUX_DEFAULT: "quiet iommu=pt neuron.vfio=1",
        ...(before === null ? {} : { NEURON_CMDLINE_BEFORE: before }),
      },
    }).output();
    const text = new TextDecoder();
    assertEquals([code, text.decode(stderr)], [0, ""]);
    return text.decode(stdout);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const ids = (menu: string) => [...menu.matchAll(/\$menuentry_id_option '([^']*)'/g)].map((match) => match[1]);
const lines = (menu: string, word: string) =>
  menu.split("\n").map((line) => line.trim().split(/\s+/)).filter(([first]) => first === word);

Deno.test("the entry without passthrough has the parameters of before and the newest kernel", async () => {
  const menu = await menuOf({});
  assertEquals(ids(menu), ["neuron-without-passthrough"]);
  assertMatch(
    menu,
    /^menuentry 'Start without passthrough \(Debian GNU\/Linux, with Linux 6\.1\.0-38-amd64\)' --class os /,
  );
  assertEquals(lines(menu, "linux"), [[
    "linux",
    "/boot/vmlinuz-6.1.0-38-amd64",
    "root=UUID=0001",
    "ro",
    "console=tty0",
    "quiet",
  ]]);
  assertEquals(lines(menu, "initrd"), [["initrd", "/boot/intel-ucode.img", "/boot/initrd.img-6.1.0-38-amd64"]]);
  assertEquals(menu.includes("set default"), false, "without a trial nothing is steered");
});

Deno.test("it starts the kernel whose initial ram disk was saved, with that", async () => {
  const menu = await menuOf({ saved: ["initrd.img-6.1.0-37-amd64"] });
  assertEquals(lines(menu, "linux")[0]![1], "/boot/vmlinuz-6.1.0-37-amd64");
  assertEquals(lines(menu, "initrd"), [["initrd", "/boot/intel-ucode.img", "/boot/neuron/initrd.img-6.1.0-37-amd64"]]);
});

Deno.test("names with what a pattern would understand otherwise are taken as they are", async () => {
  const menu = await menuOf({ kernels: ["6.1.0+a.b"], saved: ["initrd.img-6.1.0+a.b"] });
  assertEquals(lines(menu, "initrd"), [["initrd", "/boot/intel-ucode.img", "/boot/neuron/initrd.img-6.1.0+a.b"]]);
});

Deno.test("a saved initial ram disk of a kernel that is gone, or was replaced, is not used", async () => {
  for (
    const menu of [
      await menuOf({ saved: ["initrd.img-5.10.0-1-amd64"] }),
      await menuOf({ saved: ["initrd.img-6.1.0-37-amd64"], newer: ["6.1.0-37-amd64"] }),
    ]
  ) {
    assertEquals(lines(menu, "initrd"), [["initrd", "/boot/intel-ucode.img", "/boot/initrd.img-6.1.0-38-amd64"]]);
  }
});

Deno.test("while a trial is wanted only the start that was asked for is with passthrough", async () => {
  const menu = await menuOf({ trial: true, saved: ["initrd.img-6.1.0-37-amd64"] });
  assertEquals(ids(menu), ["neuron-without-passthrough", "neuron-trial"]);
  const [, trial] = lines(menu, "linux");
  assertEquals(trial!.slice(1, 8), [
    "/boot/vmlinuz-6.1.0-38-amd64",
    "root=UUID=0001",
    "ro",
    "console=tty0",
    "quiet",
    "iommu=pt",
    "neuron.vfio=1",
  ]);
  for (const parameter of ["neuron.trial=1", "panic=30"]) assertStringIncludes(trial!.join(" "), parameter);
  assertEquals(lines(menu, "initrd")[1]![2], "/boot/initrd.img-6.1.0-38-amd64", "the new one");
  assertMatch(
    menu,
    /load_env next_entry\nif \[ "\$\{boot_once\}" != "true" -o -n "\$\{next_entry\}" \]; then\n\tset default="neuron-without-passthrough"\nfi\n/,
  );
});

Deno.test("a menu it cannot read, or a system it does not know, is left as it is", async () => {
  assertEquals(await menuOf({ before: null }), "");
  assertEquals(await menuOf({ kernels: [], trial: true }), "");
  assertEquals(await menuOf({ trial: true, tenLinux: "#!/bin/sh\nexit 1\n" }), "");
  assertEquals(await menuOf({ trial: true, tenLinux: "#!/bin/sh\necho blscfg\n" }), "");
});

Deno.test("where nothing was on the kernel's line before, the entry is there all the same", async () => {
  assertEquals(lines(await menuOf({ before: "" }), "linux")[0]!.slice(2), ["root=UUID=0001", "ro", "console=tty0"]);
});
