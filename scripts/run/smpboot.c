// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways in which a guest's kernel deals with the threads of a CPU that goes
 * offline, one row each. Every architecture is checked in all of them.
 */
#define _GNU_SOURCE
#include <string.h>

#include "options.h"
#include "run/smpboot.h"
#include "lib/util.h"

static const struct smpboot modes[] = {
	{
		.name = "respawn",
		/* RCU in threads of its own: one more kind that respawns. */
		.cmdline = "smpboot.respawn=1 rcutree.use_softirq=0 ",
	}, {
		.name = "park",
		.cmdline = "smpboot.respawn=0 ",
	},
};

/**
 * smpboot_next - walk the modes that SMPBOOT= leaves
 * @s: the one before, or NULL
 *
 * A kernel without the series can only park.
 *
 * Return: the next one, or NULL at the end
 */
const struct smpboot *smpboot_next(const struct smpboot *s)
{
	static const struct smpboot parks = { .name = "park", .cmdline = "" };

	if (!options_series())
		return s ? NULL : &parks;
	for (s = s ? s + 1 : modes; s < modes + ARRAY_SIZE(modes); s++)
		if (!*opt.smpboot || !strcmp(opt.smpboot, s->name))
			return s;
	return NULL;
}
