/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KTAP_H
#define RESPAWN_KTAP_H

#include <stdbool.h>
#include <stddef.h>

#include "judge/console.h"

/* How much a console can make the parser remember. */
#define KTAP_DEPTH_MAX	16		/* nested documents */
#define KTAP_TESTS_MAX	100000		/* nodes of the tree, the root included */
#define KTAP_TEXT_MAX	256		/* bytes of a name or a reason */
#define KTAP_DIAG_MAX	(16 * 1024)	/* bytes of one test's diagnostics */
#define KTAP_DIAG_ALL	(16 * 1024 * 1024)	/* and of all tests' together */
#define KTAP_ABSENT_MAX	1000		/* missing cases of a document listed one by one */

enum ktap_status {
	KTAP_PASS,
	KTAP_FAIL,
	KTAP_SKIP,
	KTAP_MISSING,
};

/**
 * struct ktap_test - one test: a case, a suite, or the root of them all
 * @name: its name, "" for the root
 * @status: KTAP_MISSING for a case that was planned and never reported, and for
 *	a root nothing was ever reported to
 * @number: its number among its siblings of the same document, 0 if unknown
 * @has_result: its own "ok" or "not ok" line was seen
 * @has_plan: a plan of its children was seen
 * @plan: how many children it planned (for the root: all its documents)
 * @line: number of the console's line with its result; where there is none, of the
 *	line at which it began or was found to be missing
 * @start: guest seconds of the first line of it, negative if unknown
 * @end: guest seconds of the last line of it, negative if unknown
 * @reason: why it was skipped, or the first error in its structure, or NULL
 * @diag: diagnostics and other lines printed within it, each ended by a
 *	newline, or NULL
 * @parent: the test it is part of, NULL for the root
 * @children: first of its parts
 * @last_child: last of its parts
 * @next: the next part of its parent
 */
struct ktap_test {
	char *name;
	enum ktap_status status;
	unsigned int number;
	bool has_result;
	bool has_plan;
	unsigned int plan;
	size_t line;
	double start, end;
	char *reason;
	char *diag;
	struct ktap_test *parent, *children, *last_child, *next;
};

struct ktap_counts {
	unsigned int passed, failed, skipped;
};

struct ktap;

struct ktap *ktap_new(void);
bool ktap_says_failed(const char *line);
void ktap_line(struct ktap *k, const struct console_line *line);
void ktap_end(struct ktap *k);
const struct ktap_test *ktap_root(const struct ktap *k);
struct ktap_counts ktap_count(const struct ktap_test *t);
const struct ktap_test *ktap_find_suite(const struct ktap *k, const char *name, size_t from,
					size_t to);
void ktap_free(struct ktap *k);

#endif /* RESPAWN_KTAP_H */
