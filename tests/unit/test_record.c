// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/record/record.c: what a replay takes of a record, and how long the cache
 * keeps it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../kunit/torture/torture_log.h"
#include "../whole/scratch.h"
#include "child.h"
#include "cpio.h"
#include "cmd/cmd.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "record/record.h"

static char *program;

/* A file with its own name in it, last used a day ago, and its folder so, too */
static char *old_file(const char *name)
{
	struct timespec t[2] = { { .tv_sec = time(NULL) - 86400 } };
	char *path = fmt("%s/%s", host_cache(), name);
	__auto_free char *dir = copy(path);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(path, name, strlen(name));
	t[1] = t[0];
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, dir, t, 0), 0);
	return path;
}

/* A record of what lies in the cache, as far as a replay reads it */
static json_t *record_of(const char *kernel, const char *cpio)
{
	char one[HASH_LEN], two[HASH_LEN];
	json_t *o;

	cpio_with_plan(cpio, "a - - -\n");
	hash_file(kernel, one);
	hash_file(cpio, two);
	o = json_pack("{s:i, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}}", "format", 2, "image",
		      "source", "a tree", "tree", "01", "id", "23", "compiler", "cc", "image",
		      kernel, "image_sha256", one, "initramfs", cpio, "initramfs_sha256", two);
	assert_non_null(o);
	return o;
}

static int trim_all(const void *unused)
{
	(void)unused;
	cache_trim(0);
	return 0;
}

static void what_is_replayed_stays_in_the_cache(void **state)
{
	__auto_free char *kernel = old_file("kernel/a/image"), *cpio = old_file("initramfs/b.cpio");
	__auto_free char *gone = old_file("kernel/c/image");
	struct request r = { .plan = "", .suites = "" };
	struct record rec = { .dir = out, .json = record_of(kernel, cpio) };
	struct image image;

	(void)state;
	record_image(&rec, &r, &image);
	assert_string_equal(image.kernel.image, kernel);
	assert_int_equal(in_a_child(trim_all, NULL), 0);
	assert_true(exists(kernel));
	assert_true(exists(cpio));
	assert_false(exists(gone));
	json_decref(rec.json);
}

/* No room is made before it is known what a record needs. */
static void a_replay_makes_no_room(void **state)
{
	__auto_free char *kernel = old_file("kernel/a/image"), *said = NULL;
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .out = &said };

	(void)state;
	strv_add(&argv, "%s", program);
	strv_split(&argv, "replay CACHE_MAX=0 RUN=/nowhere", " ");
	strv_add(&argv, "O=%s", out);
	assert_int_equal(run(&argv, &o), EXIT_ERROR);
	assert_true(exists(kernel));
}

static int check_files(const void *rec)
{
	record_check_files(rec);
	return 0;
}

/* What the record does not know the sum of is taken as it is. */
static void a_damaged_file_is_refused(void **state)
{
	static const char *const files[] = { "console.log", "events.bin" };
	static const char *const keys[] = { "console_sha256", "events_sha256" };
	__auto_free char *errors = fmt("%s/errors", out);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		__auto_free char *path = fmt("%s/%s", out, files[i]), *said = NULL;
		struct record rec = { .dir = out, .json = json_object() };
		char hex[HASH_LEN];

		write_file(path, "whole", 5);
		hash_file(path, hex);
		json_object_set_new(rec.json, keys[i], json_string(hex));
		assert_int_equal(in_a_child(check_files, &rec), 0);
		write_file(path, "other", 5);
		assert_int_equal(child_says(check_files, &rec, errors), EXIT_ERROR);
		said = read_file(errors, NULL);
		assert_non_null(strstr(said, "is damaged"));
		unlink(path);
		assert_int_equal(in_a_child(check_files, &rec), EXIT_ERROR);
		json_object_clear(rec.json);
		assert_int_equal(in_a_child(check_files, &rec), 0);
		json_decref(rec.json);
	}
}

static json_t *request_of(const char *timing)
{
	struct request r = { .arch = arch_find("arm64") };
	json_t *o;

	for (size_t i = 0; i < request_field_count; i++) {
		const struct field *f = &request_fields[i];
		void *to = (char *)&r + f->offset;

		if (f->kind == FIELD_NUMBER)
			*(uint64_t *)to = strtoull(f->def, NULL, 10);
		else if (f->kind != FIELD_ARCH && f->kind != FIELD_SWITCH)
			*(const char **)to = f->def;
	}
	r.timing = timing;
	o = request_to_json(&r);
	assert_non_null(o);
	return o;
}

static int draw(const void *run)
{
	struct options o = { .run = run, .request.suites = "" };

	if (!freopen("/dev/null", "w", stdout))
		return 3;
	return cmd_picture(&o);
}

/* It can't be replayed, and what it did is there. */
static void a_run_in_real_time_is_drawn(void **state)
{
	struct torture_log log = {
		.magic = TORTURE_LOG_MAGIC, .entries = 1,
		.entry_size = sizeof(struct torture_event),
	};
	__auto_free char *kernel = old_file("kernel/a/image"), *cpio = old_file("initramfs/b.cpio");
	__auto_free char *events = fmt("%s/events.bin", out), *path = fmt("%s/run.json", out);
	size_t len = sizeof(log) + log.entry_size;
	__auto_free char *file = need(len, 1);
	json_t *o = record_of(kernel, cpio);

	(void)state;
	json_object_set_new(o, "request", request_of("real"));
	assert_int_equal(json_dump_file(o, path, 0), 0);
	memcpy(file, &log, sizeof(log));
	write_file(events, file, len);
	assert_int_equal(in_a_child(draw, out), EXIT_PASS);
	json_decref(o);
}

static int fresh_cache(void **state)
{
	__auto_free char *cache = NULL;
	int ret = fresh_out(state);

	cache = fmt("%s/respawn", getenv("XDG_CACHE_HOME"));
	remove_tree(cache);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_replayed_stays_in_the_cache, fresh_cache,
						remove_out),
		cmocka_unit_test_setup_teardown(a_replay_makes_no_room, fresh_cache, remove_out),
		cmocka_unit_test_setup_teardown(a_run_in_real_time_is_drawn, fresh_cache,
						remove_out),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_refused, fresh_out, remove_out),
	};
	char cache[] = "/tmp/respawn-cache.XXXXXX";
	int failed;

	program = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	if (!mkdtemp(cache))
		return 1;
	setenv("XDG_CACHE_HOME", cache, 1);
	failed = cmocka_run_group_tests_name("record", tests, NULL, NULL);
	remove_tree(cache);
	return failed;
}
