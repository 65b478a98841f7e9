// SPDX-License-Identifier: GPL-2.0-only
/*
 * The architectures: a row here, and a file in arch/ with all that is known of
 * each. The program that installs packages has these, too, so nothing is used here
 * but the C library.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/utsname.h>

#include "build/arch.h"

extern const struct arch arch_x86_64, arch_arm64, arch_riscv64, arch_s390x;

static const struct arch *const arches[] = {
	&arch_x86_64,
	&arch_arm64,
	&arch_riscv64,
	&arch_s390x,
	NULL
};

/**
 * arch_next - walk the architectures
 * @a: the one before, or NULL
 *
 * Return: the next one, or NULL at the end
 */
const struct arch *arch_next(const struct arch *a)
{
	size_t i = 0;

	while (a && arches[i] != a)
		i++;
	return arches[a ? i + 1 : 0];
}

/**
 * arch_next_usual - walk the architectures that are meant if none is named
 * @a: the one before, or NULL
 *
 * Return: the next one, or NULL at the end
 */
const struct arch *arch_next_usual(const struct arch *a)
{
	do
		a = arch_next(a);
	while (a && a->by_name);
	return a;
}

/**
 * arch_find - the row of an architecture
 * @name: its name or an alias
 *
 * Return: the row, or NULL if there is none.
 */
const struct arch *arch_find(const char *name)
{
	const struct arch *a = NULL;

	while ((a = arch_next(a))) {
		if (!strcmp(a->name, name))
			return a;
		for (size_t i = 0; a->aliases[i]; i++)
			if (!strcmp(a->aliases[i], name))
				return a;
	}
	return NULL;
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
