# A guest that plays an unattended installation of Windows in 512 bytes: waits for a key, reports stages on COM1,
# restarts itself, switches itself off, goes on where it was. Its place in the play is the first byte of the disk's second
# sector; the second byte says how it misbehaves. Assembled into stand_in.ts by:
#   as --32 -o s.o stand_in.S && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o s.bin s.o && base64 s.bin
# With --defsym CD=1 it is the boot image of a medium (El Torito without emulation): it plays on the first hard disk, and
# goes on behind its start only when a CD drive has a medium whose first megabyte holds the words of an answer file and
# of the marker file: SeaBIOS reads CD drives by int 13h, as 0xe0 and on.
#
# Ports: COM1 at 0x3f8; reset control 0xcf9 (ICH9, PIIX3); ACPI PM1 control at 0x604, where SeaBIOS places it.
        .code16
        .globl _start
_start: ljmp $0, $begin
begin:  xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movw $0x7c00, %sp
        movb %dl, drive
        .ifdef CD
        movb $0x80, drive
        .endif
        movw $0x0201, %ax               # read the second sector
        call disk
        movw $0x0003, %ax               # another screen for each act
        int $0x10
        movb act, %al
        addb $'0', %al
        movb $0x0e, %ah
        int $0x10
        cmpb $0, act
        je act0
        cmpb $1, act
        je act1

act2:   movw $three, %si                # the account signs in: the rest, and done
        call say
        jmp rest

act0:   cmpb $3, mode                   # 3: needs no key, and is gone again and again
        je reset
        movw $0x046c, %bx               # BIOS' clock: 18.2 ticks a second
        movw (%bx), %cx
        addw $182, %cx
wait:   movb $1, %ah
        int $0x16
        jnz key
        cmpw %cx, (%bx)
        jb wait
        movw $nokey, %si
        call show
        jmp rest
key:
        .ifdef CD
        call medium
        jc 4f
        movw $unread, %si
        call show
        jmp rest
4:
        .endif
        movw $one, %si
        cmpb $1, mode                   # 1: hangs behind its first stage
        jne 1f
        movw $hang, %si
        call say
        jmp rest
1:      cmpb $2, mode                   # 2: finds no drivers
        jne 2f
        movw $nodrv, %si
        call say
        jmp rest
2:      call say
        movb $1, act
        call save
reset:  movw $0xcf9, %dx
        movb $6, %al
        outb %al, %dx
rest:   sti
        hlt
        jmp rest

act1:   movb $1, %ah                    # a key now would start the installation from its beginning
        int $0x16
        movw $again, %si
        jnz 3f
        movw $two, %si
3:      call say
        movb $2, act
        call save
        movw $0x604, %dx                # off
        movw $0x2000, %ax
        outw %ax, %dx
        jmp rest

        .ifdef CD
medium: movb $0xe0, packet_drive        # carry: a drive has both
1:      movl $16, packet_lba
        movb $0, seen
2:      movb $0x42, %ah
        movb packet_drive, %dl
        movw $packet, %si
        movw $1, packet_count
        int $0x13
        jc 6f                           # its end, or no drive
        movw $0x9000, %di
        movw $2048, %cx
3:      movw $answer, %si
        call begins
        jne 4f
        orb $1, seen
4:      movw $marker, %si
        call begins
        jne 5f
        orb $2, seen
5:      incw %di
        loop 3b
        cmpb $3, seen
        stc
        je 7f
        incl packet_lba
        cmpl $512, packet_lba
        jb 2b
6:      incb packet_drive
        cmpb $0xe6, packet_drive
        jb 1b
        clc
7:      ret

begins: pushw %di                       # equal: what %di points to begins with %si's words
1:      lodsb
        testb %al, %al
        jz 2f
        cmpb (%di), %al
        jne 2f
        incw %di
        jmp 1b
2:      popw %di
        ret

packet: .byte 16, 0
packet_count: .word 1
        .word 0x9000, 0
packet_lba: .long 0, 0
packet_drive: .byte 0
seen:   .byte 0
answer: .asciz "<unattend "
marker: .asciz "Neuron's answer medium"
unread: .asciz "no answer medium"
        .endif

save:   movw $0x0301, %ax
disk:   movw $0x0002, %cx               # cylinder 0, sector 2
        xorb %dh, %dh
        movb drive, %dl
        movw $act, %bx
        int $0x13
        ret

say:    lodsb                           # to COM1
        testb %al, %al
        jz done
        movb %al, %cl
        movw $0x3fd, %dx
full:   inb %dx, %al
        testb $0x20, %al
        jz full
        movb %cl, %al
        movw $0x3f8, %dx
        outb %al, %dx
        jmp say
show:   lodsb                           # to the screen
        testb %al, %al
        jz done
        movb $0x0e, %ah
        int $0x10
        jmp show
done:   ret

drive:  .byte 0
one:    .ascii "noise \33[2J\r\nNEURON-STAGE winpe\r\nNEURON-STAGE nonsense\r\nNEURON-STAGE drivers-loaded\r\nNEURON-STAGE partitioning\r\n\0"
two:    .asciz "NEURON-STAGE specialize\r\n"
three:  .asciz "NEURON-STAGE first-logon\r\nNEURON-STAGE done\r\n"
hang:   .asciz "NEURON-STAGE winpe\r\n"
nodrv:  .asciz "NEURON-STAGE drivers-missing\r\n"
again:  .asciz "NEURON-STAGE disk-not-empty\r\n"
nokey:  .asciz "no key"
        .ifdef CD
        .org 2048
        .else
        .org 510
        .word 0xaa55
        .endif
        .bss
        .ifdef CD
        .set act, 0x8400
        .set mode, 0x8401
        .else
        .set act, 0x7e00
        .set mode, 0x7e01
        .endif
