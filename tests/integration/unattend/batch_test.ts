/**
 * What cmd.exe (Wine's own) makes of a batch file's arguments: those that vm.startupApps takes arrive as they are, and
 * those it refuses would have become commands or been changed.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { parseStartupApp } from "../../../provision/unattend/startup_apps.ts";
import { withFolder } from "./tools.ts";
import { withWine } from "./wine.ts";

/** Without quotes in them, so that an argument list and a command line are the same. */
const taken = ["one two", "--a=b /c \\d", "$(calc) `calc` ;calc, (x) [y] {z} #~@'"];
/** And whether a second command would have run; the others change. */
const refused: readonly (readonly [string, boolean])[] = [
  ["x&echo>X:\\ran.txt", true],
  ["x|echo>X:\\ran.txt", true],
  ["x>X:\\ran.txt", true],
  ["%SystemRoot%", false],
  ["a^b", false],
];

Deno.test("a batch file's arguments in cmd.exe: what is taken arrives, what is refused would not have", () =>
  withFolder((folder) =>
    withWine(async (windowsPe) => {
      await Deno.mkdir(`${folder}/apps`);
      await Deno.writeTextFile(`${folder}/apps/app.cmd`, "@echo off\r\necho %*>X:\\got.txt\r\n");
      const seen = async (words: string): Promise<{ got: string; ran: boolean }> => {
        const machine = await windowsPe({ d: `${folder}/apps` });
        const child = machine.start("cmd", "/c", "D:\\app.cmd", ...words.split(" "));
        await child.stdin.close();
        await child.status;
        const got = await machine.read("got.txt");
        return { got: got ?? "", ran: await machine.read("ran.txt") !== null };
      };
      for (const words of taken) {
        assertEquals(parseStartupApp(`D:\\app.cmd ${words}`).arguments, words);
        assertEquals(await seen(words), { got: words, ran: false });
      }
      for (const [words, runs] of refused) {
        assertThrows(() => parseStartupApp(`D:\\app.cmd ${words}`), AppError, "cmd.exe takes for its own");
        const { got, ran } = await seen(words);
        assertEquals(ran, runs, words);
        assert(got !== words, `${words}: ${got}`);
      }
    })
  ));
