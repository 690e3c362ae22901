/** The two secrets of an installation, as its commands take them: read from where the answers say, or heard. */
import type { Answers } from "../../model/answers.ts";
import type { Secret } from "../../model/secret.ts";
import type { Host } from "../../provision/host/host.ts";
import type { SecretName } from "../../provision/installer/actions.ts";
import { heardSecret } from "../../provision/installer/questions.ts";
import { passwordHash } from "../../provision/password_hash.ts";
import { checkPassword } from "../../provision/unattend/secrets.ts";
import type { Reply } from "../../provision/wizard/question.ts";

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
    ...(password === null
      ? {}
      : { account: `${install.account?.name}:${await passwordHash(host, password, "install")}\n` }),
  };
}
