// SPDX-License-Identifier: GPL-2.0-only
#include "build/arch.h"

const struct arch arch_s390x = {
	.name = "s390x",
	.aliases = { "s390" },
	.srcarch = "s390",
	.machine = "s390x",
	.cross = "s390x-linux-gnu-",
	.target = "bzImage",
	.image = "arch/s390/boot/bzImage",
	.debian = "s390x",
	.qemu = "qemu-system-s390x",
	.qemu_machine = "s390-ccw-virtio",
	.cpu = "max",
	.console = "ttysclp0",
	.cmdline = "",
	.cmdline_max = 4095,
	.virtual_args = "",
	.virtual_cmdline = "",
	.align = 2,
	.by_name = true,
	.needs = {
		{ PROBE_PROGRAM, "s390x-linux-gnu-gcc", "gcc-s390x-linux-gnu",
		  "builds s390x kernels", WHERE_CROSS },
		{ PROBE_LIB, "libc.a", "libc6-dev-s390x-cross",
		  "static programs of s390x guests", WHERE_CROSS },
		{ PROBE_LIB, "libc.a", "libc6-dev", "static programs of s390x guests",
		  WHERE_NATIVE },
		{ PROBE_PROGRAM, "qemu-system-s390x", "qemu-system-misc",
		  "boots s390x guests", ANYWHERE },
	},
};
