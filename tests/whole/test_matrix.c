// SPDX-License-Identifier: GPL-2.0-only
/*
 * A matrix with one cell that passes, and one for each way in which a cell may not: it
 * fails, its kernel does not boot, it hangs, it can't be run here. All are told, in all formats.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"
#include "lib/host.h"

static const char cells[] =
	"# comment\n"
	"good	ARCH=arm64 PLAN=hotplug CYCLES=3 SMPBOOT=park\n"
	"broken	ARCH=arm64 PLAN=stress CYCLES=20 SMPBOOT=park KCMDLINE=respawn.plant=nothing_left\n"
	"no/boot	ARCH=arm64 PLAN=hotplug SMPBOOT=park KCMDLINE=rdinit=/nowhere\n"
	"missing	ARCH=arm64 PLAN=hotplug TIMING=real ACCEL=kvm SMPBOOT=park\n"
	"hangs	ARCH=arm64 PLAN=planted_stuck SMPBOOT=park STALL=3 SUITES=" TESTS_DIR "/guest\n"
	"qemu/none	ARCH=s390x PLAN=hotplug SERIES=none\n";

/* All programs of this host but one */
static char *path_without(const char *program)
{
	char *dir = fmt("%s/bin", out);
	__auto_free char *all = copy(getenv("PATH"));
	__auto_strv struct strv dirs = { 0 };

	assert_int_equal(mkdir(dir, 0777), 0);
	strv_split(&dirs, all, ":");
	for (size_t i = 0; i < dirs.n; i++) {
		__auto_free char *pattern = fmt("%s/*", dirs.v[i]);
		glob_t g;

		if (glob(pattern, 0, NULL, &g))
			continue;
		for (size_t j = 0; j < g.gl_pathc; j++) {
			const char *name = strrchr(g.gl_pathv[j], '/') + 1;
			__auto_free char *to = fmt("%s/%s", dir, name);

			/* The first of that name is the one that is meant. */
			if (strcmp(name, program) && symlink(g.gl_pathv[j], to))
				assert_int_equal(errno, EEXIST);
		}
		globfree(&g);
	}
	return dir;
}

static char *file(const char *text)
{
	char *path = fmt("%s/cells", out);

	write_file(path, text, strlen(text));
	return path;
}

static char *said_of(const char *words, int status)
{
	char *said = NULL;
	int got = call(words, &said);

	if (got != status)
		fail_msg("%s: status %d, expected %d:\n%s", words, got, status, said);
	return said;
}

static void assert_says(const char *said, const char *what)
{
	if (!strstr(said, what))
		fail_msg("'%s' is not in:\n%s", what, said);
}

static void each_cell_is_told_of(void **state)
{
	__auto_free char *path = file(cells), *words = fmt("matrix MATRIX=%s", path);
	__auto_free char *said = NULL, *again = NULL, *one = NULL, *rest = NULL;
	__auto_free char *report = fmt("report RUN=%s/matrix FORMAT=junit", out), *junit = NULL;
	__auto_free char *text = fmt("report RUN=%s/matrix", out), *plain = NULL;
	__auto_free char *list = fmt("matrix-list FORMAT=json CELLS=no/* MATRIX=%s", path);
	__auto_free char *bin = path_without("qemu-system-s390x"), *programs = copy(getenv("PATH"));
	__auto_free char *kcidb = fmt("report RUN=%s/matrix FORMAT=kcidb", out), *miss = NULL;
	__auto_free char *summary = fmt("report RUN=%s/matrix FORMAT=summary", out), *page = NULL;
	__auto_free char *json = NULL, *gone = fmt("%s/matrix/good/result.json", out);

	(void)state;
	setenv("PATH", bin, 1);
	said = said_of(words, EXIT_ERROR);
	assert_says(said, "good                 ok");
	assert_says(said, "broken               not ok");
	assert_says(said, "no/boot              not ok");
	assert_says(said, "missing              ERROR");
	assert_says(said, "ACCEL=kvm");
	assert_says(said, "hangs                not ok");
	assert_says(said, "qemu/none            ERROR");
	assert_says(said, "qemu-system-s390x is not installed; 'make deps' installs it");
	assert_says(said, "1 passed, 5 failed, 0 skipped");
	junit = said_of(report, EXIT_PASS);
	assert_says(junit, "<failure ");
	assert_says(junit, "<error ");
	assert_says(junit, "name=\"missing\"");
	assert_says(junit, "name=\"qemu/none\"");
	miss = said_of(kcidb, EXIT_PASS);
	assert_says(miss, "\"MISS\"");
	assert_says(miss, "\"FAIL\"");
	assert_says(miss, "\"PASS\"");
	page = said_of(summary, EXIT_PASS);
	assert_says(page, "qemu/none");
	assert_says(page, "missing");
	plain = said_of(text, EXIT_PASS);
	assert_says(plain, "missing: error: respawn: ACCEL=kvm");
	/* One that was interrupted goes on with what is left. */
	assert_int_equal(unlink(gone), 0);
	rest = said_of(words, EXIT_ERROR);
	assert_says(rest, "3 of 6 cells are over already");
	setenv("PATH", programs, 1);
	json = said_of(list, EXIT_PASS);
	assert_string_equal(json, "[{\"name\":\"no/boot\",\"arch\":\"arm64\",\"pin\":\"default\",\"words\":\"ARCH=arm64 PLAN=hotplug SMPBOOT=park KCMDLINE=rdinit=/nowhere\"}]\n");
}

static void have_result(const char *folder, const char *cell, const char *words,
			const char *more)
{
	__auto_free char *dir = fmt("%s/matrix/%s", out, folder);
	__auto_free char *path = fmt("%s/result.json", dir);
	__auto_free char *text = fmt("{\"cell\": \"%s\", \"words\": \"%s\", \"key\": \"x\"%s}",
				     cell, words, more);

	make_dirs(dir);
	write_file(path, text, strlen(text));
}

/* Have the result of a cell that can't be run here be that of one that failed. */
static void have_failed(const char *cell)
{
	__auto_free char *path = fmt("%s/matrix/%s/result.json", out, cell);
	json_t *o = json_load_file(path, 0, NULL);

	json_object_set_new(o, "status", json_integer(EXIT_BAD));
	assert_int_equal(json_dump_file(o, path, 0), 0);
	json_decref(o);
}

/* What a cell came to with another kernel, or another respawn, is not taken for this one. */
static void a_result_is_of_its_question(void **state)
{
	__auto_free char *path = file("a ARCH=s390x PLAN=hotplug SERIES=none\n"
				      "b ARCH=s390x PLAN=hotplug SERIES=none SEED=2\n");
	__auto_free char *words = fmt("matrix MATRIX=%s", path), *said = NULL, *again = NULL;
	__auto_free char *older = fmt("%s PIN=6.1", words), *other = NULL;
	__auto_free char *bin = path_without("qemu-system-s390x"), *programs = copy(getenv("PATH"));
	__auto_free char *gone = fmt("%s/matrix/b/result.json", out);

	(void)state;
	have_result("a", "a", "ARCH=s390x PLAN=hotplug SERIES=none", ", \"status\": 0");
	setenv("PATH", bin, 1);
	said = said_of(words, EXIT_ERROR);
	assert_null(strstr(said, "over already"));
	assert_says(said, "a                    ERROR");
	have_failed("a");
	assert_int_equal(unlink(gone), 0);
	again = said_of(words, EXIT_ERROR);
	assert_says(again, "1 of 2 cells are over already");
	assert_int_equal(unlink(gone), 0);
	other = said_of(older, EXIT_ERROR);
	assert_null(strstr(other, "over already"));
	setenv("PATH", programs, 1);
}

/* Put another text where a cell reads it, and see that its result is none any more. */
static void expect_anew(const char *words, const char *path)
{
	__auto_free char *before = NULL, *same = NULL, *after = NULL;

	write_file(path, "one", 3);
	before = said_of(words, EXIT_ERROR);
	have_failed("a");
	same = said_of(words, EXIT_ERROR);
	assert_says(same, "1 of 2 cells are over already");
	write_file(path, "two", 3);
	after = said_of(words, EXIT_ERROR);
	if (strstr(after, "over already"))
		fail_msg("%s has changed, and the cell is not done again:\n%s", path, after);
}

/* A cell that names a file is another one with another file. */
static void a_result_is_of_what_its_cell_names(void **state)
{
	static const struct {
		const char *word, *file;
	} named[] = {
		{ "PATCHES=%s/a.patch", "a.patch" },
		{ "KERNEL_TARBALL=%s/a.tar", "a.tar" },
		{ "KUNITCONFIG=%s/folder", "folder/.kunitconfig" },
		{ "SUITES=%s/link", "folder/plan" },
	};
	__auto_free char *bin = path_without("qemu-system-s390x"), *programs = copy(getenv("PATH"));
	__auto_free char *folder = fmt("%s/folder", out), *link = fmt("%s/link", out);

	(void)state;
	make_dirs(folder);
	assert_int_equal(symlink("folder", link), 0);
	setenv("PATH", bin, 1);
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		__auto_free char *word = fmt(named[i].word, out);
		__auto_free char *text = fmt("a ARCH=s390x SERIES=none %s\nb ARCH=s390x\n", word);
		__auto_free char *path = file(text), *words = fmt("matrix MATRIX=%s", path);
		__auto_free char *changed = fmt("%s/%s", out, named[i].file);

		expect_anew(words, changed);
	}
	setenv("PATH", programs, 1);
}

/* A commit more, and what stands in the line is the same. */
static void a_result_is_of_the_commit_of_its_tree(void **state)
{
	__auto_free char *text = fmt("a ARCH=s390x TREE=%s/tree\nb ARCH=s390x\n", out);
	__auto_free char *path = file(text), *words = fmt("matrix MATRIX=%s", path);
	__auto_free char *commit = fmt("git -C %s/tree -c user.name=a -c user.email=b commit -q --allow-empty -m c",
				       out);
	__auto_free char *init = fmt("git init -q %s/tree && %s", out, commit);
	__auto_free char *first = NULL, *again = NULL, *other = NULL;
	__auto_free char *bin = path_without("qemu-system-s390x"), *programs = copy(getenv("PATH"));

	(void)state;
	assert_int_equal(system(init), 0);
	setenv("PATH", bin, 1);
	first = said_of(words, EXIT_ERROR);
	have_failed("a");
	again = said_of(words, EXIT_ERROR);
	assert_says(again, "1 of 2 cells are over already");
	assert_int_equal(system(commit), 0);
	other = said_of(words, EXIT_ERROR);
	assert_null(strstr(other, "over already"));
	setenv("PATH", programs, 1);
}

/* A cell may have failed where no record of it has. */
static void what_no_record_says_is_told(void **state)
{
	static const char *const formats[] = {
		"text", "junit", "json", "kcidb", "github", "summary",
	};

	(void)state;
	have_result("cut", "x/cut", "", "");
	have_result("pair", "x/pair", "", ", \"status\": 1, \"last_line\": \"a pair differs\"");
	have_result("fine", "x/fine", "", ", \"status\": 0, \"last_line\": \"1 passed\"");
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		__auto_free char *words = fmt("report RUN=%s/matrix FORMAT=%s", out, formats[i]);
		__auto_free char *said = said_of(words, EXIT_PASS);

		assert_says(said, "did not come to its end");
		assert_says(said, "a pair differs");
		assert_null(strstr(said, "x/fine"));
	}
}

/* Nor is a cell that was not chosen, or is in the file no more. */
static void a_report_is_of_the_last_matrix(void **state)
{
	__auto_free char *path = file("a ARCH=s390x TIMING=virtual\nb/c ARCH=s390x TIMING=virtual\n");
	__auto_free char *words = fmt("matrix MATRIX=%s CELLS=b/c", path);
	__auto_free char *report = fmt("report RUN=%s/matrix", out), *said = NULL;

	(void)state;
	have_result("a", "a", "", ", \"status\": 2, \"last_line\": \"not chosen\"");
	have_result("gone", "gone", "", ", \"status\": 2, \"last_line\": \"not there\"");
	free(said_of(words, EXIT_ERROR));
	said = said_of(report, EXIT_PASS);
	assert_says(said, "b/c: ");
	assert_null(strstr(said, "not chosen"));
	assert_null(strstr(said, "not there"));
}

static void refused(const char *text, const char *why)
{
	__auto_free char *path = file(text), *words = fmt("matrix MATRIX=%s", path);

	expect(words, EXIT_ERROR, why);
}

static void what_is_no_cell_is_refused(void **state)
{
	(void)state;
	refused("x PLAN=hotplug\n", "says ARCH= of one architecture");
	refused("x ARCH=pdp11\n", "says ARCH= of one architecture");
	refused("x ARCH=arm64 fast\n", "'fast' is no variable");
	refused("x ARCH=arm64\nx ARCH=x86_64\n", "two cells are called x");
	refused("x/y-z ARCH=s390x TIMING=virtual\nx-y/z ARCH=s390x TIMING=virtual\n",
		"would have one folder");
	refused("../x ARCH=arm64\n", "a cell's name has letters");
	refused("# nothing\n", "no such cell");
	expect("matrix CELLS=nowhere/*", EXIT_ERROR, "no such cell");
}

/* Each would remove the other one's folders. */
static void one_folder_has_one_matrix(void **state)
{
	__auto_free char *path = fmt("%s/matrix.lock", out);
	int lock = lock_try(path);

	(void)state;
	assert_true(lock >= 0);
	refused("x ARCH=s390x TIMING=virtual\n", "another matrix runs in O=");
	close(lock);
}

/* A program of npm's, if this host has npm and a network; else the test is skipped */
static char *npm_program(const char *packages, const char *name)
{
	__auto_free char *npm = find_program("npm"), *dir = fmt("%s/npm/%s", host_cache(), name);
	__auto_free char *install = fmt("mkdir -p '%s' && npm install --prefix '%s' --silent --no-fund --no-audit %s",
					dir, dir, packages);
	char *program = fmt("%s/node_modules/.bin/%s", dir, name);

	if (!npm || (!exists(program) && (system(install) || !exists(program)))) {
		print_message("npm, or what it fetches from, is not there\n");
		skip();
	}
	return program;
}

/* Its exit status, in the folder of the test, where @path is looked at */
static int lints(const char *program, const char *options, const char *path, char **said)
{
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .out = said, .dir = out };

	strv_add(&argv, "%s", program);
	strv_split(&argv, options, " ");
	strv_add(&argv, "%s", path);
	return run(&argv, &o);
}

static void workflow_is_valid(void **state)
{
	static const char bad[] = "on: push\njobs:\n  a:\n    runs-on: x\n"
				  "    needs: nowhere\n    step: []\n";
	__auto_free char *program = npm_program("@action-validator/core @action-validator/cli",
						"action-validator");
	__auto_free char *path = file(bad), *said = NULL, *more = NULL;

	(void)state;
	if (lints(program, "", TESTS_DIR "/../.github/workflows/check.yml", &said))
		fail_msg("%s", said);
	assert_int_not_equal(lints(program, "", path, &more), 0);
}

/* It takes a file of the folder that it is in, which has to be a git tree. */
static int gitlab_lints(const char *program, const char *text)
{
	__auto_free char *path = fmt("%s/pipeline.yml", out), *said = NULL;
	int status;

	write_file(path, text, strlen(text));
	status = lints(program, "--list --file", "pipeline.yml", &said);
	if (status)
		print_message("%s", said);
	return status;
}

/* The pipeline, and the child of it that is made of the matrix */
static void pipeline_is_valid(void **state)
{
	/* One version for all: later ones want a newer node than Debian has. */
	__auto_free char *program = npm_program("gitlab-ci-local@4.61.1", "gitlab-ci-local");
	__auto_free char *own = read_file(TESTS_DIR "/../.gitlab-ci.yml", NULL);
	__auto_free char *cells_of = said_of("matrix-list FORMAT=gitlab", EXIT_PASS);
	__auto_free char *init = fmt("git init -q '%s'", out);

	(void)state;
	assert_non_null(own);
	assert_int_equal(system(init), 0);
	if (gitlab_lints(program, "a:\n  script: [make]\n")) {
		print_message("this linter does not run on this host's node\n");
		skip();
	}
	assert_int_equal(gitlab_lints(program, own), 0);
	assert_int_equal(gitlab_lints(program, cells_of), 0);
	assert_int_not_equal(gitlab_lints(program, "a:\n  script: 3\n"), 0);
	assert_int_not_equal(gitlab_lints(program, "a:\n  script: [make]\n  needs: [b]\n"), 0);
	assert_int_not_equal(gitlab_lints(program, "a:\n  script: [make]\n  artifact: {}\n"), 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_cell_is_told_of, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_result_is_of_its_question, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_result_is_of_what_its_cell_names, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(a_result_is_of_the_commit_of_its_tree, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(what_no_record_says_is_told, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_report_is_of_the_last_matrix, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(what_is_no_cell_is_refused, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(one_folder_has_one_matrix, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(workflow_is_valid, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(pipeline_is_valid, fresh_out, remove_out),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
