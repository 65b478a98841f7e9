// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks between processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/die.h"
#include "lib/lock.h"

static void (*waiting)(const char *what);

/**
 * lock_hook - have it said that a lock is waited for
 * @fn: says so; its argument is what the other one is doing
 */
void lock_hook(void (*fn)(const char *what))
{
	waiting = fn;
}

/**
 * lock_try - take a lock that ends with the process, if nobody has it
 * @path: the lock's file, created if missing
 *
 * Return: a descriptor, or -1 if another one has it. Dies if that can't be told.
 */
int lock_try(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		die("cannot open lock %s: %s", path, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (errno != EWOULDBLOCK)
		die("cannot lock %s: %s", path, strerror(errno));
	close(fd);
	return -1;
}

/**
 * lock_file - take a lock that ends with the process, waiting if need be
 * @path: the lock's file, created if missing
 * @what: what another one is doing meanwhile, for the message
 *
 * Return: a descriptor; closing it gives the lock back. Dies if it can't.
 */
int lock_file(const char *path, const char *what)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		die("cannot open lock %s: %s", path, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (waiting)
		waiting(what);
	while (flock(fd, LOCK_EX)) {
		if (errno != EINTR)
			die("cannot lock %s: %s", path, strerror(errno));
	}
	return fd;
}
