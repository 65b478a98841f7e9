// SPDX-License-Identifier: GPL-2.0-only
/*
 * The architectures, one row each.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/utsname.h>

#include "build/arch.h"
#include "lib/util.h"

const struct arch arches[] = {
	{
		.name = "x86_64",
		.aliases = "x86 amd64",
		.srcarch = "x86",
		.machine = "x86_64",
		.cross = "x86_64-linux-gnu-",
		.target = "bzImage",
		.image = "arch/x86/boot/bzImage",
		.debian = "amd64",
		.qemu = "qemu-system-x86_64",
		.qemu_machine = "microvm,pit=on,pic=on,rtc=on,isa-serial=on",
		.pvpanic = "pvpanic",
		/* No random numbers but the kernel's own: they would be input. */
		.cpu = "max,-rdrand,-rdseed",
		.console = "ttyS0",
		/* Without ACPI a triple fault is the one way out of a microvm. */
		.cmdline = "reboot=t cpu_init_udelay=0 ",
		/*
		 * The kernel spins for a fixed time to calibrate the APIC timer:
		 * the dearer an instruction, the fewer it takes.
		 */
		.icount = 3,
		.virtual_cmdline = "lpj=1000000 tsc=reliable ",
	}, {
		.name = "arm64",
		.aliases = "aarch64",
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
		.cpu = "cortex-a57",
		.console = "ttyAMA0",
		.cmdline = "",
		.icount = 1,
		.virtual_cmdline = "",
	},
};

const size_t arch_count = ARRAY_SIZE(arches);

/**
 * arch_find - the row of an architecture
 * @name: its name or an alias
 *
 * Return: the row, or NULL if there is none.
 */
const struct arch *arch_find(const char *name)
{
	for (size_t i = 0; i < arch_count; i++) {
		__auto_strv struct strv names = { 0 };

		strv_add(&names, "%s", arches[i].name);
		strv_split(&names, arches[i].aliases, " ");
		for (size_t j = 0; j < names.n; j++)
			if (!strcmp(names.v[j], name))
				return &arches[i];
	}
	return NULL;
}

/**
 * arch_names - all there are, for a message
 *
 * Return: names with spaces between them, to be freed
 */
char *arch_names(void)
{
	char *s = copy(arches[0].name);

	for (size_t i = 1; i < arch_count; i++) {
		char *more = fmt("%s %s", s, arches[i].name);

		free_ptr(&s);
		s = more;
	}
	return s;
}

/**
 * arch_is_host - does the host run this architecture's programs?
 * @a: the architecture
 *
 * Return: whether the native compiler builds for it, and KVM might run it
 */
bool arch_is_host(const struct arch *a)
{
	struct utsname u;

	return !uname(&u) && !strcmp(u.machine, a->machine);
}
