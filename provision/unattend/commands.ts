/**
 * The commands an answer file runs. All are constants but for words of our own tables: no name, path or password of a
 * person ever becomes part of a command line. Data that a person gives travels in settings.json.
 */
import type { UnattendCommand } from "../../templates/unattend_input.ts";

/** The file that tells our medium from every other drive. */
export const markerPath = "neuron/answer-medium.txt";

/** What Windows 11's Setup asks of a machine (Microsoft's "Windows 11 requirements") and how it is told to pass it over. */
export type Requirement = "TPM" | "SecureBoot" | "RAM" | "CPU" | "Storage";

/** C: to Z:, without Windows PE's own RAM disk: with an empty disk, C: can be a CD. */
const lettersInWindowsPe = "C D E F G H I J K L M N O P Q R S T U V W Y Z";
/** In the installed Windows C: is its own disk, where an answer medium has no business. */
const lettersInWindows = "D E F G H I J K L M N O P Q R S T U V W X Y Z";

/**
 * Setup and cmd leave `%i` alone: neither knows a variable of the name between this sign and the next. The scripts use
 * other letters for their own loops: Wine's cmd, where they are tested, would mix them up.
 */
function onMarkedDrive(letters: string, command: string): string {
  return `cmd.exe /c for %i in (${letters}) do if exist %i:\\${markerPath.replaceAll("/", "\\")} ${command}`;
}

export function windowsPeCommands(driverFolder: string, bypass: readonly Requirement[]): UnattendCommand[] {
  const passOver = bypass.map((requirement) => ({
    line: `reg.exe add HKLM\\SYSTEM\\Setup\\LabConfig /v Bypass${requirement}Check /t REG_DWORD /d 1 /f`,
    description: `Pass over Setup's check of ${requirement}, which this machine has not`,
  }));
  return [...passOver, {
    line: onMarkedDrive(lettersInWindowsPe, `call %i:\\neuron\\winpe.cmd ${driverFolder}`),
    description: "Load the drivers of disk and network from whichever drive has them",
  }];
}

export const specializeCommands: readonly UnattendCommand[] = [
  {
    // Another exit code than 0 would stop Setup where there is no serial port.
    line: "cmd.exe /c echo NEURON-STAGE specialize>COM1 & exit 0",
    description: "Tell the host",
  },
  {
    // Microsoft Learn "BitLocker drive encryption in Windows for OEMs".
    line: "reg.exe add HKLM\\SYSTEM\\CurrentControlSet\\Control\\BitLocker /v PreventDeviceEncryption " +
      "/t REG_DWORD /d 1 /f",
    description: "Do not encrypt the disk by itself: its key would depend on this machine's TPM",
  },
];

export const firstLogonCommand: UnattendCommand = {
  line: onMarkedDrive(
    lettersInWindows,
    "powershell.exe -NoProfile -ExecutionPolicy Bypass -File %i:\\neuron\\first-logon.ps1",
  ),
  description: "Guest tools, agents and startup programs",
};
