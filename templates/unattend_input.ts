/**
 * What the template `autounattend` prints: a Windows answer file with every decision taken. The template chooses words
 * and order, nothing else; provision/unattend/plan.ts makes this from answers, VM and host.
 */

export interface UnattendInput {
  readonly language: {
    /** Of Setup and desktop. */
    readonly ui: string;
    /** Of dates, numbers and programs that know no Unicode. */
    readonly locale: string;
    /** Language and keyboard, or a language tag. */
    readonly input: string;
  };
  /** Commands of Windows PE, before Setup looks at disks. */
  readonly windowsPeCommands: readonly UnattendCommand[];
  /** The partition table of the disk, which is erased. */
  readonly partitions: "gpt" | "mbr";
  /** Which image of install.wim; null: the product key says it. */
  readonly image: { readonly key: "/IMAGE/INDEX" | "/IMAGE/NAME"; readonly value: string } | null;
  /** null: the image needs none. */
  readonly productKey: string | null;
  /** Folder with drivers that go into the installed Windows; null: it needs none. */
  readonly driverFolder: string | null;
  readonly computerName: string;
  /** As Windows calls it. */
  readonly timeZone: string;
  readonly server: boolean;
  readonly account: { readonly name: string; readonly encodedPassword: string };
  /** Of the built-in account Administrator, which only a server asks for. */
  readonly encodedAdministratorPassword: string | null;
  readonly specializeCommands: readonly UnattendCommand[];
  /** One: Windows may start several at the same time. */
  readonly firstLogonCommand: UnattendCommand;
}

export interface UnattendCommand {
  readonly line: string;
  readonly description: string;
}
