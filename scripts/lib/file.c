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
#include <sys/random.h>
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

/* The disk has it, and not only the memory. Some file systems know no fsync. */
static int sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -1;
	ret = fsync(fd);
	if (ret && errno == EINVAL)
		ret = 0;
	close(fd);
	return ret;
}

static int sync_parent(const char *path)
{
	__auto_free char *dir = copy(path);
	char *slash = strrchr(dir, '/');

	if (slash)
		slash[slash == dir] = '\0';
	return sync_path(slash ? dir : ".");
}

static void __noreturn cannot_write(const char *tmp, const char *path)
{
	int err = errno;

	remove_tree(tmp);
	die("cannot write %s: %s", path, strerror(err));
}

/* Processes of several containers, or machines, may have one number and one cache. */
static unsigned int token(void)
{
	static unsigned int t;

	if (!t && getrandom(&t, sizeof(t), 0) != sizeof(t))
		die("cannot get a random number: %s", strerror(errno));
	return t;
}

/**
 * publish_name - the name of a file or folder until it is whole
 * @path: what it is to be called then
 *
 * Tells whose it is, so that what a killed process left can be found. No other process
 * makes the same, whatever it shares with this one.
 *
 * Return: the name, in the same folder, to be freed
 */
char *publish_name(const char *path)
{
	return fmt("%s.%d-%08x.tmp", path, getpid(), token());
}

/**
 * publish_file - give a file that is whole its name
 * @tmp: what it is called, a name that publish_name() made
 * @path: what it is called from now on; a file of that name is replaced
 *
 * After a power cut there is the new file or the one before, and never part of one.
 * Dies if it can't.
 */
void publish_file(const char *tmp, const char *path)
{
	if (sync_path(tmp) || rename(tmp, path))
		cannot_write(tmp, path);
	if (sync_parent(path))
		die("cannot write %s: %s", path, strerror(errno));
}

static int sync_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_F || type == FTW_DP ? sync_path(path) : 0;
}

/**
 * publish_dir - give a folder that is whole its name
 * @tmp: what it is called, a name that publish_name() made
 * @path: what it is called from now on
 *
 * As publish_file(), but a folder that is there stays, and @tmp goes: what has a
 * name in the cache is made of the same. Dies if it can't.
 *
 * Return: whether it is ours that is there now
 */
bool publish_dir(const char *tmp, const char *path)
{
	if (nftw(tmp, sync_one, 64, FTW_DEPTH | FTW_PHYS))
		cannot_write(tmp, path);
	if (rename(tmp, path)) {
		if (!exists(path))
			cannot_write(tmp, path);
		remove_tree(tmp);
		return false;
	}
	if (sync_parent(path))
		die("cannot write %s: %s", path, strerror(errno));
	return true;
}

/**
 * write_file - put a file in place whole, or not at all
 * @path: the file
 * @text: what goes in
 * @len: its length in bytes
 *
 * Dies if it can't.
 */
void write_file(const char *path, const char *text, size_t len)
{
	__auto_free char *tmp = publish_name(path);
	FILE *f = fopen(tmp, "we");

	if (!f)
		die("cannot write %s: %s", path, strerror(errno));
	if (fwrite(text, 1, len, f) != len || fclose(f))
		cannot_write(tmp, path);
	publish_file(tmp, path);
}

/* The bytes are shared where the file system can do that. */
static int copy_bytes(int in, int out)
{
	char buf[1 << 16];
	ssize_t n;

	do {
		n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
	} while (n > 0);
	/* Not every file system can, or says that it can't; both go on where it stopped. */
	while ((n = read(in, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0, put; at < n; at += put) {
			put = write(out, buf + at, n - at);
			if (put < 0)
				return -1;
		}
	return n;
}

/**
 * copy_file - put a copy of a file in place whole, or not at all
 * @from: an existing file
 * @to: the copy
 *
 * Dies if it can't.
 */
void copy_file(const char *from, const char *to)
{
	__auto_free char *tmp = publish_name(to);
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = in < 0 ? -1 : open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (in < 0 || out < 0 || copy_bytes(in, out)) {
		int err = errno;

		if (out >= 0)
			unlink(tmp);
		die("cannot copy %s to %s: %s", from, to, strerror(err));
	}
	close(in);
	close(out);
	publish_file(tmp, to);
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

/**
 * absolute_path - where a path is, whatever folder this process will be in
 * @path: it; ~/ is the user's home; empty stays empty
 *
 * Return: the path from the root on, to be freed
 */
char *absolute_path(const char *path)
{
	__auto_free char *cwd = NULL;
	const char *home = getenv("HOME");

	if (!*path || *path == '/')
		return copy(path);
	if (path[0] == '~' && path[1] == '/' && home)
		return fmt("%s%s", home, path + 1);
	cwd = getcwd(NULL, 0);
	return fmt("%s/%s", cwd ? cwd : ".", path);
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
