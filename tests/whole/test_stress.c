// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the stress driver and init must not ignore: an oracle that did not look, a
 * file that can't be used, a process that a signal ended, an excuse that belongs to
 * another operation, half a line of a program. Each of them is planted.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"
#include "lib/util.h"

#define STRESS	"stress ARCH=arm64 SMPBOOT=respawn STRATEGY=random "
#define TORTURE	"/sys/kernel/debug/respawn/torture/"

/* Operations that make every oracle look */
#define ALL	"OPS=offline,online,launch,wake,destroy,kthread-run,kthread-park," \
		"percpu,percpu-wake,cpuhp,work,work-flush,freezable,policy "

/**
 * struct defect - something for the driver to notice
 * @words: what is asked for, beside the defect
 * @plant: the defect, or NULL if the words are enough
 * @said: what has to be said of it
 */
struct defect {
	const char *words;
	const char *plant;
	const char *said;
};

static const struct defect defects[] = {
	/* A census that can't be taken */
	{ ALL, "unusable:" TORTURE "census", "error stress: the module answers 'census " },
	{ ALL, "unusable:" TORTURE "settle", "error stress: the module answers 'settle " },
	{ ALL, "unusable:/proc/1/stat", "error stress: the task /proc/1 cannot be read" },
	{ ALL, "unusable:/sys/kernel/slab/task_struct/objects",
	  "error stress: /sys/kernel/slab/task_struct/objects: " },

	/* An oracle that did not look */
	{ ALL, "unasked:thread_on_its_cpu", "error stress: thread_on_its_cpu was not looked at" },
	{ ALL, "unasked:none_on_an_offline_cpu",
	  "error stress: none_on_an_offline_cpu was not looked at" },
	{ ALL, "unasked:no_thread_missing", "error stress: no_thread_missing was not looked at" },
	{ ALL, "unasked:no_thread_twice", "error stress: no_thread_twice was not looked at" },
	{ ALL, "unasked:progress", "error stress: progress was not looked at" },
	{ ALL, "unasked:initfn_exactly_once",
	  "error stress: initfn_exactly_once was not looked at" },
	{ ALL, "unasked:corefn_in_order", "error stress: corefn_in_order was not looked at" },
	{ ALL, "unasked:results_kept", "error stress: results_kept was not looked at" },
	{ ALL, "unasked:operations_in_time",
	  "error stress: operations_in_time was not looked at" },
	{ ALL, "unasked:nothing_left", "error stress: nothing_left was not looked at" },
	{ ALL, "unasked:online_mask_as_asked",
	  "error stress: online_mask_as_asked was not looked at" },
	{ ALL, "unasked:hooks_balanced", "error stress: hooks_balanced was not looked at" },
	{ ALL, "unasked:work_not_lost", "error stress: work_not_lost was not looked at" },
	{ ALL, "unasked:parked_means_parked",
	  "error stress: parked_means_parked was not looked at" },
	{ ALL, "unasked:frozen_means_frozen",
	  "error stress: frozen_means_frozen was not looked at" },
	{ ALL, "unasked:scheduled_as_asked",
	  "error stress: scheduled_as_asked was not looked at" },
	{ ALL, "unusable:" TORTURE "expect", "error stress: the module answers 'expect " },
	{ ALL, "unusable:" TORTURE "oracles", "error stress: " TORTURE "oracles: " },

	/* No CPU that moves */
	{ "", "no_hotplug", "error stress: no operation on CPUs was drawn" },
	{ "OPS=starved ", NULL, "error stress: no operation on CPUs could be done" },

	/* A process that does not come to its end, or is not there at all */
	{ "OPS=set ", "killed:set",
	  "error stress: the process that moves a CPU was ended by signal 9" },
	{ "OPS=fork ", "killed:fork", "error stress: a forked process was ended by signal 9" },
	{ "OPS=offline,full ", "killed:full",
	  "error stress: the process that restores threads-max was ended by signal 9" },
	{ ALL, "killed:actor", "error stress: an actor was ended by signal 9" },
	{ "OPS=set ", "unforked:set", "error stress: fork to move CPU " },
	{ "OPS=fork ", "unforked:fork",
	  "fail: stress.results_kept: fork of a process returns -38" },
	{ "OPS=offline,full ", "unforked:full", "error stress: fork to fill: " },
	{ ALL, "unforked:actor", "error stress: actor 1 cannot be started: " },

	/* An excuse that is another operation's */
	/* A defect that there is not */
	{ ALL, "killed:nobody", "error stress: the module answers 'plant " },
	{ ALL, "nothing_at_all", "error stress: the module answers 'plant " },
	{ ALL, "foreign_refusal", "fail: stress.online_mask_as_asked: CPUs " },

	/* An operation that is done without what it is about */
	{ ALL, "unusable:" TORTURE "op", "error stress: the module answers 'op " },
	{ "OPS=offline ", "unusable:" TORTURE "begin", "error stress: the module answers 'begin " },
	{ "OPS=offline ", "unusable:" TORTURE "end", "error stress: the module answers 'end " },
	{ "OPS=offline ", "unusable:" TORTURE "drain", "error stress: the module answers 'drain " },
	{ "OPS=offline,starved ", "unusable:/proc/self/fail-nth",
	  "error stress: /proc/self/fail-nth: " },
	{ "OPS=offline,full ", "unusable:/proc/sys/kernel/threads-max",
	  "error stress: /proc/sys/kernel/threads-max: " },
	{ "OPS=failing ", "unusable:/sys/devices/system/cpu/cpu2/hotplug/fail",
	  "error stress: /sys/devices/system/cpu/cpu2/hotplug/fail: " },
	{ "OPS=respawn-toggle ", "unusable:/sys/module/smpboot/parameters/respawn",
	  "error stress: /sys/module/smpboot/parameters/respawn: " },
	{ "OPS=memory ", "unusable:/proc/sys/vm/drop_caches",
	  "error stress: /proc/sys/vm/drop_caches: " },
	{ "OPS=suspend ", "unusable:/sys/power/pm_test", "error stress: /sys/power/pm_test: " },
	{ "OPS=suspend ", "unusable:/sys/power/state",
	  "fail: stress.online_mask_as_asked: the machine cannot be suspended: -5" },
	{ "OPS=offline,cpuset ", "unusable:/sys/fs/cgroup/actor2/cpuset.cpus",
	  "error stress: cpuset ends with: Input/output error" },
	{ "OPS=offline,partition ", "unusable:/sys/fs/cgroup/partition/cpuset.cpus.partition",
	  "error stress: partition ends with: Input/output error" },
	{ "OPS=module ", "unusable:/modules/visitor.ko", "error stress: /modules/visitor.ko: " },
	{ "OPS=launch,signal ", "unusable:" TORTURE "threads",
	  "error stress: " TORTURE "threads: " },
	{ ALL, "unusable:/sys/devices/system/cpu/hotplug/states",
	  "error stress: /sys/devices/system/cpu/hotplug/states: " },

	/* What can't be done */
	{ "OPS=offline,wake ACTORS=0 ", NULL,
	  "error stress: RESPAWN_OPS: wake needs an actor, and RESPAWN_ACTORS is 0" },
	{ ALL, "no_such_case", "error stress: the module answers 'plant no_such_case'" },
};

static void each_defect_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(defects); i++) {
		const struct defect *d = &defects[i];
		__auto_free char *words = fmt(STRESS "CYCLES=20 %s%s%s", d->words,
					      d->plant ? "KCMDLINE=respawn.plant=" : "",
					      d->plant ? d->plant : "");

		expect(words, 1, d->said);
	}
}

/* The console of the one record there is, which is removed */
static char *console(void)
{
	__auto_free char *pattern = fmt("%s/runs/*", out), *path = NULL;
	char *text;
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	assert_int_equal(g.gl_pathc, 1);
	path = fmt("%s/console.log", g.gl_pathv[0]);
	text = read_file(path, NULL);
	assert_non_null(text);
	remove_tree(g.gl_pathv[0]);
	globfree(&g);
	return text;
}

/* An oracle whose operations were not part of the run does not pass. */
static void what_is_not_drawn_is_skipped(void **state)
{
	static const char *const skipped[] = {
		"thread_on_its_cpu", "progress", "initfn_exactly_once", "corefn_in_order",
		"results_kept", "hooks_balanced", "work_not_lost", "parked_means_parked",
		"frozen_means_frozen", "scheduled_as_asked",
	};
	__auto_free char *text = NULL;

	(void)state;
	expect(STRESS "OPS=offline,online", 0, "0 failed, 10 skipped");
	text = console();
	for (size_t i = 0; i < ARRAY_SIZE(skipped); i++) {
		__auto_free char *line = fmt("%s # SKIP none of its operations was done",
					     skipped[i]);

		if (!strstr(text, line))
			fail_msg("no '%s' in:\n%s", line, text);
	}
}

/* Each seed moves CPUs, whatever else its draw leaves out. */
static void each_draw_moves_cpus(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 24; seed++) {
		__auto_free char *words = fmt(STRESS "CYCLES=1 SEED=%u", seed), *text = NULL;
		unsigned int moves;
		const char *at;

		expect(words, 0, " 0 failed, ");
		text = console();
		at = strstr(text, "stress: seed ");
		at = at ? strstr(at, "# stress: ") : NULL;
		for (; at && sscanf(at, "# stress: %u operations on CPUs", &moves) != 1;)
			at = strstr(at + 1, "# stress: ");
		if (!at || !moves)
			fail_msg("%s moves no CPU:\n%s", words, text);
	}
}

/* CPUs that were not there at boot come for the first time, and go again. */
static void late_cpus_come(void **state)
{
	__auto_free char *text = NULL, *pattern = fmt("%s/runs/*", out), *words = NULL;
	unsigned int cpus, movable, i;
	char *said = NULL;
	const char *at;
	glob_t g;

	(void)state;
	expect(STRESS "KCMDLINE=maxcpus=2 OPS=offline,online,cpuset,migrate CYCLES=20", 0,
	       " 0 failed, ");
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	words = fmt("picture RUN=%s", g.gl_pathv[0]);
	globfree(&g);
	assert_int_equal(call(words, &said), 0);
	text = console();
	at = strstr(text, "actors, CPUs 0x");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "actors, CPUs %x, of which %x move", &cpus, &movable), 2);
	assert_int_equal(cpus, 0x3);
	assert_int_equal(movable & 0xc, 0xc);
	for (i = 2; i < 4; i++) {
		__auto_free char *row = fmt("1: online %u", i);

		if (!strstr(said, row))
			fail_msg("no '%s' in:\n%s", row, said);
	}
	free(said);
}

/**
 * struct seldom - an operation that is done only where there is something for it
 * @words: a run where there is
 * @row: what the picture of the run shows then
 */
struct seldom {
	const char *words;
	const char *row;
};

static const struct seldom seldoms[] = {
	/* Cores of x86_64 may have two threads, and lose one of them. */
	{ "stress ARCH=x86_64 SMPBOOT=park STRATEGY=random THREADS=2 OPS=smt,offline,online CYCLES=20",
	  " 1: smt 0" },
	/* Processes are killed in operations that nobody asked for: actor 2 has such ones. */
	{ STRESS "OPS=offline,online,killed CYCLES=20", " 2: " },
};

static void seldom_operations_are_done(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seldoms); i++) {
		__auto_free char *pattern = fmt("%s/runs/*", out), *words = NULL, *said = NULL;
		__auto_free char *text = NULL;
		glob_t g;

		expect(seldoms[i].words, 0, " 0 failed, ");
		assert_int_equal(glob(pattern, 0, NULL, &g), 0);
		words = fmt("picture RUN=%s", g.gl_pathv[0]);
		globfree(&g);
		assert_int_equal(call(words, &said), 0);
		if (!strstr(said, seldoms[i].row))
			fail_msg("no '%s' in:\n%s", seldoms[i].row, said);
		/* One record at a time */
		text = console();
	}
}

/* Each line of the console that is @line, behind the time of its record */
static unsigned int count_lines(const char *text, const char *line)
{
	__auto_strv struct strv lines = { 0 };
	unsigned int n = 0;

	strv_split(&lines, text, "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *at = strstr(lines.v[i], "] ");

		n += at && !strcmp(at + 2, line);
	}
	return n;
}

/* Each line of a program is a line of the console, however it is written. */
static void each_line_of_a_program_is_a_record(void **state)
{
	static const char *const whole[] = {
		"planted: one of two lines", "planted: two of two lines",
		"planted: a line in halves", "planted: a line of stderr",
		"planted: a line without its end",
	};
	__auto_free char *text = NULL;

	(void)state;
	expect("check ARCH=arm64 SMPBOOT=park PLAN=planted_lines SUITES=" TESTS_DIR "/guest", 1,
	       "no test reported anything");
	text = console();
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
		if (count_lines(text, whole[i]) != 1)
			fail_msg("no line '%s' in:\n%s", whole[i], text);
	assert_int_equal(count_lines(text, "respawn: step planted_lines end 0"), 1);
}

/* It is stuck in the module, where that was planted, and its stack is no trouble. */
static void who_is_stuck_is_shown(void **state)
{
	__auto_free char *said = NULL;

	(void)state;
	assert_int_equal(call("stress ARCH=arm64 SMPBOOT=park KCMDLINE=respawn.plant=operations_in_time",
			      &said), 1);
	assert_non_null(strstr(said, "fail: stress.operations_in_time: "));
	assert_non_null(strstr(said, "> respawn: stress stuck "));
	assert_non_null(strstr(said, "schedule_timeout"));
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_defect_is_noticed, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_is_not_drawn_is_skipped,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(each_draw_moves_cpus, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(who_is_stuck_is_shown, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(late_cpus_come, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(seldom_operations_are_done,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(each_line_of_a_program_is_a_record,
						fresh_out, remove_out),
	};

	if (argc < 2)
		return 2;
	respawn = argv[1];
	return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}
