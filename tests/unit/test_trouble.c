// SPDX-License-Identifier: GPL-2.0-only
/* Tests of scripts/judge/trouble.c against console logs, one for each row. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "judge/console.h"
#include "judge/trouble.h"
#include "lib/util.h"

#ifndef TESTS_DIR
#error "define TESTS_DIR, the path of the directory tests, as a string"
#endif

struct scan {
	const struct trouble_row *first;
	char line[256];
	unsigned int lines, before;
	bool timed;
};

static void scan_line(void *arg, const char *line, double when, bool complete)
{
	struct scan *s = arg;
	const struct trouble_row *row = trouble_match(line);

	(void)complete;
	s->lines++;
	if (when >= 0)
		s->timed = true;
	if (!row || s->first)
		return;
	s->first = row;
	s->before = s->lines - 1;
	snprintf(s->line, sizeof(s->line), "%s", line);
}

/* Returns false if there is no such file. */
static bool scan_file(const char *path, struct scan *s)
{
	struct console *con = console_new(scan_line, s);
	FILE *f = fopen(path, "rb");
	char buf[512];
	size_t len;

	memset(s, 0, sizeof(*s));
	assert_non_null(con);
	if (!f) {
		console_free(con);
		return false;
	}
	while ((len = fread(buf, 1, sizeof(buf), f)) > 0)
		console_feed(con, buf, len);
	fclose(f);
	console_end(con);
	console_free(con);
	return true;
}

static void test_every_row_has_its_log(void **state)
{
	size_t i, wrong = 0;

	(void)state;
	for (i = 0; i < trouble_rows; i++) {
		const struct trouble_row *row = &trouble_table[i];
		char path[512];
		struct scan s;

		snprintf(path, sizeof(path), "%s/unit/logs/%s.log", TESTS_DIR, row->id);
		if (!scan_file(path, &s)) {
			print_error("%s: no such log\n", path);
			wrong++;
		} else if (s.first != row) {
			print_error("%s: matched %s in: %s\n", row->id,
				    s.first ? s.first->id : "nothing", s.line);
			wrong++;
		} else if (s.before < 3 || s.lines < s.before + 3 || !s.timed) {
			print_error("%s: the log has no context\n", row->id);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static const struct trouble_row *row_of(const char *id)
{
	size_t i;

	for (i = 0; i < trouble_rows; i++)
		if (!strcmp(trouble_table[i].id, id))
			return &trouble_table[i];
	return NULL;
}

/* A log without a row would be tested by nothing. */
static void test_every_log_has_its_row(void **state)
{
	glob_t g;
	size_t i;

	(void)state;
	assert_int_equal(glob(TESTS_DIR "/unit/logs/*.log", 0, NULL, &g), 0);
	for (i = 0; i < g.gl_pathc; i++) {
		char *name = strrchr(g.gl_pathv[i], '/') + 1;

		*strrchr(name, '.') = '\0';
		if (strncmp(name, "clean-", 6) && !row_of(name))
			fail_msg("%s.log belongs to no row", name);
	}
	globfree(&g);
}

static void test_clean_logs(void **state)
{
	glob_t g;
	size_t i;

	(void)state;
	assert_int_equal(glob(TESTS_DIR "/unit/logs/clean-*.log", 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= 1);
	for (i = 0; i < g.gl_pathc; i++) {
		struct scan s;

		assert_true(scan_file(g.gl_pathv[i], &s));
		assert_true(s.lines > 10);
		if (s.first)
			fail_msg("%s: matched %s in: %s", g.gl_pathv[i], s.first->id, s.line);
	}
	globfree(&g);
}

struct line_case {
	const char *line;
	const char *id;		/* NULL: no trouble */
};

static const struct line_case lines[] = {
	{ "", NULL },
	{ "[", NULL },
	{ "respawn: expect WARNING: CPU", NULL },
	{ "respawn: expect Kernel panic - not syncing", NULL },
	{ "# some diag mentioning BUG:", NULL },
	{ "    # case: BUG: KASAN: not really", NULL },
	{ "# [   12.345678] BUG: KASAN: quoted", NULL },
	{ "Kernel panic_on_oops is set", NULL },
	{ "debug: something", NULL },
	{ "[Firmware Bug]: TSC", NULL },
	{ "Kernel command line: panic=-1 oops=panic BUG: x", NULL },
	{ "rcu: RCU debug extended QS entry/exit.", NULL },
	{ "rcu: INFO: Stall ended before state dump start", NULL },
	{ "ok 3 warns_on_BUG:", NULL },
	{ "    not ok 3 Kernel panic - not syncing", NULL },
	{ "traps: a[1] general protection fault ip:1 sp:2 error:0", NULL },
	{ "WARNING: Spectre v2 mitigation leaves CPU vulnerable", NULL },
	{ "we print BUG: in the middle", NULL },
	{ " BUG: indented", NULL },
	{ "BUG report address", NULL },
	{ "INFO: task list", NULL },
	{ "kmemleak: Kernel memory leak detector disabled", NULL },
	{ "ODEBUG: Out of memory. ODEBUG disabled", NULL },
	{ "half a line of init[   12.345678] BUG: x", "bug" },
	{ "ok 1 ca[   12.345678][    T1] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x0/0x1", "warning" },
	{ "[ a [   12.345678] kernel BUG at a.c:1!", "bug-at" },
	{ "half a lineKernel panic - not syncing: x", "panic" },
	{ "general protection fault: 0000 [#1] SMP", "gpf" },
	{ "NMI watchdog: Watchdog detected hard LOCKUP on cpu 3", "hard-lockup" },
	{ "BUG: soft lockup - CPU#1 stuck for 22s! [a:1]", "soft-lockup" },
	{ "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "rcu-stall" },
	{ "Internal error: Oops: 96000004 [#1] SMP", "arm64-oops" },
	{ "Unable to handle kernel paging request at virtual address dead", "arm64-fault" },
	{ "Out of memory (oom_kill_allocating_task): Killed process 1 (a)", "oom-kill" },
};

static void test_lines(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct trouble_row *row = trouble_match(lines[i].line);

		if (row != (lines[i].id ? row_of(lines[i].id) : NULL))
			fail_msg("\"%s\": matched %s, wanted %s", lines[i].line,
				 row ? row->id : "nothing", lines[i].id ? lines[i].id : "nothing");
	}
}

static void test_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < trouble_rows; i++) {
		const struct trouble_row *row = &trouble_table[i];

		assert_ptr_equal(row_of(row->id), row);
		assert_true(row->text[0]);
		assert_true(row->what[0]);
		assert_true(strspn(row->id, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
			    strlen(row->id));
	}
	assert_int_equal(row_of("hung-task")->class, TROUBLE_HANG);
	assert_int_equal(row_of("soft-lockup")->class, TROUBLE_HANG);
	assert_int_equal(row_of("rcu-stall")->class, TROUBLE_HANG);
	assert_int_equal(row_of("panic")->class, TROUBLE_CRASH);
	assert_int_equal(row_of("warning")->class, TROUBLE_CRASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_every_row_has_its_log),
		cmocka_unit_test(test_every_log_has_its_row),
		cmocka_unit_test(test_clean_logs),
	};

	return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
