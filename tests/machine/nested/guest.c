/*
 * The guest inside the emulated PC's VM: a multiboot kernel that says on the first serial port which PCI functions it
 * sees, writes and reads a display's memory, lets an HD Audio controller fetch a verb from its memory and put the
 * codec's answer back (DMA both ways), and switches the machine off. No libraries, no interrupts, no paging.
 *
 * Sources: Multiboot 0.6.96 (header), PCI Local Bus 3.0 (3.2.2.3.2, 6.1), HD Audio 1.0a (3.3, 4.4, 7.3.4.1).
 * Speaks lines: "pci BB:DD.F VVVV:DDDD CCCC", "memory BB:DD.F ok|bad", "dma BB:DD.F ANSWER", "end".
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

__asm__(
    ".section .text\n"
    ".balign 4\n"
    ".long 0x1badb002, 0, -0x1badb002\n"
    ".globl start\n"
    "start: movl $0x90000, %esp\n"
    "call guest\n"
    "1: hlt\n"
    "jmp 1b\n");

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void out16(u16 port, u16 value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
static void out32(u16 port, u32 value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static u8 in8(u16 port) { u8 value; __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static u32 in32(u16 port) { u32 value; __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port)); return value; }

static void say(const char *text)
{
	for (; *text; text++) {
		while (!(in8(0x3f8 + 5) & 0x20)) {
		}
		out8(0x3f8, *text);
	}
}

static void say_hex(u32 value, int digits)
{
	char text[2] = {0, 0};
	while (digits--) {
		text[0] = "0123456789abcdef"[value >> (digits * 4) & 15];
		say(text);
	}
}

struct function {
	u32 bus, device, function;
};

static u32 select(struct function at, u32 offset)
{
	out32(0xcf8, 0x80000000u | at.bus << 16 | at.device << 11 | at.function << 8 | offset);
	return 0xcfc;
}

static u32 config(struct function at, u32 offset) { return in32(select(at, offset)); }
static void set_config(struct function at, u32 offset, u32 value) { out32(select(at, offset), value); }

static void say_function(const char *what, struct function at)
{
	say(what);
	say_hex(at.bus, 2);
	say(":");
	say_hex(at.device, 2);
	say(".");
	say_hex(at.function, 1);
	say(" ");
}

/* Answers memory accesses and may do DMA; the first base address, 0 where it is above 4 GiB. */
static u32 enable(struct function at)
{
	u32 bar = config(at, 0x10);
	set_config(at, 4, config(at, 4) | 6);
	if ((bar & 6) == 4 && config(at, 0x14) != 0) return 0;
	return bar & 1 ? 0 : bar & ~15u;
}

static void try_memory(struct function at)
{
	volatile u32 *memory = (volatile u32 *)enable(at);
	say_function("memory ", at);
	if (memory == 0) {
		say("bad: no address below 4 GiB\n");
		return;
	}
	memory[0] = 0x600df00d;
	memory[1024] = ~0x600df00du;
	say(memory[0] == 0x600df00d && memory[1024] == ~0x600df00du ? "ok\n" : "bad\n");
}

/* Rings of 256 entries, where the controller reads verbs and writes answers. */
static volatile u32 verbs[256] __attribute__((aligned(1024)));
static volatile u32 answers[512] __attribute__((aligned(2048)));

static void try_dma(struct function at)
{
	volatile u8 *registers = (volatile u8 *)enable(at);
	u32 rounds;
	say_function("dma ", at);
	if (registers == 0) {
		say("bad: no address below 4 GiB\n");
		return;
	}
	*(volatile u32 *)(registers + 0x08) = 1; /* GCTL: out of reset */
	for (rounds = 0; rounds < 1000000 && !(*(volatile u32 *)(registers + 0x08) & 1); rounds++) {
	}
	verbs[1] = 0x000f0000; /* codec 0, node 0: get parameter 0, its vendor and device id */
	answers[2] = 0;
	*(volatile u32 *)(registers + 0x40) = (u32)verbs;
	*(volatile u32 *)(registers + 0x44) = 0;
	*(volatile u32 *)(registers + 0x50) = (u32)answers;
	*(volatile u32 *)(registers + 0x54) = 0;
	*(volatile u16 *)(registers + 0x4a) = 0x8000; /* CORBRP: reset, and out of it */
	*(volatile u16 *)(registers + 0x4a) = 0;
	*(volatile u16 *)(registers + 0x58) = 0x8000; /* RIRBWP: reset */
	*(volatile u16 *)(registers + 0x5a) = 255;    /* RINTCNT */
	*(volatile u8 *)(registers + 0x5c) = 2;       /* RIRBCTL: run */
	*(volatile u8 *)(registers + 0x4c) = 2;       /* CORBCTL: run */
	*(volatile u16 *)(registers + 0x48) = 1;      /* CORBWP: one verb */
	for (rounds = 0; rounds < 1000000 && answers[2] == 0; rounds++)
		(void)*(volatile u16 *)(registers + 0x58);
	say_hex(answers[2], 8);
	say("\n");
}

static void look_at(struct function at)
{
	u32 id = config(at, 0);
	u32 class = config(at, 8) >> 16;
	say_function("pci ", at);
	say_hex(id & 0xffff, 4);
	say(":");
	say_hex(id >> 16, 4);
	say(" ");
	say_hex(class, 4);
	say("\n");
	if (class >> 8 == 3) try_memory(at);
	if (class == 0x0403) try_dma(at);
}

void guest(void)
{
	struct function at;
	for (at.bus = 0; at.bus < 32; at.bus++)
		for (at.device = 0; at.device < 32; at.device++)
			for (at.function = 0; at.function < 8; at.function++) {
				if ((config(at, 0) & 0xffff) != 0xffff) look_at(at);
				else if (at.function == 0) break;
			}
	say("end\n");
	out16(0x604, 0x2000); /* ACPI: soft off, where SeaBIOS puts a Q35's PM1a control block */
	for (;;) __asm__("hlt");
}
