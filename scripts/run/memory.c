// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a guest, in a file. Most of it was never written to, so only the
 * pages that have something in them are there. QEMU would look at each page, and
 * looking at a page of a shared file makes it one: that takes longer than all else
 * that a guest needs to go on.
 *
 * Stretches of memory come one after the other, each behind a struct stretch; one
 * without a length is the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/util.h"
#include "run/memory.h"

#define PAGE	((size_t)4096)
#define CHUNK	((size_t)1 << 20)

/**
 * struct stretch - some pages in a row
 * @at: where they are in the guest's memory, in bytes
 * @len: how many bytes
 */
struct stretch {
	uint64_t at;
	uint64_t len;
};

static void put(int to, const void *data, size_t len)
{
	while (len) {
		ssize_t n = write(to, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("cannot write the memory of a guest: %s", strerror(errno));
		data = (const char *)data + n;
		len -= n;
	}
}

static bool is_empty(const char *page)
{
	return !page[0] && !memcmp(page, page + 1, PAGE - 1);
}

/* Save what is between two holes of the file, which nobody has written to. */
static void save_data(const char *all, size_t from, size_t to, int out)
{
	while (from < to) {
		struct stretch s = { .at = from };

		while (from < to && is_empty(all + from))
			from += PAGE;
		s.at = from;
		while (from < to && !is_empty(all + from))
			from += PAGE;
		s.len = from - s.at;
		if (!s.len)
			continue;
		put(out, &s, sizeof(s));
		put(out, all + s.at, s.len);
	}
}

/**
 * memory_save - write the memory of a guest that stands still
 * @memory: file that is its memory
 * @size: bytes of it
 * @to: where it goes
 *
 * Dies if the disk is full.
 */
void memory_save(int memory, size_t size, int to)
{
	char *all = mmap(NULL, size, PROT_READ, MAP_SHARED, memory, 0);
	const struct stretch end = { 0 };
	off_t from = 0, until;

	if (all == MAP_FAILED)
		die("cannot look at the memory of a guest: %s", strerror(errno));
	while ((from = lseek(memory, from, SEEK_DATA)) >= 0) {
		until = lseek(memory, from, SEEK_HOLE);
		save_data(all, from, until, to);
		from = until;
	}
	put(to, &end, sizeof(end));
	munmap(all, size);
}

static void get(int from, void *data, size_t len)
{
	while (len) {
		ssize_t n = read(from, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("the memory of a guest ends early: the snapshot is damaged, remove it");
		data = (char *)data + n;
		len -= n;
	}
}

/**
 * memory_load - give a guest its memory back
 * @memory: file that is its memory, with nothing in it
 * @size: bytes of it
 * @from: where memory_save() has written to
 *
 * Dies if that is damaged.
 */
void memory_load(int memory, size_t size, int from)
{
	char *buf = malloc(CHUNK);
	struct stretch s;

	if (!buf)
		die("out of memory");
	for (get(from, &s, sizeof(s)); s.len; get(from, &s, sizeof(s))) {
		if (s.at > size || s.len > size - s.at)
			die("the memory of a guest is larger than it: the snapshot is damaged, remove it");
		while (s.len) {
			size_t len = s.len < CHUNK ? s.len : CHUNK;

			get(from, buf, len);
			if (pwrite(memory, buf, len, s.at) != (ssize_t)len)
				die("cannot have memory for a guest: %s", strerror(errno));
			s.at += len;
			s.len -= len;
		}
	}
	free(buf);
}
