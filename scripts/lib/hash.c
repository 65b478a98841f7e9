// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hashes: the names of what lies in the cache.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>

#include "lib/die.h"
#include "lib/hash.h"

struct hash {
	struct sha256_ctx ctx;
};

struct hash *hash_new(void)
{
	struct hash *h = malloc(sizeof(*h));

	if (!h)
		die("out of memory");
	sha256_init(&h->ctx);
	return h;
}

void hash_add(struct hash *h, const void *data, size_t len)
{
	sha256_update(&h->ctx, len, data);
}

/* The NUL goes in too, so that two strings do not hash as their sum. */
void hash_str(struct hash *h, const char *s)
{
	hash_add(h, s, strlen(s) + 1);
}

/**
 * hash_end - the digest, as hex digits
 * @h: is freed
 * @hex: gets the digits
 */
void hash_end(struct hash *h, char hex[HASH_LEN])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(&h->ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	free(h);
}

/**
 * hash_file - SHA-256 of a file's content
 * @path: the file; dies if it can't be read
 * @hex: gets the digits
 */
void hash_file(const char *path, char hex[HASH_LEN])
{
	FILE *f = fopen(path, "re");
	struct hash *h = hash_new();
	char buf[1 << 16];
	size_t n;

	if (!f)
		die("cannot read %s: %s", path, strerror(errno));
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		hash_add(h, buf, n);
	if (ferror(f))
		die("cannot read %s: %s", path, strerror(errno));
	fclose(f);
	hash_end(h, hex);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/**
 * hash_folder - add all that a folder has, names and contents
 * @h: the hash
 * @path: the folder, or a file
 *
 * Links are followed: it is what they lead to that is used. Dies if one of them can't be
 * read; a link that leads nowhere is left out.
 */
void hash_folder(struct hash *h, const char *path)
{
	char *roots[] = { (char *)path, NULL };
	FTS *fts = fts_open(roots, FTS_NOCHDIR | FTS_LOGICAL, by_name);
	FTSENT *e;

	while (fts && (e = fts_read(fts))) {
		char hex[HASH_LEN];

		if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS)
			die("cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
		if (e->fts_info != FTS_F)
			continue;
		hash_file(e->fts_accpath, hex);
		hash_str(h, e->fts_path + strlen(path));
		hash_str(h, hex);
	}
	if (!fts || fts_close(fts))
		die("cannot read %s: %s", path, strerror(errno));
}
