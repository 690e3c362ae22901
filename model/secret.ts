/** Where a secret is to be found. Never the secret itself: answers files are kept, mailed and committed. */
import { z } from "zod";

export const secretSchema = z.union([
  z.strictObject({ file: z.string().min(1).describe("the path of a file that holds the secret") }),
  z.strictObject({ env: z.string().regex(/^[A-Za-z_]\w*$/).describe("the name of an environment variable") }),
]).describe('{ "file": "path" } or { "env": "NAME" }');

export type Secret = z.infer<typeof secretSchema>;
