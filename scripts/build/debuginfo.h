/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_DEBUGINFO_H
#define RESPAWN_DEBUGINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "build/symbols.h"

struct Dwarf;

/**
 * struct debuginfo - what a kernel that was built says of its addresses
 * @all: its functions
 * @n: how many
 * @lines: the lines that they are from, NULL if it does not have them
 * @fd: its file
 */
struct debuginfo {
	struct symbol *all;
	size_t n;
	struct Dwarf *lines;
	int fd;
};

/**
 * struct debuginfo_span - code, in one piece
 * @from: its first address
 * @to: the first one behind it
 */
struct debuginfo_span {
	uint64_t from;
	uint64_t to;
};

bool debuginfo_open(struct debuginfo *d, const char *vmlinux);
void debuginfo_close(struct debuginfo *d);
char *debuginfo_function(const struct debuginfo *d, uint64_t at);
char *debuginfo_line(const struct debuginfo *d, uint64_t at);
size_t debuginfo_inlined(const struct debuginfo *d, const char *file, const char *name,
			 struct debuginfo_span **spans);
char *debuginfo_in_text(const struct debuginfo *d, const char *text);

#endif /* RESPAWN_DEBUGINFO_H */
