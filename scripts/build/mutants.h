/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_MUTANTS_H
#define RESPAWN_MUTANTS_H

#include <stddef.h>

/**
 * struct change - lines of a source and what comes in their place
 * @find: whole lines, which have to be there exactly once
 * @put: whole lines
 */
struct change {
	char *find;
	char *put;
};

/**
 * struct mutant - a small change that breaks a source
 * @name: what MUTANTS= calls it
 * @what: what is broken by it, for people
 * @file: the source, as a path from the top of the kernel
 * @in: the function that @changes are looked for in, empty for the whole file
 * @plan: steps that have to catch it, comma separated, empty for all
 * @arch: the one architecture it is for, empty for all
 * @equivalent: why nobody can see it, empty if it has to be caught
 * @changes: what it does to @file
 * @n: how many these are
 * @at: where its table has it
 */
struct mutant {
	char *name;
	char *what;
	char *file;
	char *in;
	char *plan;
	char *arch;
	char *equivalent;
	struct change *changes;
	size_t n;
	char *at;
};

/**
 * struct mutants - all mutants there are
 * @m: in the order of their tables
 * @n: how many
 */
struct mutants {
	struct mutant *m;
	size_t n;
};

void mutants_read(struct mutants *all, const char *dir);
char *mutant_apply(const struct mutant *m, const char *text, char **why);

#endif /* RESPAWN_MUTANTS_H */
