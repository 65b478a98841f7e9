// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library qemu/main_loop.c, which keeps QEMU's main loop out of the way of the
 * guest CPUs. It is part of the program, so that there is no file to be found.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/die.h"
#include "lib/str.h"
#include "run/main_loop.h"

__asm__(".section .rodata\n"
	"library:\n"
	".incbin \"" MAIN_LOOP_LIBRARY "\"\n"
	"library_end:\n"
	".previous\n");

extern const char library[], library_end[];

/**
 * main_loop_hash - add the library to a hash
 * @h: the hash of something that depends on what guests do
 */
void main_loop_hash(struct hash *h)
{
	hash_add(h, library, library_end - library);
}

/**
 * main_loop_open - get the library as a file
 *
 * Called by the pool, for guests whose time is virtual.
 *
 * Return: a descriptor that is closed by exec. Dies if there is no memory.
 */
int main_loop_open(void)
{
	const size_t size = library_end - library;
	int fd = memfd_create("respawn-main-loop", MFD_CLOEXEC);

	if (fd < 0 || write(fd, library, size) != (ssize_t)size)
		die("cannot have memory for a library of %zu bytes: %s", size, strerror(errno));
	return fd;
}

/**
 * main_loop_preload - have the program that is executed next load the library
 * @fd: where the library is, in a descriptor that is not closed by exec
 *
 * What the user has loaded into each program stays. Called in the child that
 * becomes QEMU.
 */
void main_loop_preload(int fd)
{
	const char *others = getenv("LD_PRELOAD");
	__auto_free char *all = fmt("/proc/self/fd/%d%s%s", fd, others ? ":" : "", others ?: "");

	setenv("LD_PRELOAD", all, 1);
}
