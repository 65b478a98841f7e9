/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_PROGRAM_H
#define RESPAWN_TESTS_PROGRAM_H
/*
 * The program under test, called with words as a user would give them. Its
 * records and other products go to scratch.h's folder.
 */
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "lib/util.h"

static char *respawn;

static void program_words(struct strv *argv, const char *words)
{
	unsetenv("MAKEFLAGS");
	strv_add(argv, "%s", respawn);
	strv_split(argv, words, " ");
	strv_add(argv, "O=%s", out);
}

/* Run it; its exit status and what it said */
static inline int call(const char *words, char **said)
{
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .out = said };

	program_words(&argv, words);
	return run(&argv, &o);
}

static inline void expect(const char *words, int status, const char *text)
{
	__auto_free char *said = NULL;
	int got = call(words, &said);

	if (got != status || !strstr(said, text))
		fail_msg("%s: status %d, expected %d and '%s':\n%s", words, got, status,
			 text, said);
}

#endif /* RESPAWN_TESTS_PROGRAM_H */
