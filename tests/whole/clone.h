/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_CLONE_H
#define RESPAWN_TESTS_CLONE_H
/*
 * A copy of respawn that a test may write to, and the shell in it.
 */
#include <stdlib.h>

#include "lib/util.h"

static char *clone_dir;

static int sh(const char *command, char **said)
{
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .dir = clone_dir, .out = said };

	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, "%s", command);
	unsetenv("MAKEFLAGS");
	unsetenv("MAKELEVEL");
	unsetenv("O");
	return run(&argv, &o);
}

static int remove_clone(void **state)
{
	(void)state;
	remove_tree(clone_dir);
	free(clone_dir);
	return 0;
}

#endif /* RESPAWN_TESTS_CLONE_H */
