/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SMPBOOT_H
#define RESPAWN_SMPBOOT_H

#include <stddef.h>

#include "build/request.h"

/**
 * struct smpboot - what a guest does with the threads of a CPU that goes
 * @name: what SMPBOOT= calls it
 * @cmdline: words for the kernel's command line, with a space behind
 */
struct smpboot {
	const char *name;
	const char *cmdline;
};

const struct smpboot *smpboot_next(const struct smpboot *s, const struct request *r);
const struct smpboot *smpboot_of(const struct request *r);

#endif /* RESPAWN_SMPBOOT_H */
