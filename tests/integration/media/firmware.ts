/**
 * Programs small enough to write by hand, in the places where Microsoft's boot images are: each says a word on the serial
 * port and ends the emulated PC with a code of its own. So it is seen that firmware finds and starts them.
 */
import { done, tool } from "../unattend/tools.ts";

/** QEMU's isa-debug-exit ends with twice the byte, plus one. */
export const exitCodes = { bios: 3, uefi: 5 };

/** `mov al, c; out dx, al` for each letter, then the byte to the debug port. Runs wherever it is loaded to. */
function says(word: string, byte: number, wide: readonly number[]): number[] {
  const letters = [...word].flatMap((letter) => [0xb0, letter.charCodeAt(0), 0xee]);
  return [...wide, 0xba, 0xf8, 0x03, ...letters, ...wide, 0xba, 0xf4, 0x00, 0xb0, byte, 0xee, 0xf4, 0xeb, 0xfd];
}

/** In the place of etfsboot.com: eight sectors, as that has. */
export function biosImage(): Uint8Array {
  const bytes = new Uint8Array(4096);
  bytes.set(says("BIOS", 1, []));
  return bytes;
}

/** In the place of efisys.bin: a floppy's FAT with EFI/BOOT/BOOTX64.EFI. */
export async function efiImage(folder: string): Promise<Uint8Array> {
  const [image, program] = [`${folder}/efisys.bin`, `${folder}/BOOTX64.EFI`];
  await Deno.writeFile(program, efiProgram());
  await done(["mformat", "-C", "-f", "1440", "-i", image, "::"], "mtools");
  await done(["mmd", "-i", image, "::/EFI", "::/EFI/BOOT"], "mtools");
  await done(["mcopy", "-i", image, program, "::/EFI/BOOT/BOOTX64.EFI"], "mtools");
  return await Deno.readFile(image);
}

/** A PE32+ image of one section (PE format specification by Microsoft; subsystem 10 is an EFI application). */
function efiProgram(): Uint8Array {
  const bytes = new Uint8Array(0x400);
  const view = new DataView(bytes.buffer);
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  bytes.set(new TextEncoder().encode("MZ"));
  u32(0x3c, 0x40);
  bytes.set(new TextEncoder().encode("PE\0\0"), 0x40);
  u16(0x44, 0x8664); // x86-64
  u16(0x46, 1); // one section
  u16(0x54, 240); // size of the optional header
  u16(0x56, 0x22); // executable, large addresses
  u16(0x58, 0x20b); // PE32+
  u32(0x5c, 0x200); // size of code
  u32(0x68, 0x1000); // entry point
  u32(0x6c, 0x1000); // base of code
  u32(0x78, 0x1000); // alignment in memory
  u32(0x7c, 0x200); // alignment in the file
  u32(0x90, 0x2000); // size of the image
  u32(0x94, 0x200); // size of headers
  u16(0x9c, 10); // EFI application
  u32(0xc4, 16); // data directories, all empty
  bytes.set(new TextEncoder().encode(".text"), 0x148);
  u32(0x150, 0x200); // size in memory
  u32(0x154, 0x1000); // where in memory
  u32(0x158, 0x200); // size in the file
  u32(0x15c, 0x200); // where in the file
  u32(0x16c, 0x60000020); // code, to be run and read
  bytes.set(says("UEFI", 2, [0x66]), 0x200);
  return bytes;
}

/** What the emulated PC said on its serial port, and how it ended. Without a disk: only the disc can be started. */
export async function startDisc(iso: string, folder: string, uefi: boolean): Promise<{ code: number; said: string }> {
  if (uefi) await Deno.copyFile("/usr/share/OVMF/OVMF_VARS_4M.fd", `${folder}/vars.fd`);
  const firmware = uefi
    ? [
      ...["-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"],
      ...["-drive", `if=pflash,format=raw,file=${folder}/vars.fd`],
    ]
    : [];
  const { code, stdout } = await tool([
    ...(["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", "256", "-nodefaults", "-no-reboot"] as const),
    ...["-display", "none", "-serial", "stdio", "-cdrom", iso, "-boot", "d"],
    ...["-device", "isa-debug-exit,iobase=0xf4,iosize=1"],
    ...firmware,
  ], "qemu-system-x86");
  return { code, said: stdout };
}
