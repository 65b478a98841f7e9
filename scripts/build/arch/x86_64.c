// SPDX-License-Identifier: GPL-2.0-only
#include "build/arch.h"

/* call rel32, from its end */
static size_t call(const uint8_t *code, size_t left, uint64_t at, uint64_t *to)
{
	if (left < 5 || code[0] != 0xe8)
		return 0;
	*to = at + 5 + (int32_t)(code[1] | code[2] << 8 | code[3] << 16 |
				 (uint32_t)code[4] << 24);
	return 5;
}

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.aliases = { "x86", "amd64" },
	.srcarch = "x86",
	.machine = "x86_64",
	.cross = "x86_64-linux-gnu-",
	.target = "bzImage",
	.image = "arch/x86/boot/bzImage",
	.debian = "amd64",
	.qemu = "qemu-system-x86_64",
	.qemu_machine = "microvm,pit=on,pic=on,rtc=on,isa-serial=on",
	.pvpanic = "pvpanic",
	.resumes = true,
	/*
	 * No random numbers but the kernel's own: they would be input. No fast
	 * byte strings: TCG runs one byte of them at a time, and clearing pages
	 * that way was two fifths of the blocks that a check executed.
	 */
	.cpu = "max,-rdrand,-rdseed,-erms",
	/* What QEMU makes of AMD's processors has no threads. */
	.cpu_threads = ",vendor=GenuineIntel",
	.console = "ttyS0",
	/*
	 * Without ACPI a triple fault is the one way out of a microvm. Whether the timer's
	 * interrupt comes is seen in a moment of real time, in which a busy host may not
	 * let the guest run: then it panics.
	 */
	.cmdline = "reboot=t cpu_init_udelay=0 no_timer_check ",
	.cmdline_max = 2047,
	/*
	 * The kernel spins for a fixed time to calibrate the APIC timer: the
	 * dearer an instruction, the fewer it takes.
	 */
	.icount = 3,
	.virtual_args = "",
	.virtual_cmdline = "lpj=1000000 tsc=reliable ",
	.call = call,
	.align = 1,
	.needs = {
		{ PROBE_PROGRAM, "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu",
		  "builds x86_64 kernels", WHERE_CROSS },
		{ PROBE_LIB, "libc.a", "libc6-dev-amd64-cross",
		  "static programs of x86_64 guests", WHERE_CROSS },
		{ PROBE_LIB, "libc.a", "libc6-dev", "static programs of x86_64 guests",
		  WHERE_NATIVE },
		{ PROBE_HEADER, "libelf.h", "libelf-dev", "objtool of the kernel", ANYWHERE },
		{ PROBE_PROGRAM, "lz4", "lz4", "compresses the kernel image", ANYWHERE },
		{ PROBE_PROGRAM, "qemu-system-x86_64", "qemu-system-x86",
		  "boots x86_64 guests", ANYWHERE },
	},
};
