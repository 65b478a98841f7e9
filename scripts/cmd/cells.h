/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CELLS_H
#define RESPAWN_CELLS_H

#include <stddef.h>

/**
 * struct cell - a line of configs/matrix
 * @name: as "arm64/kasan"
 * @words: variables that 'check' is called with
 * @arch: what ARCH= says there
 * @pin: what PIN= says there; NULL if it does not
 */
struct cell {
	char *name;
	char *words;
	char *arch;
	char *pin;
};

/**
 * struct cells - all of them
 * @v: in the order of the file
 * @n: how many
 */
struct cells {
	struct cell *v;
	size_t n;
};

void cells_read(struct cells *all, const char *file);
char *cells_last(const char *matrix);
char *cell_folder(const char *out, const struct cell *c);

#endif /* RESPAWN_CELLS_H */
