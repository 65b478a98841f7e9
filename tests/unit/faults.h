/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_FAULTS_H
#define RESPAWN_TESTS_FAULTS_H
/*
 * What is written to the disk, and in which order: these stand in for the C library's
 * functions in the program that includes them. A power cut is an exit right before
 * or after a rename.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/util.h"

static struct strv written;
/* The rename before which the power goes, counted from 1; 0 for none */
static int cut_at;
#define STATUS_CUT	99

int fsync(int fd)
{
	__auto_free char *link = fmt("/proc/self/fd/%d", fd);
	char path[4096];
	ssize_t n = readlink(link, path, sizeof(path) - 1);

	strv_add(&written, "sync %.*s", (int)(n > 0 ? n : 0), path);
	return syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
	if (cut_at && !--cut_at)
		_exit(STATUS_CUT);
	strv_add(&written, "rename %s %s", from, to);
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* Where in the order something was done, or -1 */
static int when(const char *format, const char *a, const char *b)
{
	__auto_free char *what = fmt("%s %s%s%s", format, a, b ? " " : "", b ? b : "");

	for (size_t i = 0; i < written.n; i++)
		if (!strcmp(written.v[i], what))
			return i;
	return -1;
}

static inline void assert_published(const char *tmp, const char *path, const char *dir)
{
	int content = when("sync", tmp, NULL), name = when("rename", tmp, path);
	int folder = when("sync", dir, NULL);

	if (content >= 0 && content < name && name < folder)
		return;
	for (size_t i = 0; i < written.n; i++)
		print_error("%s\n", written.v[i]);
	fail_msg("%s was not written, renamed and its folder written, in this order", path);
}

static inline int forget_written(void **state)
{
	(void)state;
	strv_free(&written);
	cut_at = 0;
	return 0;
}

#endif /* RESPAWN_TESTS_FAULTS_H */
