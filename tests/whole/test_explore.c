// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many seeds: what explore finds, and that whatever ends it early costs no seed
 * that was over.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "program.h"
#include "lib/util.h"

#define PLANTED	"OPS=launch,wake,destroy KCMDLINE=respawn.plant=progress"
#define EXPLORE	"explore ARCH=arm64 CYCLES=8 JOBS=1 "

static pid_t start(const char *words)
{
	__auto_strv struct strv argv = { 0 };
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	program_words(&argv, words);
	execv(argv.v[0], argv.v);
	_exit(127);
}

static int finish(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What is remembered of a seed is a file. */
static void await_seeds(size_t n)
{
	__auto_free char *pattern = fmt("%s/explore/*.json", out);
	size_t known = 0;

	while (known < n) {
		glob_t g = { 0 };

		usleep(10000);
		glob(pattern, 0, NULL, &g);
		known = g.gl_pathc;
		globfree(&g);
	}
}

static void no_record_is_left(void)
{
	__auto_free char *pattern = fmt("%s/runs/*", out);
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), GLOB_NOMATCH);
}

/* The rest of the seeds, none of which is run that was over */
static void goes_on(unsigned int at_least)
{
	__auto_free char *said = NULL;
	const char *tried;
	unsigned int before;

	assert_int_equal(call(EXPLORE "SEEDS=1..6", &said), 0);
	tried = strstr(said, "6 seeds tried, ");
	if (!tried || sscanf(tried, "6 seeds tried, %u of them before", &before) != 1 ||
	    before < at_least)
		fail_msg("seeds were lost: %s", said);
}

static void failures_are_grouped(void **state)
{
	static const char words[] = "explore ARCH=arm64 SEEDS=1..4 KEEP_GOING=1 " PLANTED;

	(void)state;
	expect(words, 1, "0 passed, 4 failed, 0 skipped");
	expect(words, 1, "4 seeds tried, 4 of them before");
}

static void a_range_that_is_none(void **state)
{
	(void)state;
	expect(EXPLORE "SEEDS=7..6", 2, "a range like 1..500");
	expect(EXPLORE "SEEDS=x", 2, "a range like 1..500");
}

static void the_first_failure_ends_it(void **state)
{
	(void)state;
	expect(EXPLORE "SEEDS=1..100 " PLANTED, 1, "1 seeds tried");
}

static void a_kernel_that_does_not_boot(void **state)
{
	(void)state;
	expect(EXPLORE "SEEDS=1..2 KCMDLINE=rdinit=/nowhere", 1, "crash: ");
}

static void ctrl_c(void **state)
{
	pid_t pid = start(EXPLORE "SEEDS=1..6");

	(void)state;
	await_seeds(2);
	kill(pid, SIGINT);
	assert_int_equal(finish(pid), 128 + SIGINT);
	no_record_is_left();
	goes_on(2);
}

static pid_t child_of(pid_t pid)
{
	__auto_free char *path = fmt("/proc/%d/task/%d/children", pid, pid);

	for (;;) {
		__auto_free char *children = read_file(path, NULL);

		if (children && atoi(children))
			return atoi(children);
		usleep(1000);
	}
}

/* That says nothing of the seed, which is run again. */
static void qemu_is_killed(void **state)
{
	pid_t pid = start(EXPLORE "SEEDS=1..6");

	(void)state;
	await_seeds(2);
	kill(child_of(pid), SIGKILL);
	assert_int_equal(finish(pid), 2);
	no_record_is_left();
	goes_on(2);
}

/* As much room as the first failures need, and no more */
static void the_disk_is_full(void **state)
{
	static const char words[] = EXPLORE "SEEDS=1..4 KEEP_GOING=1 SNAPSHOT=0 " PLANTED;
	__auto_free char *pattern = fmt("%s/runs/*.tmp", out), *said = NULL;
	glob_t g;

	(void)state;
	if (mount("respawn-test", out, "tmpfs", 0, "size=2560k"))
		skip();
	assert_int_equal(call(words, &said), 2);
	assert_non_null(strstr(said, "No space left on device"));
	assert_int_equal(glob(pattern, 0, NULL, &g), GLOB_NOMATCH);
	assert_int_equal(mount("respawn-test", out, "tmpfs", MS_REMOUNT, "size=100m"), 0);
	expect(words, 1, "4 seeds tried, 2 of them before");
	expect(words, 1, "0 passed, 4 failed, 0 skipped");
}

static void two_at_once(void **state)
{
	pid_t one = start(EXPLORE "SEEDS=1..3"), two = start(EXPLORE "SEEDS=4..6");

	(void)state;
	assert_int_equal(finish(one), 0);
	assert_int_equal(finish(two), 0);
	goes_on(6);
}

/* What is remembered of runs: as names, one after the other, and how many are led to */
static char *runs_known(size_t *led)
{
	__auto_free char *pattern = fmt("%s/explore/*.json", out);
	__auto_strv struct strv names = { 0 };
	glob_t g;

	*led = 0;
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		__auto_free char *text = read_file(g.gl_pathv[i], NULL);

		assert_non_null(text);
		strv_add(&names, "%s", strrchr(g.gl_pathv[i], '/') + 1);
		*led += strstr(text, "\"walk\":") && !strstr(text, "\"walk\": 0") &&
			!strstr(text, "\"walk\":0");
	}
	globfree(&g);
	return strv_join(&names, " ");
}

/* One guest at a time, or three and in two calls: the same runs are chosen. */
static void what_leads_on_is_no_matter_of_chance(void **state)
{
	static const char aimed[] =
		"explore ARCH=arm64 CYCLES=2 FOCUS=kthread_park,kthread_unpark ";
	__auto_free char *one = fmt("%sJOBS=1 SEEDS=1..36", aimed);
	__auto_free char *first = fmt("%sJOBS=3 SEEDS=1..25", aimed);
	__auto_free char *rest = fmt("%sJOBS=3 SEEDS=1..36", aimed), *all = NULL, *again = NULL;
	size_t led, led_again;

	expect(one, EXIT_PASS, "36 passed, 0 failed");
	all = runs_known(&led);
	assert_in_range(led, 1, 10);
	remove_out(state);
	fresh_out(state);
	expect(first, EXIT_PASS, "25 passed, 0 failed");
	expect(rest, EXIT_PASS, "36 seeds tried, 25 of them before");
	again = runs_known(&led_again);
	assert_string_equal(all, again);
	assert_int_equal(led, led_again);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(failures_are_grouped, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_range_that_is_none, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(the_first_failure_ends_it,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_kernel_that_does_not_boot,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(ctrl_c, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(qemu_is_killed, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(the_disk_is_full, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(two_at_once, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_leads_on_is_no_matter_of_chance,
						fresh_out, remove_out),
	};

	if (argc < 2)
		return 2;
	respawn = argv[1];
	return cmocka_run_group_tests_name("explore", tests, NULL, NULL);
}
