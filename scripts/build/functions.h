/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_FUNCTIONS_H
#define RESPAWN_FUNCTIONS_H

#include <stddef.h>

#include "lib/util.h"

/* Lines of a file, from the first to the last one, counted from 1 */
struct span {
	size_t first;
	size_t last;
};

/**
 * struct changed - what of a file differs
 * @file: its path
 * @spans: lines of it as it is now; what was taken out counts for the line before
 * @n: how many
 */
struct changed {
	char *file;
	struct span *spans;
	size_t n;
};

size_t functions_changed(const char *diff, struct changed **all);
void functions_in(const char *text, const struct span *spans, size_t n, struct strv *names);
void functions_free(struct changed *all, size_t n);

#endif /* RESPAWN_FUNCTIONS_H */
