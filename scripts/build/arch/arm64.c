// SPDX-License-Identifier: GPL-2.0-only
#include "build/arch.h"

/* bl: 26 bits, of words */
static size_t call(const uint8_t *code, size_t left, uint64_t at, uint64_t *to)
{
	uint32_t word;

	if (left < sizeof(word))
		return 0;
	word = code[0] | code[1] << 8 | code[2] << 16 | (uint32_t)code[3] << 24;
	if (word >> 26 != 0x25)
		return 0;
	*to = at + (int64_t)((int32_t)(word << 6) >> 4);
	return sizeof(word);
}

const struct arch arch_arm64 = {
	.name = "arm64",
	.aliases = { "aarch64" },
	.srcarch = "arm64",
	.machine = "aarch64",
	.cross = "aarch64-linux-gnu-",
	.target = "Image",
	.image = "arch/arm64/boot/Image",
	.debian = "arm64",
	.qemu = "qemu-system-aarch64",
	.qemu_machine = "virt,gic-version=3,dtb-randomness=off",
	.memory = 0x40000000,
	.pvpanic = "pvpanic-pci",
	.resumes = true,
	.cpu = "cortex-a57",
	.console = "ttyAMA0",
	.cmdline = "",
	.cmdline_max = 2047,
	.icount = 1,
	.virtual_args = "",
	.virtual_cmdline = "",
	.call = call,
	.align = 4,
	.needs = {
		{ PROBE_PROGRAM, "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu",
		  "builds arm64 kernels", WHERE_CROSS },
		{ PROBE_LIB, "libc.a", "libc6-dev-arm64-cross",
		  "static programs of arm64 guests", WHERE_CROSS },
		{ PROBE_LIB, "libc.a", "libc6-dev", "static programs of arm64 guests",
		  WHERE_NATIVE },
		{ PROBE_PROGRAM, "qemu-system-aarch64", "qemu-system-arm",
		  "boots arm64 guests", ANYWHERE },
	},
};
