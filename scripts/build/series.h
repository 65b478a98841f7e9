/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SERIES_H
#define RESPAWN_SERIES_H

#include <stddef.h>

/* What git calls the letter that goes before the patches */
#define SERIES_COVER	"0000-cover-letter.patch"

size_t series_replace(const char *dir, const char *from);

#endif /* RESPAWN_SERIES_H */
