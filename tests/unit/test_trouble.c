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
	const struct trouble_row *but;	/* stacks and losses count if they are this row */
	char line[256];
	unsigned int lines, before;
	bool timed;
};

static void scan_line(void *arg, const struct console_line *line)
{
	struct scan *s = arg;
	const struct trouble_row *row = trouble_match(line);

	s->lines++;
	if (line->when >= 0)
		s->timed = true;
	if (!row || s->first)
		return;
	/* A report may come with either; the judge takes the report. */
	if (s->but && row != s->but && (trouble_is_stack(row) || row->class == TROUBLE_LOST))
		return;
	s->first = row;
	s->before = s->lines - 1;
	snprintf(s->line, sizeof(s->line), "%s", line->text);
}

/* Returns false if there is no such file. */
static bool scan_file(const char *path, const struct trouble_row *but, struct scan *s)
{
	struct console *con = console_new(scan_line, s);
	FILE *f = fopen(path, "rb");
	char buf[512];
	size_t len;

	*s = (struct scan){ .but = but };
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
		if (!scan_file(path, row, &s)) {
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

		assert_true(scan_file(g.gl_pathv[i], NULL, &s));
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
	{ "ok 3 warns_on_BUG:", NULL },
	{ "    not ok 3 Kernel panic - not syncing", NULL },
	{ "traps: a[1] general protection fault ip:1 sp:2 error:0", NULL },
	{ "WARNING: Spectre v2 mitigation leaves CPU vulnerable", NULL },
	{ "we print BUG: in the middle", NULL },
	{ " BUG: indented", NULL },
	{ "BUG report address", NULL },
	{ "INFO: task list", NULL },
	{ "kmemleak: Kernel memory leak detector disabled", NULL },
	{ "ODEBUG: Out of memory. ODEBUG disabled", "odebug-off" },
	{ "DMA-API: cacheline tracking ENOMEM, dma-debug disabled", "dma-debug-off" },
	{ "DMA-API: debugging disabled on kernel command line", NULL },
	{ "Freezing remaining freezable tasks failed after 20.003 seconds (0 tasks refusing to freeze, wq_busy=1):",
	  "freeze-failed" },
	{ "Freezing user space processes aborted after 0.003 seconds (1 tasks refusing to freeze, wq_busy=0):",
	  NULL },
	{ "Freezing user space processes completed (elapsed 0.001 seconds)", NULL },
	{ "NOHZ tick-stop error: local softirq work is pending, handler #08!!!", NULL },
	{ "The crash tool said WARNING: CPU: 1, which it quotes", NULL },
	{ "Error taking CPU3 up: -5", "cpu-not-up" },
	/* the stress driver has a state fail, or has a CPU kept */
	{ "Error taking CPU3 up: -11", NULL },
	{ "Error taking CPU3 down: -16", NULL },
	{ "CPU 2 UP state x86/apic:starting (94) failed (-22)", "cpu-callback" },
	{ "stack segment: 0000 [#1] PREEMPT SMP", "oops-counted" },
	{ "illegal operation: 0001 ilc:1 [#12]", "oops-counted" },
	{ "Oops - load access fault [#1]", "oops-riscv" },
	{ "Oops [#2]", "oops-plain" },
	{ "Linux version 6.12 (a@b) #1 SMP", NULL },
	{ "rcu: INFO: Stall ended before state dump start", "rcu-stall-ended" },
	{ "rcu: INFO: Stall ended during stack backtracing.", "rcu-stall-ended-meanwhile" },
	{ "rcu: INFO: Expedited stall ended before state dump start", "rcu-expedited-ended" },
	{ "INFO: task kworker/1:2:77 blocked for more than 20 seconds.", "hung-task" },
	{ "INFO: task kworker/1:2:77 blocked in I/O wait for more than 20 seconds.", "hung-task" },
	{ "INFO: task sh:77 is blocked on a mutex likely owned by task cat:78.", NULL },
	{ "INFO: The task sh:77 has been waiting for writeback completion for more than 21 seconds.",
	  "writeback" },
	{ "sh: page allocation stall for 10 secs: order:0, mode:0x0(GFP_KERNEL) nodemask=0",
	  "page-alloc-stall" },
	{ "half a lineKernel panic - not syncing: x", "panic" },
	{ "general protection fault: 0000 [#1] SMP", "gpf" },
	{ "NMI watchdog: Watchdog detected hard LOCKUP on cpu 3", "hard-lockup" },
	{ "BUG: soft lockup - CPU#1 stuck for 22s! [a:1]", "soft-lockup" },
	{ "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "rcu-stall" },
	{ "Internal error: Oops: 96000004 [#1] SMP", "arm64-oops" },
	{ "Unable to handle kernel paging request at virtual address dead", "arm64-fault" },
	{ "Out of memory (oom_kill_allocating_task): Killed process 1 (a)", "oom-kill" },
};

static struct console_line record(const char *text)
{
	return (struct console_line){
		.text = text, .when = 1, .level = LEVEL_UNKNOWN, .facility = FACILITY_UNKNOWN,
	};
}

static void expect_row(const struct console_line *line, const char *id)
{
	const struct trouble_row *row = trouble_match(line);

	if (id ? !row || strcmp(row->id, id) : !!row)
		fail_msg("\"%s\": matched %s, wanted %s", line->text,
			 row ? row->id : "nothing", id ? id : "nothing");
}

static void test_lines(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct console_line line = record(lines[i].line);

		expect_row(&line, lines[i].id);
	}
}

/* Wherever a console is cut into lines, what the kernel says is found. */
static void test_half_lines(void **state)
{
	static const struct {
		const char *bytes;
		const char *id;
	} halves[] = {
		{ "half a line of init[   12.345678] BUG: x\n", "bug" },
		{ "ok 1 ca[   12.345678][    T1] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x0/0x1\n",
		  "warning" },
		{ "[ a [   12.345678] kernel BUG at a.c:1!\n", "bug-at" },
		{ "[    1.000000] x\n# half[   12.345678] BUG: x\n", "bug" },
		{ "[    1.000000] x\n    # half[   12.345678] BUG: x\n", "bug" },
		{ "[   13.000000] x\n# quote[   12.345678] BUG: x\n", NULL },
		{ "respawn: hal[   12.345678] BUG: x\n", "bug" },
		{ "respawn: hal<1>[   12.345678] BUG: x\n", "bug" },
		{ "<6>[    1.000000] x\n# half<1>[   12.345678] BUG: x\n", "bug" },
		{ "<6>[    1.000000] x\nrespawn: hal<2>[   12.345678] no row has this\n", "loud" },
		{ "<6>[    1.000000] x\n# half<2>[   12.345678] no row has this\n", "loud" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(halves); i++) {
		struct scan s = { 0 };
		struct console *con = console_new(scan_line, &s);

		console_feed(con, halves[i].bytes, strlen(halves[i].bytes));
		console_end(con);
		console_free(con);
		if (halves[i].id ? !s.first || strcmp(s.first->id, halves[i].id) : !!s.first)
			fail_msg("\"%s\": matched %s", halves[i].bytes,
				 s.first ? s.first->id : "nothing");
	}
}

/* What the kernel says loudly is trouble, whatever it is; what others say is not. */
static void test_levels(void **state)
{
	static const struct {
		int level, facility;
		const char *text, *id;
	} said[] = {
		{ 2, FACILITY_KERNEL, "something that no row has", "loud" },
		{ 0, FACILITY_KERNEL, "something that no row has", "loud" },
		{ 3, FACILITY_KERNEL, "something that no row has", NULL },
		{ 2, FACILITY_USER, "something that no row has", NULL },
		{ 2, FACILITY_UNKNOWN, "something that no row has", NULL },
		{ 2, FACILITY_KERNEL, "", NULL },
		{ 0, FACILITY_KERNEL, "reboot: Restarting system", NULL },
		{ 0, FACILITY_KERNEL, "reboot: Hardware protection timed-out. Trying forced poweroff",
		  "loud" },
		{ 1, FACILITY_KERNEL, "onoff-torture:--- Start of test", NULL },
		{ 1, FACILITY_KERNEL, "onoff-torture:!!! End of test: FAILURE", "torture-bad" },
		{ 1, FACILITY_KERNEL, "rcu-torture:--- End of test: SUCCESS: nreaders=1", NULL },
		{ 1, FACILITY_KERNEL, "rcu-torture:--- End of test: FAILURE: nreaders=1",
		  "torture-end" },
		{ 1, FACILITY_KERNEL, "spin_lock-torture:--- End of test: LOCK_HOTPLUG [debug]: x=1",
		  "torture-end" },
		{ 1, FACILITY_KERNEL, "scftorture: --- End of test: FAILURE:  verbose=0",
		  "torture-end" },
		{ 4, FACILITY_KERNEL, "WARNING: CPU: 1 PID: 1 at a.c:1 f+0x0/0x1", "warning" },
		{ 4, FACILITY_USER, "WARNING: CPU: 1 PID: 1 at a.c:1 f+0x0/0x1", NULL },
		{ 6, FACILITY_USER, "all is well!!!", NULL },
		{ 1, FACILITY_KERNEL, "    # case: at level 1", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(said); i++) {
		struct console_line line = {
			.text = said[i].text, .when = 1, .level = said[i].level,
			.facility = said[i].facility,
		};

		expect_row(&line, said[i].id);
	}
}

/*
 * What the kernel's own rcutorture/bin/console-badness.sh looks for: for each of its
 * words, what the kernel says with it.
 */
static void test_no_worse_than_console_badness(void **state)
{
	static const char *const bad[] = {
		/* WARNING: */
		"WARNING: CPU: 1 PID: 77 at kernel/kthread.c:500 kthread_park+0x2c/0x90",
		"WARNING: possible circular locking dependency detected",
		"WARNING: suspicious RCU usage",
		"WARNING: bad unlock balance detected!",
		"WARNING: kernel stack regs at 00000000c0ffee01 in init:1 has bad 'bp' value 0",
		/* BUG, BUG: KCSAN: */
		"BUG: scheduling while atomic: init/1/0x00000002",
		"BUG: KCSAN: data-race in a / b",
		"kernel BUG at kernel/cpu.c:10!",
		"[ BUG: Invalid wait context ]",
		"BUG in find_next_ancestor: called with parent == child",
		/* Call Trace: */
		"Call Trace:",
		/* Oops: */
		"Oops: 0000 [#1] PREEMPT SMP",
		"Oops: general protection fault, probably for non-canonical address: 0000 [#1]",
		"Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP",
		/* detected stalls on CPUs/tasks:, self-detected stall on CPU and so on */
		"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
		"rcu: INFO: rcu_preempt self-detected stall on CPU",
		"rcu: INFO: Stall ended before state dump start",
		"rcu: rcu_preempt kthread starved for 2602 jiffies! g3933 f0x0 RCU_GP_WAIT_FQS(5)",
		"??? Writer stall state RTWS_SYNC(21) g3933 f0x0 ->state 0x2 cpu 1",
		/* !!! */
		"rcu-torture:!!! Reader pipe: 0 0 1",
		"rcu: rcu_nocb !!! nothing is right",
	};
	static const char *const fine[] = {
		"**   This means that this is a DEBUG kernel and it is     **",
		"Warning: unable to open an initial console.",
		"Warning: Failed to add ttynull console. No stdin, stdout, and stderr for the init process!",
		"NOHZ tick-stop error: Non-RCU local softirq work is pending, handler #08!!!",
		"ODEBUG: selftest passed",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct console_line line = record(bad[i]);

		if (!trouble_match(&line))
			fail_msg("\"%s\": is no trouble", bad[i]);
	}
	for (i = 0; i < ARRAY_SIZE(fine); i++) {
		struct console_line line = record(fine[i]);

		expect_row(&line, NULL);
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
		cmocka_unit_test(test_half_lines),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_no_worse_than_console_badness),
		cmocka_unit_test(test_every_row_has_its_log),
		cmocka_unit_test(test_every_log_has_its_row),
		cmocka_unit_test(test_clean_logs),
	};

	return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
