// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what is made of a record: it is replayed, bundled, and made smaller. The QEMU
 * is a script that says what a guest would.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../kunit/torture/torture_log.h"
#include "../whole/program.h"
#include "child.h"
#include "cmd/shrink.h"
#include "cpio.h"
#include "record/trial.h"

/* A suite of the user's, which never reports */
#define OWN_PLAN	"mine mine - mine\n"

static const char own_console[] =
	"<12>[    0.100000] respawn: guest arm64 6.12 cpus=4\n"
	"<12>[    0.110000] respawn: plan 1\n"
	"<12>[    0.200000] respawn: step mine begin\n"
	"<12>[    0.300000] respawn: step mine end 0\n"
	"<12>[    0.400000] respawn: done 1\n"
	"<6>[    0.500000] reboot: Restarting system\n";

/* It says the same whatever it is told. */
static const char qemu[] =
	"#!/bin/sh\n"
	"[ $1 = --version ] && exec echo 'a script'\n"
	"exec cat ${0%/*}/console > console.log\n";

static char *in_out(const char *name)
{
	return fmt("%s/%s", out, name);
}

/* The programs of the host behind that script, and a cache of its own */
static int fresh_again(void **state)
{
	static const char *programs;
	__auto_free char *path = NULL, *cache = NULL;
	int ret = fresh_out(state);

	programs = programs ?: copy(getenv("PATH"));
	path = fmt("%s/bin:%s", out, programs);
	cache = in_out("cache");
	setenv("PATH", path, 1);
	setenv("XDG_CACHE_HOME", cache, 1);
	return ret;
}

static char *have(const char *name, const char *text)
{
	char *path = in_out(name);
	__auto_free char *dir = copy(path);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(path, text, strlen(text));
	return path;
}

static void have_qemu(const char *script)
{
	__auto_free char *path = have("bin/qemu-system-aarch64", script);

	assert_int_equal(chmod(path, 0755), 0);
}

/* A request of nothing but defaults, and what is set here */
static struct request request_of(const char *plan)
{
	struct request r = { .arch = arch_find("arm64") };

	for (size_t i = 0; i < request_field_count; i++) {
		const struct field *f = &request_fields[i];
		void *to = (char *)&r + f->offset;

		if (f->kind == FIELD_NUMBER)
			*(uint64_t *)to = strtoull(f->def, NULL, 10);
		else if (f->kind != FIELD_ARCH && f->kind != FIELD_SWITCH)
			*(const char **)to = f->def;
	}
	r.plan = plan;
	r.series = "none";
	r.smpboot = "park";
	r.strategy = "none";
	r.timing = "virtual";
	return r;
}

/* What is run; @plan is what it was made with. */
static struct image image_of(const struct request *r, const char *plan)
{
	struct image i = {
		.tree = { .name = "a tree", .hash = "01" },
		.kernel = {
			.req = *r, .arch = r->arch, .key = "23", .compiler = "cc",
			.dir = in_out("kernel"), .image = have("kernel/image", "a kernel"),
		},
		.initramfs = in_out("initramfs.cpio"),
	};

	free(have("kernel/vmlinux", "symbols"));
	free(have("kernel/release", "6.12\n"));
	cpio_with_plan(i.initramfs, plan);
	plan_parse(&i.plan, "plan", plan);
	return i;
}

/* The record of a run of a suite of the user's, with a patch of theirs, that says this */
static char *record_that_says(const char *console, const char *verdict)
{
	struct request r = request_of("mine");
	struct trial t = { .accel = "virtual", .out = out };
	struct image image;

	have_qemu(qemu);
	free(have("bin/console", console));
	free(have("own/plan", OWN_PLAN));
	r.suites = in_out("own");
	r.patches = have("own.patch", "a patch");
	image = image_of(&r, OWN_PLAN);
	t.image = &image;
	t.req = r;
	trial_run(&t);
	assert_string_equal(record_text(&t.record, "verdict"), verdict);
	return copy(t.record.dir);
}

static char *own_record(void)
{
	return record_that_says(own_console, "fail");
}

/* The one record there is */
static char *only_record(void)
{
	__auto_free char *pattern = in_out("runs/*");
	char *path;
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	assert_int_equal(g.gl_pathc, 1);
	path = copy(g.gl_pathv[0]);
	globfree(&g);
	return path;
}

static void forget(const char *name)
{
	__auto_free char *path = in_out(name);

	assert_true(exists(path));
	remove_tree(path);
}

/* A plan is what the image was made with, whatever that of the folder says by now. */
static void another_plan_changes_no_replay(void **state)
{
	__auto_free char *dir = own_record(), *words = fmt("replay RUN=%s", dir);

	(void)state;
	free(have("own/plan", "mine mine - -\n"));
	expect(words, EXIT_PASS, "reproduced: fail");
	forget("own");
	expect(words, EXIT_PASS, "reproduced: fail");
}

static void pack(const char *dir)
{
	__auto_free char *words = fmt("bundle RUN=%s", dir);

	expect(words, EXIT_PASS, "make replay BUNDLE=");
}

/* Have the bundle of a record be all that there is, run it, and have the record of that. */
static char *elsewhere(const char *dir)
{
	__auto_free char *bundle = fmt("%s%s.bundle.tar.gz", out, strrchr(dir, '/'));
	__auto_free char *again = fmt("replay BUNDLE=%s", bundle);

	forget("runs");
	expect(again, EXIT_PASS, "reproduced: fail");
	return only_record();
}

static void assert_same_member(const struct record *a, const struct record *b, const char *path)
{
	const json_t *one = record_member(a, path), *two = record_member(b, path);

	if (!one || !two || !json_equal(one, two))
		fail_msg("%s: another %s than %s", b->dir, path, a->dir);
}

/* There is no folder of suites, no patch and no kernel but those in the bundle. */
static void a_bundle_has_all_of_a_run(void **state)
{
	__auto_free char *dir = own_record(), *first = NULL, *second = NULL, *again = NULL;
	static const char *const members[] = {
		"image.source", "image.tree", "image.id", "image.compiler", "image.release",
		"image.patches", "image.image_sha256", "image.initramfs_sha256",
	};
	struct record was, is;

	(void)state;
	record_read(&was, dir);
	pack(dir);
	forget("own");
	forget("own.patch");
	forget("kernel");
	forget("initramfs.cpio");
	first = elsewhere(dir);
	/* What a replay leaves is as good as the record that it is of. */
	pack(first);
	second = elsewhere(first);
	record_read(&is, second);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		assert_same_member(&was, &is, members[i]);
	again = fmt("replay RUN=%s", second);
	expect(again, EXIT_PASS, "reproduced: fail");
	record_free(&was);
	record_free(&is);
}

/* The symbols are for a debugger, which is opened on a record, too. */
static void a_replay_of_a_bundle_keeps_what_it_ran(void **state)
{
	static const char *const names[] = { "image", "initramfs", "release", "vmlinux" };
	__auto_free char *dir = own_record(), *first = NULL, *again = NULL;
	struct request r;
	struct record rec;
	struct image i;

	(void)state;
	pack(dir);
	forget("kernel");
	first = elsewhere(dir);
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		__auto_free char *path = fmt("%s/%s", first, names[n]);

		if (!exists(path))
			fail_msg("there is no %s", path);
	}
	record_read(&rec, first);
	record_request(&rec, &r);
	record_image(&rec, &r, &i);
	assert_string_equal(i.kernel.dir, first);
	record_free(&rec);
	/* And so does a replay of that. */
	again = fmt("replay RUN=%s", first);
	expect(again, EXIT_PASS, "reproduced: fail");
	remove_tree(first);
	again = fmt("replay RUN=%s", only_record());
	expect(again, EXIT_PASS, "reproduced: fail");
}

static void forget_packed(const char *dir)
{
	__auto_free char *bundle = fmt("%s%s.bundle.tar.gz", out, strrchr(dir, '/'));

	assert_true(exists(bundle));
	remove_tree(bundle);
	remove_tree(dir);
}

/* One that passes, two that fail alike, one of them sooner, and one that crashes */
static void what_failed_in_a_folder_is_bundled(void **state)
{
	static const char again[] =
		"<12>[    0.100000] respawn: guest arm64 6.12 cpus=4\n"
		"<12>[    0.110000] respawn: plan 1\n"
		"<12>[    0.200000] respawn: step mine begin\n"
		"<12>[    0.900000] respawn: step mine end 0\n"
		"<12>[    0.910000] respawn: done 1\n"
		"<6>[    0.920000] reboot: Restarting system\n";
	static const char worse[] =
		"<12>[    0.100000] respawn: guest arm64 6.12 cpus=4\n"
		"<12>[    0.110000] respawn: plan 1\n"
		"<0>[    0.400000] Kernel panic - not syncing: x\n";
	static const char good[] =
		"<12>[    0.100000] respawn: guest arm64 6.12 cpus=4\n"
		"<12>[    0.110000] respawn: plan 1\n"
		"<12>[    0.200000] respawn: step mine begin\n"
		"<12>[    0.210000] KTAP version 1\n<12>[    0.210000] 1..1\n"
		"<12>[    0.220000] ok 1 mine\n"
		"<12>[    0.300000] respawn: step mine end 0\n"
		"<12>[    0.400000] respawn: done 1\n"
		"<6>[    0.500000] reboot: Restarting system\n";
	__auto_free char *pass = record_that_says(good, "pass"), *words = NULL, *real = NULL;
	__auto_free char *later = record_that_says(again, "fail"), *first = own_record();
	__auto_free char *crash = record_that_says(worse, "crash"), *said = NULL;
	__auto_free char *packs = in_out("*.bundle.tar.gz");
	glob_t g;

	(void)state;
	words = fmt("bundle RUN=%s/runs", out);
	assert_int_equal(call(words, &said), EXIT_PASS);
	assert_int_equal(glob(packs, 0, NULL, &g), 0);
	assert_int_equal(g.gl_pathc, 2);
	globfree(&g);
	forget_packed(first);
	forget_packed(crash);
	/* In real time nothing is the same again. */
	real = fmt("sed -i 's/\"timing\": \"virtual\"/\"timing\": \"real\"/' %s/run.json", later);
	assert_int_equal(system(real), 0);
	expect(words, EXIT_PASS, "nothing failed there");
	assert_int_equal(glob(packs, 0, NULL, &g), GLOB_NOMATCH);
	/* One that nobody can read is told of. */
	real = fmt("%s/run.json", pass);
	write_file(real, "{", 1);
	expect(words, EXIT_ERROR, "is corrupt");
}

static const char stress_console[] =
	"<12>[    0.100000] respawn: guest arm64 6.12 cpus=4\n"
	"<12>[    0.110000] respawn: plan 1\n"
	"<12>[    0.200000] respawn: step stress begin\n"
	"<4>[    0.300000] respawn: stress failed progress: no more of it\n";

/*
 * Each run fails, and every third one in another way. With a file 'broken' the fifth and all
 * after it say nothing of the kernel.
 */
static const char unsteady[] =
	"#!/bin/sh\n"
	"[ $1 = --version ] && exec echo 'a script'\n"
	"here=${0%/*} i=0\n"
	"while ! mkdir $here/$i 2>/dev/null; do i=$((i + 1)); done\n"
	"[ $i -lt 5 ] || [ ! -e $here/broken ] || exit 1\n"
	"cp $here/console console.log\n"
	"[ $((i % 3)) -lt 2 ] && exit\n"
	"echo '<0>[    0.400000] Kernel panic - not syncing: x' >>console.log\n";

/* The record of a stress run, and the log that it would have left */
static char *stress_record(void)
{
	static const char plan[] = "stress torture stress stress - stress\n";
	struct torture_log log = {
		.magic = TORTURE_LOG_MAGIC, .entries = 1,
		.entry_size = sizeof(struct torture_event),
	};
	struct request r = request_of("stress");
	struct image image = image_of(&r, plan);
	struct trial t = { .image = &image, .req = r, .accel = "virtual", .out = out };
	__auto_free char *events = NULL, *file = need(sizeof(log) + log.entry_size, 1);

	have_qemu(unsteady);
	free(have("bin/console", stress_console));
	trial_run(&t);
	assert_string_equal(record_text(&t.record, "verdict"), "fail");
	events = fmt("%s/events.bin", t.record.dir);
	memcpy(file, &log, sizeof(log));
	write_file(events, file, sizeof(log) + log.entry_size);
	return copy(t.record.dir);
}

static void shrink_record(struct shrunk *s, const char *dir)
{
	struct record rec;
	struct image image;
	struct trial past;

	record_read(&rec, dir);
	trial_again(&past, &rec, &image, out);
	assert_true(shrink_trial(s, &past, dir, record_text(&rec, "signature"), out, 60));
}

/* What is tried on the way is of no use to anybody. */
static void the_smallest_run_alone_leaves_a_record(void **state)
{
	__auto_free char *dir = stress_record(), *is = NULL;
	struct record rec;
	struct shrunk s;

	(void)state;
	shrink_record(&s, dir);
	assert_true(s.tries > 10);
	remove_tree(dir);
	is = only_record();
	assert_string_equal(s.record, is);
	record_read(&rec, is);
	assert_string_equal(record_text(&rec, "request.keep"), s.req.keep);
	record_free(&rec);
}

static int shrink_in_vain(const void *dir)
{
	struct shrunk s;

	shrink_record(&s, dir);
	return 0;
}

/* Nor if it comes to no end */
static void what_ends_early_leaves_none(void **state)
{
	__auto_free char *dir = stress_record(), *said = in_out("said"), *is = NULL, *text = NULL;

	(void)state;
	free(have("bin/broken", ""));
	assert_int_equal(child_says(shrink_in_vain, dir, said), EXIT_ERROR);
	text = read_file(said, NULL);
	assert_non_null(strstr(text, "QEMU failed with status 1"));
	is = only_record();
	assert_string_equal(is, dir);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(another_plan_changes_no_replay,
						fresh_again, remove_out),
		cmocka_unit_test_setup_teardown(a_bundle_has_all_of_a_run, fresh_again, remove_out),
		cmocka_unit_test_setup_teardown(a_replay_of_a_bundle_keeps_what_it_ran,
						fresh_again, remove_out),
		cmocka_unit_test_setup_teardown(what_failed_in_a_folder_is_bundled,
						fresh_again, remove_out),
		cmocka_unit_test_setup_teardown(the_smallest_run_alone_leaves_a_record,
						fresh_again, remove_out),
		cmocka_unit_test_setup_teardown(what_ends_early_leaves_none,
						fresh_again, remove_out),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	return cmocka_run_group_tests_name("again", tests, NULL, NULL);
}
