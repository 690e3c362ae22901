# The guest of the small VM that `deno task start` shows: 512 bytes that draw a screen, turn a wheel, sleep between
# timer ticks, and switch the machine off when its power button is pressed (so "shut down" and "reboot" work as with
# a real system). Assembled into boot_sector.ts by:
#   as --32 -o boot.o boot_sector.S && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o boot.bin boot.o && base64 -w0 boot.bin
#
# Ports: SeaBIOS places the ACPI power management block of both QEMU chipsets (PIIX4, ICH9) at 0x600.
# PM1 status +0, enable +2, control +4 (ACPI specification 4.8.3); bit 8 is the power button; 0x2000 is SLP_EN with
# the sleep type that QEMU names S5.
        .code16
        .globl _start
_start: ljmp $0, $begin
begin:  xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %ss
        movw $0x7c00, %sp
        movw $0x0003, %ax               # 80x25 text, screen cleared
        int $0x10
        movw $0x0600, %ax               # fill the window: white on blue
        movb $0x1f, %bh
        xorw %cx, %cx
        movw $0x184f, %dx
        int $0x10
        movb $1, %ah                    # no cursor
        movw $0x2000, %cx
        int $0x10
        movw $0xb800, %ax
        movw %ax, %es
        movw $lines, %si
next:   lodsw                           # offset on the screen, 0 ends the list
        testw %ax, %ax
        jz ready
        movw %ax, %di
glyph:  lodsb
        testb %al, %al
        jz next
        movb $0x1f, %ah
        stosw
        jmp glyph
ready:  movw $0x602, %dx                # let the power button be seen
        movw $0x0100, %ax
        outw %ax, %dx
        sti
wheel:  hlt
        movw 0x46c, %bx                 # BIOS tick counter, 18.2 a second
        shrw $2, %bx
        andw $3, %bx
        movb shapes(%bx), %al
        movb $0x1e, %ah
        movw %ax, %es:(12 * 160 + 74)
        movw $0x600, %dx
        inw %dx, %ax
        testb $1, %ah
        jz wheel
        movw $0x0100, %ax               # acknowledge the button, then off
        outw %ax, %dx
        movw $0x604, %dx
        movw $0x2000, %ax
        outw %ax, %dx
        cli
stop:   hlt
        jmp stop
shapes: .byte 0x7c, 0x2f, 0x2d, 0x5c
lines:  .word 8 * 160 + 74
        .asciz "Neuron"
        .word 10 * 160 + 48
        .asciz "This virtual machine is running."
        .word 14 * 160 + 20
        .asciz "It has no operating system: it waits for its power button."
        .word 15 * 160 + 20
        .asciz "Shut it down, reboot it or pause it from the page or virsh."
        .word 0
        .org 510
        .word 0xaa55
