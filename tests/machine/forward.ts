/** One connection of the PC to a server of the test, as QEMU's guestfwd starts it: standard input and output, and a port. */
const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
await Promise.all([
  Deno.stdin.readable.pipeTo(connection.writable, { preventClose: true }).catch(() => {}),
  connection.readable.pipeTo(Deno.stdout.writable).catch(() => {}),
]);
Deno.exit(0);
