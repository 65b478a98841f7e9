// SPDX-License-Identifier: GPL-2.0-only
#include "build/arch.h"

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
	.icount = 1,
	/* The machine gives its guest random numbers, and can't be told not to. */
	.virtual_args = "-seed 1",
	.virtual_cmdline = "",
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
