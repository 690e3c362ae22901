/**
 * A libvirtd for one test, beside any of the system's: in its own mount, network and process namespaces, so that nothing it
 * does is seen outside and nothing of it is left behind. Needs root. Guests run by TCG (`<domain type='qemu'>`).
 *
 * Its /run, /var/lib/libvirt and /etc/libvirt are its own. Sockets of guests that a test must reach need explicit paths
 * below `folder`. QEMU runs as root there, unless it is told otherwise.
 */

/** The daemon's surroundings, and a loop that takes commands from standard input; its end is the end of everything. */
const SCRIPT = `
set -eu
folder=$1
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt /run/lock /run/etc /run/accounts /var/lib/libvirt
accounts=/run/accounts
. "$4"
mount -t tmpfs tmpfs /var/lib/libvirt
mkdir -p /var/lib/libvirt/images /var/lib/libvirt/qemu
cp -a /etc/libvirt/. /run/etc/
rm -rf /run/etc/qemu /run/etc/storage /run/etc/secrets
if [ -n "$8" ]; then
  # A /dev without kvm. To libvirt a /dev/kvm that does not work is a reason to ask QEMU again at every turn.
  mkdir /run/dev
  mount -t tmpfs -o mode=755 tmpfs /run/dev
  cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /run/dev/
  mkdir /run/dev/pts /run/dev/shm
  mount --bind /dev/pts /run/dev/pts
  mount -t tmpfs tmpfs /run/dev/shm
  ln -s pts/ptmx /run/dev/ptmx
  ln -s /proc/self/fd /run/dev/fd
  mount --rbind /run/dev /dev
  # What libvirt found out about QEMU: it is not the same with KVM, and takes seconds to find out.
  mkdir -p /var/cache/libvirt "$8"
  mount --bind "$8" /var/cache/libvirt
fi
[ -z "$7" ] || { mkdir -p /run/etc/hooks/qemu.d; cp "$7"/* /run/etc/hooks/qemu.d/; }
mount --bind /run/etc /etc/libvirt
ip link set lo up
cat > /run/libvirtd.conf <<CONF
unix_sock_dir = "$folder"
unix_sock_rw_perms = "0777"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_level = 3
log_outputs = "3:file:$folder/libvirtd.log"
$2
CONF
cat > /etc/libvirt/qemu.conf <<CONF
user = "$5"
group = "$5"
security_driver = "none"
cgroup_controllers = [ ]
stdio_handler = "file"
namespaces = [ $6 ]
CONF
daemon=
while read -r command; do
  case $command in
    start) libvirtd $3 -f /run/libvirtd.conf -p /run/libvirtd.pid </dev/null >>"$folder/libvirtd.out" 2>&1 & daemon=$! ;;
    kill9) kill -KILL "$daemon"; { wait "$daemon" || true; } 2>/dev/null ;;
    stop) kill -STOP "$daemon" ;;
    cont) kill -CONT "$daemon" ;;
    guests) pgrep -c qemu-system || true ;;
  esac
  echo "done $command"
done
`;

const ACCOUNTS = new URL("../../cli/try/libvirt_accounts.sh", import.meta.url).pathname;
/** Kept between tests. */
const withoutKvmCache = `${Deno.env.get("TMPDIR") ?? "/tmp"}/neuron-tests-libvirt-without-kvm`;
const START_DEADLINE_MS = 20_000;

export interface PrivateLibvirtd {
  /** A folder that both the daemon and the test see; gone afterwards. */
  folder: string;
  /** libvirtd's socket. */
  socket: string;
  /** A URI for a driver, such as \`qemu:///system\` or \`test:///default\`, at this daemon. */
  uri(driverUri?: string): string;
  /** Kills the daemon as a crash would; its guests live on. */
  kill9(): Promise<void>;
  /** Starts the daemon again after \`kill9\`. */
  restart(): Promise<void>;
  /** Stops the daemon from running (SIGSTOP), and lets it run again. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** How many QEMU processes there are. */
  guestCount(): Promise<number>;
  /** Ends the daemon and its guests, and takes the folder away. */
  stop(): Promise<void>;
}

export interface PrivateLibvirtdOptions {
  /** The folder that daemon and test share, made before; gone afterwards like the one made otherwise. */
  folder?: string;
  /** More lines of libvirtd.conf. */
  config?: string;
  /** Whom QEMU runs as, then with a /dev of its own, as on people's machines. Where nothing is said: root, without. */
  qemuUser?: string;
  /** A folder of scripts that libvirt calls as those in /etc/libvirt/hooks/qemu.d. */
  hooks?: string;
  /** Hides /dev/kvm: what the product defines is then emulated, wherever the tests run. */
  withoutKvm?: boolean;
  /** Listens on the machine's own network as well (`--listen`), as `config` says; then it has no network of its own. */
  listen?: boolean;
}

/** Runs a test with a libvirtd of its own. */
export async function withPrivateLibvirtd<T>(
  run: (daemon: PrivateLibvirtd) => Promise<T>,
  options?: PrivateLibvirtdOptions,
): Promise<T> {
  const daemon = await startPrivateLibvirtd(options);
  try {
    return await run(daemon);
  } finally {
    await daemon.stop();
  }
}

/** Starts a libvirtd; whoever starts it must stop it. */
export async function startPrivateLibvirtd(options: PrivateLibvirtdOptions = {}): Promise<PrivateLibvirtd> {
  requireTools();
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "private-libvirtd-" });
  await Deno.chmod(folder, 0o755);
  const socket = `${folder}/libvirt-sock`;
  const namespaces = new Deno.Command("unshare", {
    args: [
      "--mount",
      ...(options.listen ? [] : ["--net"]),
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
      "bash",
      "-c",
      SCRIPT,
      "private-libvirtd",
      folder,
      options.config ?? "",
      options.listen ? "--listen" : "",
      ACCOUNTS,
      options.qemuUser ?? "root",
      options.qemuUser === undefined ? "" : '"mount"',
      options.hooks ?? "",
      options.withoutKvm ? withoutKvmCache : "",
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = namespaces.stdin.getWriter();
  const answers = namespaces.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let unread = "";

  /** Gives the loop a command and returns what it printed before it was done. */
  const command = async (name: string): Promise<string> => {
    await writer.write(new TextEncoder().encode(`${name}\n`));
    const end = `done ${name}\n`;
    while (!unread.includes(end)) {
      const { value, done } = await answers.read();
      if (done) throw new Error(`the private libvirtd's namespaces have ended at "${name}"`);
      unread += value;
    }
    const answer = unread.slice(0, unread.indexOf(end));
    unread = unread.slice(answer.length + end.length);
    return answer;
  };
  const start = async () => {
    await Deno.remove(socket).catch(() => {});
    await command("start");
    await untilListening(socket, folder);
  };
  const stop = async () => {
    await writer.close().catch(() => {});
    await answers.cancel();
    await namespaces.status;
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    socket,
    uri: (driverUri = "qemu:///system") => `${driverUri}${driverUri.includes("?") ? "&" : "?"}socket=${socket}`,
    kill9: async () => void await command("kill9"),
    restart: start,
    freeze: async () => void await command("stop"),
    thaw: async () => void await command("cont"),
    guestCount: async () => Number(await command("guests")),
    stop,
  };
}

async function untilListening(socket: string, folder: string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    try {
      (await Deno.connect({ transport: "unix", path: socket })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const log = await Deno.readTextFile(`${folder}/libvirtd.out`).catch(() => "");
  throw new Error(`libvirtd did not listen at ${socket} within ${START_DEADLINE_MS} ms. It said: ${log}`);
}

function requireTools(): void {
  if (Deno.uid() !== 0) throw new Error("a private libvirtd needs root: run the tests as root (sudo deno task test)");
  for (const path of ["/usr/sbin/libvirtd", "/usr/bin/qemu-system-x86_64", "/usr/bin/unshare"]) {
    try {
      Deno.statSync(path);
    } catch {
      throw new Error(
        `${path} is missing: apt install libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86 util-linux`,
      );
    }
  }
}
