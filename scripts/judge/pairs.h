/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PAIRS_H
#define RESPAWN_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../kunit/steer/steer_names.h"

#define PAIRS_WORDS	(FOCUS_PAIRS / 64)

/**
 * struct pairs - which blocks of the focus came after which ones of another task
 * @words: a bit for each pair, or for some that share it
 */
struct pairs {
	uint64_t words[PAIRS_WORDS];
};

bool pairs_of_console(const char *console, struct pairs *p);
char *pairs_text(const struct pairs *p);
bool pairs_of_text(const char *text, struct pairs *p);
size_t pairs_add(struct pairs *all, const struct pairs *more);

#endif /* RESPAWN_PAIRS_H */
