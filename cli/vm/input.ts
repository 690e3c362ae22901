/** Files that a person names on the command line. */
import { AppError, errorMessage } from "../../model/errors.ts";

/**
 * A text file, or standard input for "-".
 * @throws AppError `not-found`, `file-access`, or `xml-invalid` when it is not UTF-8
 */
export async function readInput(path: string): Promise<string> {
  try {
    const bytes = path === "-" ? await new Response(Deno.stdin.readable).bytes() : await Deno.readFile(path);
    // A byte order mark is a character of the file like any other: it stays.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) {
      throw new AppError("xml-invalid", `Cannot read ${path}: it is not UTF-8`, {
        hint: "Convert it first: iconv -t UTF-8",
        cause: error,
      });
    }
    const missing = error instanceof Deno.errors.NotFound;
    throw new AppError(missing ? "not-found" : "file-access", `Cannot read ${path}: ${errorMessage(error)}`, {
      hint: "Give the file that virsh dumpxml --inactive NAME printed, or - for standard input",
      cause: error,
    });
  }
}
