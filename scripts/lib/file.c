// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole files and folders: read, written, removed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/die.h"
#include "lib/file.h"
#include "lib/str.h"

/**
 * read_file - a whole file as a string
 * @path: the file
 * @len: gets its length, may be NULL
 *
 * Return: its text, ended with a NUL, to be freed; NULL with errno set if it
 * can't be read.
 */
char *read_file(const char *path, size_t *len)
{
	size_t n = 0, got, room = 1 << 14;
	FILE *f = fopen(path, "re");
	char *s;

	if (!f)
		return NULL;
	s = malloc(room);
	while (s && (got = fread(s + n, 1, room - n - 1, f)) > 0) {
		n += got;
		if (n + 1 == room)
			s = realloc(s, room *= 2);
	}
	if (!s)
		die("out of memory");
	if (ferror(f)) {
		free(s);
		s = NULL;
	} else {
		s[n] = '\0';
		if (len)
			*len = n;
	}
	fclose(f);
	return s;
}

/**
 * write_file - put a file in place whole, or not at all
 * @path: the file
 * @text: what goes in
 * @len: its length in bytes
 *
 * Goes through a temporary name in the same directory. Dies if it can't.
 */
void write_file(const char *path, const char *text, size_t len)
{
	__auto_free char *tmp = fmt("%s.%d.tmp", path, getpid());
	FILE *f = fopen(tmp, "we");

	if (!f)
		die("cannot write %s: %s", path, strerror(errno));
	if (fwrite(text, 1, len, f) != len || fflush(f) || fsync(fileno(f))) {
		int err = errno;

		unlink(tmp);
		die("cannot write %s: %s", path, strerror(err));
	}
	fclose(f);
	if (rename(tmp, path)) {
		int err = errno;

		unlink(tmp);
		die("cannot write %s: %s", path, strerror(err));
	}
}

/**
 * copy_file - copy a file, with the bytes shared where the file system can
 * @from: an existing file
 * @to: the copy
 *
 * Dies if it can't.
 */
void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = 1;

	while (in >= 0 && out >= 0 && n > 0)
		n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
	if (in < 0 || out < 0 || n < 0)
		die("cannot copy %s to %s: %s", from, to, strerror(errno));
	close(in);
	close(out);
}

/**
 * make_dirs - create a directory and what is missing above it
 * @path: the directory
 *
 * Dies if it can't.
 */
void make_dirs(const char *path)
{
	__auto_free char *p = copy(path);

	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(p, 0777);
		*slash = '/';
	}
	if (mkdir(p, 0777) && errno != EEXIST)
		die("cannot create directory %s: %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

/**
 * remove_tree - remove a file or a directory with all that is in it
 * @path: need not exist
 */
void remove_tree(const char *path)
{
	nftw(path, remove_one, 64, FTW_DEPTH | FTW_PHYS);
}

bool exists(const char *path)
{
	return !access(path, F_OK);
}
