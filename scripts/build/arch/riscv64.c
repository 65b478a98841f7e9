// SPDX-License-Identifier: GPL-2.0-only
#include "build/arch.h"

static uint32_t word(const uint8_t *code)
{
	return code[0] | code[1] << 8 | code[2] << 16 | (uint32_t)code[3] << 24;
}

/* jal ra, or auipc ra and jalr ra, ra */
static size_t call(const uint8_t *code, size_t left, uint64_t at, uint64_t *to)
{
	uint32_t one = left < 4 ? 0 : word(code), two = left < 8 ? 0 : word(code + 4);

	if ((one & 0xfff) == 0x0ef) {
		*to = at + (int32_t)(((int32_t)one >> 31 & ~0xfffff) | (one & 0xff000) |
				     (one >> 9 & 0x800) | (one >> 20 & 0x7fe));
		return 4;
	}
	if ((one & 0xfff) == 0x097 && (two & 0xfffff) == 0x080e7) {
		*to = at + (int32_t)(one & ~0xfff) + ((int32_t)two >> 20);
		return 8;
	}
	return 0;
}

const struct arch arch_riscv64 = {
	.name = "riscv64",
	.aliases = { "riscv" },
	.srcarch = "riscv",
	.machine = "riscv64",
	.cross = "riscv64-linux-gnu-",
	.target = "Image",
	.image = "arch/riscv/boot/Image",
	.debian = "riscv64",
	.suite = "trixie",
	.qemu = "qemu-system-riscv64",
	.qemu_machine = "virt,aia=aplic-imsic",
	.memory = 0x80000000,
	.pvpanic = "pvpanic-pci",
	.cpu = "rv64",
	.console = "hvc0",
	.cmdline = "",
	.cmdline_max = 1023,
	.icount = 1,
	/* The machine gives its guest random numbers, and can't be told not to. */
	.virtual_args = "-seed 1",
	.virtual_cmdline = "",
	.call = call,
	.align = 2,
	.by_name = true,
	.needs = {
		{ PROBE_PROGRAM, "riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu",
		  "builds riscv64 kernels", WHERE_CROSS },
		{ PROBE_LIB, "libc.a", "libc6-dev-riscv64-cross",
		  "static programs of riscv64 guests", WHERE_CROSS },
		{ PROBE_LIB, "libc.a", "libc6-dev", "static programs of riscv64 guests",
		  WHERE_NATIVE },
		{ PROBE_PROGRAM, "qemu-system-riscv64", "qemu-system-misc opensbi",
		  "boots riscv64 guests", ANYWHERE },
	},
};
