/** The two secrets of an installation, as its commands take them: read from where the answers say, or heard. */
import type { Answers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import type { Secret } from "../../model/secret.ts";
import type { Host } from "../../provision/host/host.ts";
import type { SecretName } from "../../provision/installer/actions.ts";
import { heardSecret } from "../../provision/installer/questions.ts";
import { checkPassword } from "../../provision/unattend/secrets.ts";
import type { Reply } from "../../provision/wizard/question.ts";

/** crypt(5): what a password file may hold instead of the password itself. */
const CRYPT_HASH = /^\$(?:5|6|y|gy|7|2b)\$[./A-Za-z0-9$=,]{20,255}$/;

/** @throws AppError `answer-missing`, `answer-invalid`; never with the secret in it */
export async function readSecrets(
  host: Host,
  { install = {} }: Answers,
  replies: Readonly<Record<string, Reply>>,
  read: (secret: Secret, key: string) => string,
): Promise<Partial<Record<SecretName, string>>> {
  const secret = (from: Secret | undefined, key: string, reply: string): string | null => {
    if (from === undefined) return null;
    return checkPassword(from === heardSecret ? `${replies[reply] ?? ""}` : read(from, key), key);
  };
  const passphrase = secret(install.encrypt, "install.encrypt", "passphrase");
  const password = secret(install.account?.password, "install.account.password", "password");
  return {
    ...(passphrase === null ? {} : { passphrase }),
    ...(password === null ? {} : { account: `${install.account?.name}:${await hashOf(host, password)}\n` }),
  };
}

/** SHA-512 crypt, which every Linux can check. */
async function hashOf(host: Host, password: string): Promise<string> {
  if (CRYPT_HASH.test(password)) return password;
  const argv = ["openssl", "passwd", "-6", "-stdin"] as const;
  const reason = "the password is kept as a hash";
  const { code, stdout, stderr } = await host.run({
    argv,
    step: "install",
    reason,
    stdin: `${password}\n`,
    pure: true,
  });
  const hash = stdout.trim();
  if (code === 0 && CRYPT_HASH.test(hash)) return hash;
  throw new AppError("command-failed", `Cannot hash the password: openssl ended with ${code}: ${stderr.trim()}`, {
    hint: "Install the package openssl",
  });
}
