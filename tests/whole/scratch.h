/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_SCRATCH_H
#define RESPAWN_TESTS_SCRATCH_H
/*
 * A folder that is there for one test, as its setup and teardown.
 */
#include <stdlib.h>
#include <sys/mount.h>

#include "lib/util.h"

static char *out;

static int fresh_out(void **state)
{
	(void)state;
	out = copy("/tmp/respawn-test.XXXXXX");
	return !mkdtemp(out);
}

static int remove_out(void **state)
{
	(void)state;
	/* A test may have mounted a file system there. */
	umount(out);
	remove_tree(out);
	free(out);
	return 0;
}

#endif /* RESPAWN_TESTS_SCRATCH_H */
