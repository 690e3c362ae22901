/** Passwords as a password file holds them. The password goes to openssl by its standard input, never by its words. */
import { AppError } from "../model/errors.ts";
import type { Host } from "./host/host.ts";

/** crypt(5): what may be there instead of the password itself. */
const CRYPT_HASH = /^\$(?:5|6|y|gy|7|2b)\$[./A-Za-z0-9$=,]{20,255}$/;

/**
 * SHA-512 crypt, which every Linux can check; what is a hash already stays as it is. `step` is who asks.
 * @throws AppError `command-failed`
 */
export async function passwordHash(host: Host, password: string, step: string): Promise<string> {
  if (CRYPT_HASH.test(password)) return password;
  const { code, stdout, stderr } = await host.run({
    argv: ["openssl", "passwd", "-6", "-stdin"],
    step,
    reason: "the password is kept as a hash",
    stdin: `${password}\n`,
    pure: true,
  });
  const hash = stdout.trim();
  if (code === 0 && CRYPT_HASH.test(hash)) return hash;
  throw new AppError("command-failed", `Cannot hash the password: openssl ended with ${code}: ${stderr.trim()}`, {
    hint: "Install the package openssl",
  });
}
