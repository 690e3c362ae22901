/**
 * Lines of `vm.startupApps` as Windows takes a command line apart: a program, and everything behind it letter by letter.
 * Pure. What Windows would understand otherwise than it is meant is refused here, with the cure.
 * Sources: Microsoft Learn "Parsing C command-line arguments" (the program's name: up to the next quote, or the first
 * blank), "CreateProcessW" (an unquoted path with blanks is guessed at), "Maximum Path Length Limitation".
 */
import { AppError } from "../../model/errors.ts";

export interface StartupApp {
  /** As it was given. */
  readonly line: string;
  /** A path, a name that Windows knows, a document or an address. Variables such as %LOCALAPPDATA% are filled in. */
  readonly program: string;
  /** Handed over as they are; "" for none. */
  readonly arguments: string;
}

const longestPath = 259;
/** Endings after which an unquoted path is over. */
const programEnding = /\.(exe|com|bat|cmd|lnk|msc|cpl|scr|vbs)$/i;
const batchFile = /\.(bat|cmd)$/i;
/** Two letters at least: one alone is a drive. */
const address = /^[a-z][a-z0-9+.-]+:/i;

/** @throws AppError `answer-invalid` */
export function parseStartupApp(line: string): StartupApp {
  const { program, rest } = split(line.trim(), line);
  const words = rest.replace(/^[ \t]+/, "");
  if (program.trim() === "") {
    throw refused(line, "names no program", 'Write "C:\\folder\\program.exe" or remove it');
  }
  if (program.length > longestPath) {
    throw refused(
      line,
      `names a program with ${program.length} characters; Windows takes ${longestPath}`,
      "Shorten it",
    );
  }
  if (!address.test(program) && /[<>|*?"]/.test(program)) {
    throw refused(line, "names a program with a character that no file of Windows has", "Correct its name");
  }
  if (/\.ps1$/i.test(program)) {
    throw refused(
      line,
      "names a PowerShell script, which Windows opens in an editor",
      'Write powershell.exe -ExecutionPolicy Bypass -File "…" instead',
    );
  }
  if (batchFile.test(program)) checkBatchArguments(words, line);
  return { line, program, arguments: words };
}

function split(text: string, line: string): { readonly program: string; readonly rest: string } {
  if (text.startsWith('"')) {
    const end = text.indexOf('"', 1);
    if (end === -1) {
      throw refused(line, "begins with a quotation mark that is not closed", "Close it behind the program");
    }
    const rest = text.slice(end + 1);
    if (rest !== "" && !/^[ \t]/.test(rest)) {
      throw refused(line, "goes on right behind the program's closing quotation mark", "Put a space there");
    }
    return { program: text.slice(1, end), rest };
  }
  const [program = ""] = text.split(/[ \t]/, 1);
  const rest = text.slice(program.length);
  if (program.includes("\\") && rest.trim() !== "" && !programEnding.test(program)) {
    throw refused(
      line,
      `does not say where the program's name ends: it could be ${program}`,
      'Put the program into quotation marks: "C:\\Program Files\\…\\program.exe"',
    );
  }
  return { program, rest };
}

/** cmd.exe reads a batch file's arguments once more, and would take these for its own. */
function checkBatchArguments(words: string, line: string): void {
  const bad = /[&|<>^%!]/.exec(words)?.[0];
  if (bad !== undefined) {
    throw refused(line, `gives a batch file "${bad}", which cmd.exe takes for its own`, "Write it into the batch file");
  }
  if ((words.match(/"/g) ?? []).length % 2 !== 0) {
    throw refused(line, "gives a batch file an odd number of quotation marks", "Close them");
  }
}

function refused(line: string, what: string, hint: string): AppError {
  const shown = line.length > 60 ? `${line.slice(0, 60)}…` : line;
  return new AppError("answer-invalid", `vm.startupApps has a line that ${what}: ${shown}`, { hint });
}
