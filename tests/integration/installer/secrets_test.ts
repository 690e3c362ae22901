import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { readSecrets } from "../../../cli/install/secrets.ts";
import { AppError } from "../../../model/errors.ts";
import { openHost } from "../../../provision/host/open.ts";
import { heardSecret } from "../../../provision/installer/questions.ts";

const install = { account: { name: "ada", password: { file: "pw" } }, encrypt: { file: "key" } };

function read(password: string, passphrase = "open sesame") {
  const host = openHost({ root: "/" });
  const texts: Record<string, string> = { "install.account.password": password, "install.encrypt": passphrase };
  return readSecrets(host, { install }, {}, (_secret, key) => texts[key]!);
}

Deno.test("openssl makes the hash that chpasswd gets; the passphrase has no end of line", async () => {
  const { account, passphrase } = await read("correct horse\n", "open sesame\n");
  assertMatch(account!, /^ada:\$6\$[./A-Za-z0-9]{8,16}\$[./A-Za-z0-9]{86}\n$/);
  assertEquals(passphrase, "open sesame");
  const salt = account!.split("$")[2]!;
  const again = await new Deno.Command("openssl", { args: ["passwd", "-6", "-salt", salt, "correct horse"] }).output();
  assertEquals(account, `ada:${new TextDecoder().decode(again.stdout)}`);
});

Deno.test("a hash is taken as it is; what was heard comes from the replies", async () => {
  const hash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";
  assertEquals((await read(`${hash}\n`)).account, `ada:${hash}\n`);
  const host = openHost({ root: "/" });
  const heard = await readSecrets(
    host,
    { install: { ...install, encrypt: heardSecret } },
    { passphrase: "typed in" },
    () => "x",
  );
  assertEquals(heard.passphrase, "typed in");
});

Deno.test("an empty password, or several lines, are refused without being shown", async () => {
  for (const wrong of ["", "\n", "two\nlines"]) {
    const error = await assertRejects(() => read(wrong), AppError);
    assertEquals([error.code, error.message.includes("two")], ["answer-invalid", false]);
  }
});
