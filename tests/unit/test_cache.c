// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/lib/cache.c: what goes when room is made, and what stays because a
 * process uses it, or makes it.
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/util.h"

#define HOUR	3600
#define KB	1024

static char *in_cache(const char *name)
{
	return fmt("%s/%s", host_cache(), name);
}

static void set_age(const char *path, int hours)
{
	struct timespec t = { .tv_sec = time(NULL) - hours * HOUR };

	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){ t, t }, 0), 0);
}

/* A folder with a file of as many KB, last used so long ago */
static void make_entry(const char *name, size_t kb, int hours)
{
	__auto_free char *dir = in_cache(name), *file = fmt("%s/file", dir);
	__auto_free char *text = calloc(kb, KB);

	make_dirs(dir);
	write_file(file, text, kb * KB);
	set_age(dir, hours);
}

static void make_file(const char *name, int hours)
{
	__auto_free char *path = in_cache(name), *dir = copy(path);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(path, "x", 1);
	set_age(path, hours);
}

static void assert_is(const char *name, bool there)
{
	__auto_free char *path = in_cache(name);

	if (exists(path) != there)
		fail_msg("%s is %s", name, there ? "gone" : "still there");
}

/* A process that uses an entry until it is told to end */
struct user {
	pid_t pid;
	int end;
};

static void begin_use(struct user *u, int (*use)(const char *path), const char *name)
{
	__auto_free char *path = in_cache(name);
	int ready[2], end[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	u->pid = fork();
	if (!u->pid) {
		close(end[1]);
		if (!use(path))
			_exit(1);
		close(ready[1]);
		_exit(read(end[0], &c, 1) != 0);
	}
	close(ready[1]);
	close(end[0]);
	/* It has it when it closes its end. */
	assert_int_equal(read(ready[0], &c, 1), 0);
	close(ready[0]);
	u->end = end[1];
}

static void end_use(struct user *u)
{
	int status;

	close(u->end);
	assert_int_equal(waitpid(u->pid, &status, 0), u->pid);
	assert_int_equal(status, 0);
}

static int use_entry(const char *path)
{
	return cache_use(path);
}

static int lock_tree(const char *path)
{
	return lock_file(path, "testing") >= 0;
}

static int empty_cache(void **state)
{
	(void)state;
	remove_tree(host_cache());
	return 0;
}

static void what_was_used_last_stays(void **state)
{
	(void)state;
	make_entry("kernel/oldest", 100, 3);
	make_entry("snapshot/older", 100, 2);
	make_entry("kernel/newest", 100, 1);
	cache_trim(1 << 30);
	assert_is("kernel/oldest", true);
	/* Their folders take some, too. */
	cache_trim(250 * KB);
	assert_is("kernel/oldest", false);
	assert_is("snapshot/older", true);
	assert_is("kernel/newest", true);
	cache_trim(150 * KB);
	assert_is("snapshot/older", false);
	assert_is("kernel/newest", true);
}

static void a_use_is_marked(void **state)
{
	struct user u;

	(void)state;
	make_entry("kernel/used", 100, 3);
	make_entry("kernel/unused", 100, 2);
	begin_use(&u, use_entry, "kernel/used");
	end_use(&u);
	cache_trim(150 * KB);
	assert_is("kernel/used", true);
	assert_is("kernel/unused", false);
}

static void what_is_in_use_stays(void **state)
{
	struct user u;

	(void)state;
	make_entry("kernel/used", 100, 3);
	make_entry("kernel/unused", 100, 1);
	make_file("initramfs/used.cpio", 2);
	begin_use(&u, use_entry, "kernel/used");
	/* Used by ourselves */
	{
		__auto_free char *path = in_cache("initramfs/used.cpio");

		assert_true(cache_use(path));
	}
	cache_trim(0);
	assert_is("kernel/used", true);
	assert_is("initramfs/used.cpio", true);
	assert_is("kernel/unused", false);
	end_use(&u);
	cache_trim(0);
	assert_is("kernel/used", false);
}

/* A program that outlives us does not use what we did. */
static void a_program_does_not_hold_it(void **state)
{
	__auto_free char *path = in_cache("kernel/used");
	int to[2], from[2];
	struct user u;
	char c;

	(void)state;
	make_entry("kernel/used", 100, 3);
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	u.pid = fork();
	if (!u.pid) {
		if (!cache_use(path))
			_exit(1);
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		close(to[1]);
		execlp("cat", "cat", NULL);
		_exit(1);
	}
	close(to[0]);
	close(from[1]);
	/* When it answers it is the program. */
	assert_int_equal(write(to[1], "x", 1), 1);
	assert_int_equal(read(from[0], &c, 1), 1);
	cache_trim(0);
	assert_is("kernel/used", false);
	close(from[0]);
	u.end = to[1];
	end_use(&u);
}

static void what_is_gone_is_not_used(void **state)
{
	__auto_free char *path = in_cache("kernel/again");

	(void)state;
	assert_false(cache_use(path));
	make_entry("kernel/again", 1, 0);
	assert_true(cache_use(path));
	assert_true(cache_use(path));
	remove_tree(path);
	assert_false(cache_use(path));
	make_entry("kernel/again", 1, 0);
	assert_true(cache_use(path));
}

static pid_t dead(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void make_left(const char *format, pid_t pid, int hours)
{
	__auto_free char *text = fmt("%d", pid), *name = copy(format);
	char *at = strstr(name, "PID");
	__auto_free char *whole = fmt("%.*s%s%s", (int)(at - name), name, text, at + 3);

	make_file(whole, hours);
}

static void assert_left(const char *format, pid_t pid, bool there)
{
	__auto_free char *text = fmt("%d", pid), *name = copy(format);
	char *at = strstr(name, "PID");
	__auto_free char *whole = fmt("%.*s%s%s", (int)(at - name), name, text, at + 3);

	assert_is(whole, there);
}

static void leftovers_go(void **state)
{
	static const char *const names[] = {
		"kernel/key.PID.tmp/image", "initramfs/key.cpio.PID.tmp", "snapshot/key.PID.tmp/state",
		"tree/base/index.PID", "tree/base/index.PID.lock", "tree/base/blob.PID",
		"tree/base/applied/key.PID.tmp", "tree/base.PID.tmp/git/HEAD",
		"download/package.PID.tmp/package.deb", "busybox/arm64.PID.tmp",
		"memo/kvm/key.json.PID.tmp",
		"initramfs/key.cpio.PID-0123abcd.tmp", "tree/base/index.PID-0123abcd.tmp.lock",
	};
	pid_t gone = dead(), we = getpid();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		__auto_free char *dir = NULL;

		make_left(names[i], gone, 2);
		make_left(names[i], we, 2);
		dir = in_cache(names[i]);
		if (!strstr(names[i], ".tmp/"))
			continue;
		/* The folder's own age counts. */
		strstr(dir, "PID.tmp")[0] = '\0';
		{
			__auto_free char *a = fmt("%s%d.tmp", dir, gone);
			__auto_free char *b = fmt("%s%d.tmp", dir, we);

			set_age(a, 2);
			set_age(b, 2);
		}
	}
	cache_trim(1 << 30);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_left(names[i], gone, false);
		assert_left(names[i], we, true);
	}
}

static void what_only_looks_left_stays(void **state)
{
	pid_t gone = dead();

	(void)state;
	/* In another container the process may live. */
	make_left("initramfs/key.cpio.PID.tmp", gone, 0);
	make_left("tree/base/index.PIDx", gone, 2);
	make_left("tree/base/PID", gone, 2);
	make_file("tree/base/index", 2);
	make_file("tree/base/checked-out", 2);
	make_file("kernel/key/image", 2);
	cache_trim(1 << 30);
	assert_left("initramfs/key.cpio.PID.tmp", gone, true);
	assert_left("tree/base/index.PIDx", gone, true);
	assert_left("tree/base/PID", gone, true);
	assert_is("tree/base/index", true);
	assert_is("tree/base/checked-out", true);
	assert_is("kernel/key/image", true);
}

static void records_that_were_not_finished_go(void **state)
{
	__auto_free char *runs = in_cache("runs");

	(void)state;
	make_entry("runs/old.tmp", 1, 25);
	make_entry("runs/running.tmp", 1, 5);
	make_entry("runs/done", 1, 25);
	cache_sweep(runs);
	assert_is("runs/old.tmp", false);
	assert_is("runs/running.tmp", true);
	assert_is("runs/done", true);
}

static void make_tree(const char *name, bool borrows, int hours)
{
	static const char *const parts[] = { "git/objects", "src", "out/arm64-default" };
	__auto_free char *lock = fmt("tree/%s/lock", name), *dir = fmt("tree/%s", name);
	__auto_free char *alternates = fmt("tree/%s/git/objects/info/alternates", name);
	__auto_free char *path = in_cache(dir);

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		__auto_free char *part = fmt("tree/%s/%s", name, parts[i]);

		make_entry(part, 100, hours + 1);
	}
	if (borrows)
		make_file(alternates, hours);
	make_file(lock, hours);
	set_age(path, hours);
}

static void trees_go_but_for_what_was_fetched(void **state)
{
	(void)state;
	make_tree("linux-source-6.12", false, 2);
	make_tree("linux-source-6.12-mutate", true, 1);
	make_tree("user-0123", true, 3);
	make_tree("user-0123-series", true, 2);
	cache_trim(0);
	assert_is("tree/linux-source-6.12/git", true);
	assert_is("tree/linux-source-6.12/src", false);
	assert_is("tree/linux-source-6.12/out/arm64-default", false);
	assert_is("tree/linux-source-6.12-mutate", false);
	assert_is("tree/user-0123-series", false);
	/* It lent its objects. */
	assert_is("tree/user-0123/git", true);
	cache_trim(0);
	assert_is("tree/user-0123", false);
}

static void a_tree_that_is_built_from_stays(void **state)
{
	struct user u, v;

	(void)state;
	make_tree("user-0123", true, 3);
	begin_use(&u, use_entry, "tree/user-0123");
	begin_use(&v, lock_tree, "tree/user-0123/lock");
	cache_trim(0);
	assert_is("tree/user-0123/src/file", true);
	assert_is("tree/user-0123/out/arm64-default/file", true);
	end_use(&v);
	/* Who is done with building has no need of these. */
	cache_trim(0);
	assert_is("tree/user-0123/src", false);
	assert_is("tree/user-0123/out/arm64-default", false);
	assert_is("tree/user-0123/git", true);
	end_use(&u);
	cache_trim(0);
	assert_is("tree/user-0123", false);
}

static void what_can_not_be_had_again_stays(void **state)
{
	(void)state;
	make_entry("busybox/arm64", 100, 100);
	make_entry("somebody/elses", 100, 100);
	cache_trim(0);
	assert_is("busybox/arm64", true);
	assert_is("somebody/elses", true);
}

/* Sizes are remembered, but not those of what was used since. */
static void a_grown_entry_is_measured_again(void **state)
{
	(void)state;
	make_entry("kernel/older", 10, 3);
	make_entry("kernel/newer", 10, 2);
	cache_trim(1 << 30);
	make_entry("kernel/newer", 200, 1);
	cache_trim(150 * KB);
	assert_is("kernel/older", false);
	assert_is("kernel/newer", false);
}

static const struct cache_kind *kind(const struct cache_kind *k, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(k[i].name, name))
			return &k[i];
	fail_msg("no %s", name);
	return NULL;
}

static void all_is_listed(void **state)
{
	struct cache_kind *kinds;
	const struct cache_kind *k;
	struct user u;
	size_t n;

	(void)state;
	make_entry("kernel/one", 100, 3);
	make_entry("kernel/two", 100, 1);
	make_entry("somebody/elses", 100, 2);
	begin_use(&u, use_entry, "kernel/two");
	n = cache_list(&kinds);
	assert_int_equal(n, 2);
	k = kind(kinds, n, "kernels");
	assert_int_equal(k->count, 2);
	assert_int_equal(k->in_use, 1);
	assert_in_range(k->bytes, 200 * KB, 220 * KB);
	assert_in_range(time(NULL) - k->oldest, 3 * HOUR - 60, 3 * HOUR + 60);
	assert_in_range(time(NULL) - k->newest, 0, 60);
	assert_false(k->kept);
	k = kind(kinds, n, "other");
	assert_int_equal(k->count, 1);
	assert_true(k->kept);
	free(kinds);
	end_use(&u);
}

static void an_edit_that_keeps_size_and_time_gives_another_hash(void **state)
{
	__auto_free char *path = in_cache("file");
	char one[HASH_LEN], two[HASH_LEN], want[HASH_LEN];
	struct stat st;
	FILE *f;

	(void)state;
	make_file("file", 5);
	stat(path, &st);
	cache_hash_file(path, one);
	f = fopen(path, "r+");
	putc('y', f);
	fclose(f);
	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){ st.st_atim, st.st_mtim },
				   0), 0);
	cache_hash_file(path, two);
	assert_string_not_equal(one, two);
	hash_file(path, want);
	assert_string_equal(two, want);
}

static void an_old_file_is_hashed_once(void **state)
{
	__auto_free char *env = find_program("env"), *dir = in_cache("hash"), *command = NULL;
	__auto_strv struct strv argv = { 0 };
	char one[HASH_LEN], two[HASH_LEN], planted[HASH_LEN];

	(void)state;
	hash_file(env, one);
	cache_hash_file(env, two);
	assert_string_equal(one, two);
	memset(planted, '5', HASH_LEN - 1);
	planted[HASH_LEN - 1] = '\0';
	command = fmt("for f in %s/*; do printf %s >$f; done", dir, planted);
	strv_split(&argv, "sh -c", " ");
	strv_add(&argv, "%s", command);
	assert_int_equal(run(&argv, NULL), 0);
	cache_hash_file(env, two);
	assert_string_equal(two, planted);
}

#define TEST(name)	cmocka_unit_test_setup(name, empty_cache)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_was_used_last_stays),
		TEST(a_use_is_marked),
		TEST(what_is_in_use_stays),
		TEST(a_program_does_not_hold_it),
		TEST(what_is_gone_is_not_used),
		TEST(leftovers_go),
		TEST(what_only_looks_left_stays),
		TEST(records_that_were_not_finished_go),
		TEST(trees_go_but_for_what_was_fetched),
		TEST(a_tree_that_is_built_from_stays),
		TEST(what_can_not_be_had_again_stays),
		TEST(a_grown_entry_is_measured_again),
		TEST(all_is_listed),
		TEST(an_edit_that_keeps_size_and_time_gives_another_hash),
		TEST(an_old_file_is_hashed_once),
	};
	int ret;

	fresh_out(NULL);
	setenv("XDG_CACHE_HOME", out, 1);
	ret = cmocka_run_group_tests_name("cache", tests, NULL, NULL);
	remove_out(NULL);
	return ret;
}
