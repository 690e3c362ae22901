/** Reads what an answers file only names. A secret is never printed: messages say where it should be, not what is there. */
import { resolve } from "node:path";
import { AppError, errorMessage } from "../model/errors.ts";
import type { Secret } from "../model/secret.ts";

export function whereSecretIs(secret: Secret): string {
  return "file" in secret ? secret.file : `the environment variable ${secret.env}`;
}

/** The text as it is there. @throws AppError `answer-missing` */
export function readSecret(secret: Secret, key: string): string {
  if ("env" in secret) {
    const value = Deno.env.get(secret.env);
    if (value !== undefined) return value;
    throw new AppError("answer-missing", `${key} is in the environment variable ${secret.env}, which is not set`, {
      hint: `Set ${secret.env}, or name a file: { "file": "/root/secret" }`,
    });
  }
  try {
    return Deno.readTextFileSync(resolve(secret.file));
  } catch (error) {
    throw new AppError("answer-missing", `${key} is in ${secret.file}, which cannot be read: ${errorMessage(error)}`, {
      hint: "Make that file, readable for you alone (chmod 600)",
      cause: error,
    });
  }
}
