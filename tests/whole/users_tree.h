/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_USERS_TREE_H
#define RESPAWN_TESTS_USERS_TREE_H
/*
 * A user's git tree, which is only read: all files of it, and so its index, HEAD, refs,
 * stash, work trees, configuration and objects.
 */
#include <stdlib.h>
#include <utime.h>

#include "lib/util.h"

/* A name and a hash of each file but those in a folder of .git; to be freed */
static char *users_tree(const char *dir, const char *except)
{
	__auto_strv struct strv argv = { 0 };
	char *said = NULL;
	struct run_opts o = { .dir = dir, .out = &said };

	strv_split(&argv, "sh -ec", " ");
	strv_add(&argv, "find . -path ./.git/%s -prune -o -type f -print0 | sort -z | xargs -0 sha256sum",
		 except);
	if (run(&argv, &o) || !strstr(said, "./.git/index"))
		fail_msg("%s", said);
	return said;
}

/* From now on git writes its index if it is asked for changes, unless it is told not to. */
static void make_index_old(const char *dir)
{
	__auto_free char *path = fmt("%s/kernel/kthread.c", dir);
	struct utimbuf times = { .actime = 1, .modtime = 1 };

	assert_int_equal(utime(path, &times), 0);
}

#endif /* RESPAWN_TESTS_USERS_TREE_H */
