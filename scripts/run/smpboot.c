// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways in which a guest's kernel deals with the threads of a CPU that goes
 * offline, one row each. Every architecture is checked in all of them.
 */
#define _GNU_SOURCE
#include <string.h>

#include "lib/util.h"
#include "run/smpboot.h"

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
 * smpboot_next - walk the modes that a request leaves
 * @s: the one before, or NULL
 * @r: the request
 *
 * A kernel without the series can only park.
 *
 * Return: the next one, or NULL at the end
 */
const struct smpboot *smpboot_next(const struct smpboot *s, const struct request *r)
{
	static const struct smpboot parks = { .name = "park", .cmdline = "" };

	if (!request_has_series(r))
		return s ? NULL : &parks;
	for (s = s ? s + 1 : modes; s < modes + ARRAY_SIZE(modes); s++)
		if (!*r->smpboot || !strcmp(r->smpboot, s->name))
			return s;
	return NULL;
}

/**
 * smpboot_of - the mode of one run
 * @r: its request; the first mode if it leaves several
 *
 * Return: the mode
 */
const struct smpboot *smpboot_of(const struct request *r)
{
	return smpboot_next(NULL, r);
}
