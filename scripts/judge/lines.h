/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_LINES_H
#define RESPAWN_LINES_H

#include <stddef.h>

/* How much of a console without end is kept */
#define LINES_HEAD_MAX	(16UL << 20)	/* bytes of its beginning */
#define LINES_TAIL_MAX	1024		/* lines of its end */
#define LINES_PINNED_MAX (4UL << 20)	/* bytes of what is asked for beyond */

struct lines;

struct lines *lines_new(void);
void lines_add(struct lines *l, size_t number, const char *text);
void lines_pin(struct lines *l, size_t from, size_t to);
const char *lines_at(const struct lines *l, size_t number);
void lines_free(struct lines *l);

#endif /* RESPAWN_LINES_H */
