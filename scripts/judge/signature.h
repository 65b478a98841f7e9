/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SIGNATURE_H
#define RESPAWN_SIGNATURE_H

#include <stddef.h>

#include "judge/lines.h"
#include "judge/trouble.h"

/* How many lines of a report are looked at, before and behind its first one */
#define REPORT_BEFORE	80
#define REPORT_AFTER	200
/* Of tasks that hang at once, as many are looked at, and so many lines about each */
#define STUCK_MAX	16
#define STUCK_LINES	40

char *signature_words(const char *text);
char *signature_place(const struct trouble_row *row, const struct lines *lines, size_t at);
char *signature_stuck(const struct lines *lines, const size_t *heads, size_t n, size_t to,
		      size_t most, size_t *which);
char *signature_hung(const struct trouble_row *row, const struct lines *lines, size_t at);

#endif /* RESPAWN_SIGNATURE_H */
