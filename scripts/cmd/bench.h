/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BENCH_H
#define RESPAWN_BENCH_H

#include <jansson.h>

#include "build/image.h"
#include "cmd/cmd.h"

int bench_each(const struct options *o, const char *name,
	       void (*ask)(struct request *r),
	       int (*measure)(const struct options *o, const struct image *image,
			      json_t *results));

#endif /* RESPAWN_BENCH_H */
