// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is remembered from run to run: a JSON value under a key, which is a hash of
 * all that the value depends on. A file per value, there whole or not at all.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/memo.h"
#include "lib/util.h"

static char *memo_path(const char *dir, const char *key)
{
	return fmt("%s/%.32s.json", dir, key);
}

/**
 * memo_read - remember
 * @dir: folder of values of one kind
 * @key: hex digits of the hash
 *
 * Return: the value, for json_decref(), or NULL if there is none, or a damaged one
 */
json_t *memo_read(const char *dir, const char *key)
{
	__auto_free char *path = memo_path(dir, key);

	/* Where room is made, what nobody asked for goes first. */
	utimensat(AT_FDCWD, path, NULL, 0);
	return json_load_file(path, JSON_DECODE_ANY, NULL);
}

/**
 * memo_write - have something remembered
 * @dir: folder of values of one kind, made if missing
 * @key: hex digits of the hash
 * @value: the value; used up
 *
 * Dies if the disk is full or the like.
 */
void memo_write(const char *dir, const char *key, json_t *value)
{
	__auto_free char *path = memo_path(dir, key);
	__auto_free char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	if (!text)
		die("out of memory");
	json_decref(value);
	make_dirs(dir);
	write_file(path, text, strlen(text));
}
