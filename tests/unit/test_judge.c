// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/judge/judge.c. Each file tests/unit/cases/NAME.log is a console,
 * NAME.expect has the verdict in its first line, or "not pass" for any but pass and
 * skip. Lines "failure: ..." and "signature: ..." have a part of them; the rest says
 * why.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "judge/judge.h"
#include "judge/lines.h"
#include "lib/util.h"

#ifndef TESTS_DIR
#error "define TESTS_DIR, the path of the directory tests, as a string"
#endif

#define STEPS_MAX	8

/* What a guest was asked for, by what its own console says that it did */
struct asked {
	struct judge_step steps[STEPS_MAX];
	struct strv names;
	struct judge_asked a;
};

static void ask(struct asked *asked, const char *log)
{
	*asked = (struct asked){ .a = { asked->steps, 0, 4 } };
	while ((log = strstr(log, "respawn: step "))) {
		char name[64], verb[8];

		log += strlen("respawn: step ");
		if (sscanf(log, "%63s %7s", name, verb) == 2 && !strcmp(verb, "begin"))
			strv_add(&asked->names, "%s", name);
	}
	assert_true(asked->names.n <= STEPS_MAX);
	for (; asked->a.n < asked->names.n; asked->a.n++)
		asked->steps[asked->a.n] = (struct judge_step){ asked->names.v[asked->a.n], "-" };
}

static struct judge *judge(const struct judge_asked *asked, const char *log, size_t len,
			   size_t step, enum ending ending, const char *detail)
{
	struct judge *j = judge_new(asked);

	for (size_t i = 0; i < len; i += step)
		judge_feed(j, log + i, len - i < step ? len - i : step);
	judge_end(j, ending, detail);
	return j;
}

/* A guest that was asked for the one step s and its suite, and ended by itself */
static struct judge *judge_one(const char *log, const char *suites)
{
	static struct judge_step step;
	static const struct judge_asked asked = { &step, 1, 4 };

	step = (struct judge_step){ "s", suites };
	return judge(&asked, log, strlen(log), 4096, ENDING_ITSELF, "");
}

static bool is_json(const char *s)
{
	json_t *o = json_string(s);
	bool is = o;

	json_decref(o);
	return is;
}

static bool json_tree(const struct ktap_test *t)
{
	if (!is_json(t->name) || (t->reason && !is_json(t->reason)) ||
	    (t->diag && !is_json(t->diag)))
		return false;
	for (t = t->children; t; t = t->next)
		if (!json_tree(t))
			return false;
	return true;
}

/* All that is said of a run can go into its record. */
static void check_json(const struct judge *j)
{
	__auto_free char *excerpt = judge_excerpt(j), *signature = judge_signature(j);
	const struct judge_failure *all;
	size_t n = judge_failures(j, &all);

	assert_true(is_json(excerpt));
	assert_true(is_json(signature));
	assert_true(json_tree(ktap_root(judge_ktap(j))));
	for (size_t i = 0; i < n; i++) {
		assert_true(is_json(all[i].what));
		assert_true(is_json(all[i].signature));
		assert_true(!all[i].test || is_json(all[i].test));
	}
}

static char *line_after(const char *text, const char *head)
{
	const char *at = strstr(text, head);

	at = at ? at + strlen(head) : NULL;
	return at ? fmt("%.*s", (int)strcspn(at, "\n"), at) : copy("");
}

static bool is_wanted(const struct judge *j, const char *expect)
{
	const char *verdict = verdict_name(judge_verdict(j));
	__auto_free char *signature = judge_signature(j);
	__auto_free char *part = line_after(expect, "\nsignature: ");
	__auto_free char *what = line_after(expect, "\nfailure: ");

	if (!strncmp(expect, "not pass\n", strlen("not pass\n")) ?
	    judge_verdict(j) <= VERDICT_SKIP :
	    strncmp(expect, verdict, strlen(verdict)) || expect[strlen(verdict)] != '\n')
		return false;
	return (!*what || (judge_failure(j) && strstr(judge_failure(j), what))) &&
	       strstr(signature, part);
}

static bool try_case(const char *path, size_t step)
{
	__auto_free char *expect_path = fmt("%.*s.expect", (int)(strlen(path) - 4), path);
	__auto_free char *expect = read_file(expect_path, NULL);
	__auto_free char *log = NULL;
	struct asked asked;
	struct judge *j;
	size_t len;
	bool good;

	log = read_file(path, &len);
	assert_non_null(log);
	assert_non_null(expect);
	ask(&asked, log);
	j = judge(&asked.a, log, len, step, ENDING_ITSELF, "");
	check_json(j);
	good = is_wanted(j, expect);
	if (!good)
		print_error("%s, %zu bytes at a time: %s: %s\n", path, step,
			    verdict_name(judge_verdict(j)),
			    judge_failure(j) ? judge_failure(j) : "");
	judge_free(j);
	strv_free(&asked.names);
	return good;
}

static void every_case_has_its_verdict(void **state)
{
	size_t wrong = 0;
	glob_t g;

	(void)state;
	assert_int_equal(glob(TESTS_DIR "/unit/cases/*.log", 0, NULL, &g), 0);
	assert_true(g.gl_pathc > 40);
	for (size_t i = 0; i < g.gl_pathc; i++)
		wrong += !try_case(g.gl_pathv[i], 1) || !try_case(g.gl_pathv[i], 1 << 20);
	globfree(&g);
	assert_int_equal(wrong, 0);
}

/* Their programs announce what they are to show; here nobody does. */
static void expect_nothing(char *log)
{
	while ((log = strstr(log, "respawn: expect ")))
		memcpy(log, "respawn: nobody ", strlen("respawn: nobody "));
}

/* No log of a report is a pass, whatever else the judge makes of it. */
static void every_log_is_judged(void **state)
{
	glob_t g;

	(void)state;
	assert_int_equal(glob(TESTS_DIR "/unit/logs/*.log", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		size_t len;
		__auto_free char *log = read_file(g.gl_pathv[i], &len);
		bool clean = strstr(g.gl_pathv[i], "/clean-boot");
		struct judge *j;

		expect_nothing(log);
		j = judge(NULL, log, len, len, ENDING_ITSELF, "");
		if ((judge_verdict(j) <= VERDICT_SKIP) != clean)
			fail_msg("%s: %s: %s", g.gl_pathv[i], verdict_name(judge_verdict(j)),
				 judge_failure(j) ? judge_failure(j) : "");
		check_json(j);
		judge_free(j);
	}
	globfree(&g);
}

#define BEGIN	"respawn: guest x86_64 6.12 cpus=4 seed=1\nrespawn: plan 1\nrespawn: step s begin\n"
#define DEMO	"KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: demo\n    1..1\n"
#define PASS	DEMO "    ok 1 works\nok 1 demo\n"
#define END	"respawn: step s end 0\nrespawn: done 1\n"

static void expect_verdict(const char *log, const char *suites, enum verdict v,
			   const char *what)
{
	struct judge *j = judge_one(log, suites);

	if (judge_verdict(j) != v || (what && !strstr(judge_failure(j), what)))
		fail_msg("%s: %s, wanted %s: %s", verdict_name(judge_verdict(j)),
			 judge_failure(j) ? judge_failure(j) : "", verdict_name(v), log);
	check_json(j);
	judge_free(j);
}

static void what_was_asked_has_to_come(void **state)
{
	(void)state;
	expect_verdict(BEGIN PASS END, "demo", VERDICT_PASS, NULL);
	expect_verdict(BEGIN PASS END, "demo,other", VERDICT_FAIL, "suite other never reported");
	expect_verdict(BEGIN END, "-", VERDICT_FAIL, "no test reported anything");
	expect_verdict("", "-", VERDICT_CRASH, "(an empty console)");
	expect_verdict(BEGIN PASS "respawn: step t end 0\nrespawn: done 1\n", "demo",
		       VERDICT_FAIL, "not its turn");
	expect_verdict(BEGIN PASS "respawn: step s begin\n" END, "demo", VERDICT_FAIL,
		       "began before");
	expect_verdict(BEGIN PASS "respawn: step s end 0\n", "demo", VERDICT_CRASH,
		       "before its plan was done");
	expect_verdict("respawn: plan 1\nrespawn: step s begin\n" PASS END, "demo",
		       VERDICT_FAIL, "did not say how many CPUs");
	expect_verdict("respawn: error mount /proc: no\n" BEGIN PASS END, "demo",
		       VERDICT_FAIL, "init says: mount /proc: no");
}

/* A suite has to report in the step that it is of, and as a suite. */
static void a_suite_reports_in_its_step(void **state)
{
	static const struct judge_step same[] = { { "s", "demo" }, { "s", "demo" } };
	static const struct judge_step two[] = { { "s", "demo" }, { "t", "demo" } };
	static const struct {
		const struct judge_step *steps;
		const char *second;
		enum verdict v;
	} runs[] = {
		{ same, "respawn: step s begin\n" PASS "respawn: step s end 0\n", VERDICT_PASS },
		{ same, "respawn: step s begin\nrespawn: step s end 0\n", VERDICT_FAIL },
		{ two, "respawn: step t begin\nrespawn: step t end 0\n", VERDICT_FAIL },
		{ two, PASS "respawn: step t begin\nrespawn: step t end 0\n", VERDICT_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		struct judge_asked asked = { runs[i].steps, 2, 4 };
		__auto_free char *log =
			fmt("respawn: guest x cpus=4\nrespawn: plan 2\nrespawn: step s begin\n"
			    PASS "respawn: step s end 0\n%srespawn: done 2\n", runs[i].second);
		struct judge *j = judge(&asked, log, strlen(log), 4096, ENDING_ITSELF, "");

		if (judge_verdict(j) != runs[i].v ||
		    (judge_failure(j) && !strstr(judge_failure(j), "demo never reported")))
			fail_msg("%s: %s", judge_failure(j) ?: "", log);
		judge_free(j);
	}
	/* A case of another suite has the name. */
	expect_verdict(BEGIN "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: other\n"
		       "    1..1\n    ok 1 demo\nok 1 other\n" END, "demo", VERDICT_FAIL,
		       "suite demo never reported");
}

/* Suites that the guest finds out: one is enough of those with a bar between them. */
static void what_the_guest_says_has_to_come(void **state)
{
	(void)state;
	expect_verdict(BEGIN "respawn: suites demo\n" PASS END, "-", VERDICT_PASS, NULL);
	expect_verdict(BEGIN "respawn: suites other|demo\n" PASS END, "-", VERDICT_PASS, NULL);
	expect_verdict(BEGIN "respawn: suites demo\nrespawn: suites other\n" PASS END, "-",
		       VERDICT_FAIL, "suite other never reported");
	expect_verdict(BEGIN "respawn: suites other|third\n" PASS END, "-", VERDICT_FAIL,
		       "suite other|third never reported");
}

/* A status of 4 is a skip where nothing says otherwise. */
static void a_skip_has_to_be_said(void **state)
{
	static const char end[] = "respawn: step s end 4\nrespawn: done 1\n";
	__auto_free char *alone = fmt("%s%s", BEGIN, end);
	__auto_free char *said = fmt("%sTAP version 13\n1..0 # SKIP no\n%s", BEGIN, end);
	__auto_free char *suite = fmt("%s%s    ok 1 works # SKIP no\nok 1 demo # SKIP no\n%s",
				      BEGIN, DEMO, end);
	__auto_free char *passed = fmt("%s%s%s", BEGIN, PASS, end);

	(void)state;
	expect_verdict(alone, "-", VERDICT_SKIP, NULL);
	expect_verdict(said, "-", VERDICT_SKIP, NULL);
	expect_verdict(alone, "demo", VERDICT_FAIL, "never reported");
	expect_verdict(said, "demo", VERDICT_SKIP, NULL);
	expect_verdict(suite, "demo", VERDICT_SKIP, NULL);
	expect_verdict(passed, "demo", VERDICT_FAIL, "ended with status 4");
	expect_verdict(passed, "-", VERDICT_PASS, NULL);
}

static char *signature_of(const char *log, enum ending ending, const char *detail)
{
	static const struct judge_step step = { "s", "-" };
	static const struct judge_asked asked = { &step, 1, 4 };
	struct judge *j = judge(&asked, log, strlen(log), 4096, ending, detail);
	char *s = judge_signature(j);

	judge_free(j);
	return s;
}

static void two_hangs_have_two_signatures(void **state)
{
	static const char *const names[] = {
		"31a-two-hangs-one-signature", "31b-two-hangs-one-signature",
	};
	char *signature[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		__auto_free char *path = fmt("%s/unit/cases/%s.log", TESTS_DIR, names[i]);
		__auto_free char *log = read_file(path, NULL);

		signature[i] = signature_of(log, ENDING_ITSELF, "");
	}
	assert_non_null(strstr(signature[0], " in cpus_read_lock < demo_register"));
	assert_non_null(strstr(signature[1], " in kthread_park < demo_offline"));
	free(signature[0]);
	free(signature[1]);
}

/* A task that the stress driver finds stuck, and stacks of such tasks */
#define STUCK(what)	"respawn: stress stuck " what " for 10028 ms\n"
#define SLEEPING	"task:stress state:D stack:0 pid:66 tgid:66 ppid:61 flags:0x0\n" \
			"Call trace:\n __switch_to+0xb8/0xd8\n __schedule+0x1d4/0x5b0\n" \
			" schedule+0x30/0x88\n"
#define LOCKED		SLEEPING " __mutex_lock.constprop.0+0x264/0x960\n" \
			" mutex_lock+0x44/0x4c\n life_with+0x38/0x1c4 [torture]\n"
#define FLUSHING	SLEEPING " wait_for_completion+0x1c/0x24\n" \
			" __flush_work+0x1d4/0x3dc\n work_on_cpu_key+0x64/0x78\n"
#define COMPLETING	SLEEPING " wait_for_completion+0x1c/0x24\n" \
			" cpuhp_issue_call+0xec/0x258\n __cpuhp_setup_state+0x50/0x70\n"
#define PARKING		SLEEPING " wait_for_completion+0x1c/0x24\n kthread_park+0xec/0x258\n"

/* Reports of one bug in two runs, and one of another bug */
static const struct {
	const char *one, *same, *other;
} reports[] = {
	/* addresses, tasks, CPUs and taints; the function is what counts */
	{ "WARNING: CPU: 0 PID: 12 at lib/a.c:10 a+0x8/0x20\nCPU: 0 PID: 12 Comm: kworker/0:1\n"
	  "Call trace:\n a+0x8/0x20\n b+0x1/0x2\n worker_thread+0x1/0x2\n",
	  "WARNING: CPU: 3 PID: 9 at lib/a.c:10 a+0x8/0x20\nCPU: 3 PID: 9 Comm: kworker/u8:3\n"
	  "Call trace:\n a+0x8/0x20\n b+0x1/0x2\n worker_thread+0x1/0x2\n",
	  "WARNING: CPU: 0 PID: 12 at lib/a.c:10 a+0x8/0x20\nCPU: 0 PID: 12 Comm: kworker/0:1\n"
	  "Call trace:\n a+0x8/0x20\n c+0x1/0x2\n worker_thread+0x1/0x2\n" },
	/* a soft lockup: what the timer's interrupt came upon */
	{ "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [ksoftirqd/1:21]\npc : spin+0x4/0x10\n"
	  "lr : looper+0x4/0x10\nCall trace:\n spin+0x4/0x10\n looper+0x4/0x10\n",
	  "watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [ksoftirqd/3:31]\npc : spin+0x8/0x10\n"
	  "lr : looper+0x4/0x10\nCall trace:\n spin+0x8/0x10\n looper+0x4/0x10\n",
	  "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [ksoftirqd/1:21]\npc : other+0x4/0x10\n"
	  "lr : looper+0x4/0x10\nCall trace:\n other+0x4/0x10\n looper+0x4/0x10\n" },
	/* an RCU stall: not the interrupt that reports it */
	{ "rcu: INFO: rcu_preempt self-detected stall on CPU\nrcu: \t1-....: (99 ticks this GP)\n"
	  "Call Trace:\n <IRQ>\n rcu_dump_cpu_stacks+0x1/0x2\n tick_nohz_handler+0x1/0x2\n"
	  " __sysvec_apic_timer_interrupt+0x1/0x2\n </IRQ>\n <TASK>\n"
	  " asm_sysvec_apic_timer_interrupt+0x1/0x2\nRIP: 0010:spin+0x4/0x10\n looper+0x4/0x10\n",
	  "rcu: INFO: rcu_preempt self-detected stall on CPU\nrcu: \t2-....: (77 ticks this GP)\n"
	  "Call Trace:\n <IRQ>\n sched_show_task+0x1/0x2\n something_of_irqs+0x1/0x2\n"
	  " __sysvec_apic_timer_interrupt+0x1/0x2\n </IRQ>\n <TASK>\n"
	  " asm_sysvec_apic_timer_interrupt+0x1/0x2\nRIP: 0010:spin+0x4/0x10\n looper+0x4/0x10\n",
	  "rcu: INFO: rcu_preempt self-detected stall on CPU\nrcu: \t1-....: (99 ticks this GP)\n"
	  "Call Trace:\n <IRQ>\n rcu_dump_cpu_stacks+0x1/0x2\n tick_nohz_handler+0x1/0x2\n"
	  " __sysvec_apic_timer_interrupt+0x1/0x2\n </IRQ>\n <TASK>\n"
	  " asm_sysvec_apic_timer_interrupt+0x1/0x2\n"
	  "RIP: 0010:other+0x4/0x10\n looper+0x4/0x10\n" },
	/* a workqueue: by what it works on */
	{ "BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 43s!\n"
	  "Showing busy workqueues and worker pools:\nworkqueue events: flags=0x0\n"
	  "  pwq 6: cpus=1 node=0 flags=0x0 nice=0 active=1/256\n    in-flight: 27:slow_work\n",
	  "BUG: workqueue lockup - pool cpus=2 node=0 flags=0x0 nice=0 stuck for 31s!\n"
	  "Showing busy workqueues and worker pools:\nworkqueue events: flags=0x0\n"
	  "  pwq 10: cpus=2 node=0 flags=0x0 nice=0 active=1/256\n    in-flight: 99:slow_work\n",
	  "BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 43s!\n"
	  "Showing busy workqueues and worker pools:\nworkqueue events: flags=0x0\n"
	  "  pwq 6: cpus=1 node=0 flags=0x0 nice=0 active=1/256\n    in-flight: 27:other_work\n" },
	/* lockdep: by the locks, whoever takes them first */
	{ "WARNING: possible circular locking dependency detected\na/1 is trying to acquire lock:\n"
	  "ffff888003c04000 (lock_a){+.+.}-{3:3}, at: fa+0x1/0x2\n"
	  "but task is already holding lock:\nffff888003c05000 (lock_b){+.+.}-{3:3}, at: fb+0x1/0x2\n",
	  "WARNING: possible circular locking dependency detected\nb/2 is trying to acquire lock:\n"
	  "ffff888003c15000 (lock_b){+.+.}-{3:3}, at: fb+0x1/0x2\n"
	  "but task is already holding lock:\nffff888003c14000 (lock_a){+.+.}-{3:3}, at: fa+0x1/0x2\n",
	  "WARNING: possible circular locking dependency detected\na/1 is trying to acquire lock:\n"
	  "ffff888003c04000 (lock_a){+.+.}-{3:3}, at: fa+0x1/0x2\n"
	  "but task is already holding lock:\n"
	  "ffff888003c05000 (lock_c){+.+.}-{3:3}, at: fc+0x1/0x2\n" },
	/* KASAN: its own functions say nothing */
	{ "BUG: KASAN: slab-use-after-free in user+0x10/0x20\nRead of size 8 at addr ffff888003c04000 by task a/77\n"
	  "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n print_report+0x1/0x2\n kasan_report+0x1/0x2\n"
	  " user+0x10/0x20\n caller+0x1/0x2\n </TASK>\n\nAllocated by task 1:\n maker+0x1/0x2\n",
	  "BUG: KASAN: slab-use-after-free in user+0x10/0x20\nRead of size 8 at addr ffff88800aa04000 by task b/99\n"
	  "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n print_report+0x1/0x2\n __asan_load8+0x1/0x2\n"
	  " user+0x10/0x20\n caller+0x1/0x2\n </TASK>\n\nAllocated by task 1:\n maker+0x1/0x2\n",
	  "BUG: KASAN: slab-use-after-free in user+0x10/0x20\nRead of size 8 at addr ffff888003c04000 by task a/77\n"
	  "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n print_report+0x1/0x2\n kasan_report+0x1/0x2\n"
	  " user+0x10/0x20\n another+0x1/0x2\n </TASK>\n\nAllocated by task 1:\n maker+0x1/0x2\n" },
	/* KCSAN: by the two functions, whatever an interrupt came into */
	{ "BUG: KCSAN: data-race in reader / writer\n\n"
	  "write to 0xffff888003c04000 of 8 bytes by interrupt on cpu 0:\n"
	  " writer+0x10/0x20\n asm_sysvec_a+0x1/0x2\n some_fn+0x1/0x2\n",
	  "BUG: KCSAN: data-race in reader / writer\n\n"
	  "write to 0xffff88800aa04000 of 8 bytes by interrupt on cpu 1:\n"
	  " writer+0x10/0x20\n asm_sysvec_a+0x1/0x2\n other_fn+0x1/0x2\n",
	  "BUG: KCSAN: data-race in other_writer / reader\n\n"
	  "write to 0xffff888003c04000 of 8 bytes by interrupt on cpu 0:\n"
	  " other_writer+0x10/0x20\n asm_sysvec_a+0x1/0x2\n some_fn+0x1/0x2\n" },
	/* panics, with the stack behind them */
	{ "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\nCPU: 0 PID: 1\n"
	  "Call trace:\n dump_backtrace+0x1/0x2\n panic+0x1/0x2\n do_exit+0x1/0x2\n",
	  "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\nCPU: 2 PID: 1\n"
	  "Call trace:\n show_stack+0x1/0x2\n panic+0x1/0x2\n do_exit+0x1/0x2\n",
	  "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\nCPU: 0 PID: 1\n"
	  "Call trace:\n dump_backtrace+0x1/0x2\n panic+0x1/0x2\n other+0x1/0x2\n" },
	/* ... and before them */
	{ "CPU: 1 PID: 7\nCall trace:\n show_stack+0x1/0x2\n deep+0x1/0x2\nKernel panic - not syncing: x\n",
	  "CPU: 2 PID: 8\nCall trace:\n show_stack+0x1/0x2\n deep+0x1/0x2\nKernel panic - not syncing: x\n",
	  "CPU: 1 PID: 7\nCall trace:\n show_stack+0x1/0x2\n other+0x1/0x2\n"
	  "Kernel panic - not syncing: x\n" },
	/* a task that waits, by what for */
	{ "INFO: task kworker/2:1:45 blocked for more than 20 seconds.\nCall trace:\n __switch_to+0x1/0x2\n"
	  " __schedule+0x1/0x2\n schedule+0x1/0x2\n schedule_preempt_disabled+0x1/0x2\n"
	  " __mutex_lock.constprop.0+0x1/0x2\n mutex_lock+0x1/0x2\n owner+0x1/0x2\n",
	  "INFO: task kworker/0:3:51 blocked for more than 41 seconds.\nCall trace:\n __switch_to+0x1/0x2\n"
	  " __schedule+0x1/0x2\n schedule+0x1/0x2\n schedule_preempt_disabled+0x1/0x2\n"
	  " __mutex_lock.isra.0+0x1/0x2\n mutex_lock+0x1/0x2\n owner.part.0+0x1/0x2\n",
	  "INFO: task kworker/2:1:45 blocked for more than 20 seconds.\nCall trace:\n __switch_to+0x1/0x2\n"
	  " __schedule+0x1/0x2\n schedule+0x1/0x2\n schedule_preempt_disabled+0x1/0x2\n"
	  " __mutex_lock.constprop.0+0x1/0x2\n mutex_lock+0x1/0x2\n another+0x1/0x2\n" },
	/* an oops */
	{ "BUG: kernel NULL pointer dereference, address: 0000000000000018\nOops: 0000 [#1] SMP\n"
	  "RIP: 0010:deref+0x4/0x10\nCall Trace:\n <TASK>\n ? __die_body+0x1/0x2\n caller+0x1/0x2\n",
	  "BUG: kernel NULL pointer dereference, address: 0000000000000020\nOops: 0000 [#2] SMP\n"
	  "RIP: 0010:deref+0x8/0x10\nCall Trace:\n <TASK>\n ? page_fault_oops+0x1/0x2\n caller+0x1/0x2\n",
	  "BUG: kernel NULL pointer dereference, address: 0000000000000018\nOops: 0000 [#1] SMP\n"
	  "RIP: 0010:other+0x4/0x10\nCall Trace:\n <TASK>\n"
	  " ? __die_body+0x1/0x2\n caller+0x1/0x2\n" },
	/* tests, by their whole names; what the stress driver looked at */
	{ DEMO "    not ok 1 t1 # TIMEOUT 45 s\nnot ok 1 demo\n" END,
	  DEMO "    not ok 1 t1 # TIMEOUT 51 s\nnot ok 1 demo\n" END,
	  DEMO "    not ok 1 t2 # TIMEOUT 45 s\nnot ok 1 demo\n" END },
	{ "respawn: stress failed cpu: pid 77 ran on CPU 2\n",
	  "respawn: stress failed cpu: pid 91 ran on CPU 0\n",
	  "respawn: stress failed census: pid 77 ran on CPU 2\n" },
	/* what is stuck, not who was noticed first */
	{ STUCK("offline of slot 1 by actor 2") LOCKED STUCK("set of slot 0 by actor 1") COMPLETING
	  "respawn: stress failed operations_in_time: offline of slot 1 takes 10028 ms\n",
	  STUCK("suspend of slot 0 by actor 4") FLUSHING STUCK("task kworker/1:0/25") COMPLETING
	  "respawn: stress failed operations_in_time: suspend of slot 0 takes 10101 ms\n",
	  STUCK("offline of slot 1 by actor 2") LOCKED STUCK("set of slot 0 by actor 1") PARKING
	  "respawn: stress failed operations_in_time: offline of slot 1 takes 10028 ms\n" },
	{ "INFO: task init:1 blocked for more than 20 seconds.\n" LOCKED
	  "INFO: task stress:66 blocked for more than 20 seconds.\n" COMPLETING,
	  "INFO: task kworker/1:0:25 blocked for more than 21 seconds.\n" COMPLETING
	  "INFO: task stress:66 blocked for more than 25 seconds.\n" FLUSHING,
	  "INFO: task init:1 blocked for more than 20 seconds.\n" LOCKED
	  "INFO: task stress:66 blocked for more than 20 seconds.\n" PARKING },
	{ STUCK("offline of slot 1 by actor 2") LOCKED STUCK("set of slot 0 by actor 1") FLUSHING
	  "respawn: stress failed operations_in_time: offline of slot 1 takes 10028 ms\n",
	  STUCK("set of slot 0 by actor 1") FLUSHING
	  "respawn: stress failed operations_in_time: set of slot 0 takes 10028 ms\n",
	  STUCK("set of slot 0 by actor 1") LOCKED
	  "respawn: stress failed operations_in_time: set of slot 0 takes 10028 ms\n" },
	{ PASS "respawn: step s end 1\nrespawn: done 1\n", PASS "respawn: step s end 1\nrespawn: done 1\n",
	  PASS "respawn: step s end 139\nrespawn: done 1\n" },
};

static char *signature_in_step(const char *report)
{
	__auto_free char *log = fmt("%s%s", BEGIN, report);

	return signature_of(log, ENDING_ITSELF, "");
}

static void one_bug_has_one_signature(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
		__auto_free char *one = signature_in_step(reports[i].one);
		__auto_free char *same = signature_in_step(reports[i].same);
		__auto_free char *other = signature_in_step(reports[i].other);

		if (!*one || strcmp(one, same) || !strcmp(one, other))
			fail_msg("one:   %s\nsame:  %s\nother: %s", one, same, other);
	}
}

/* The stacks are no trouble, and the excerpt shows the one that counts. */
static void what_is_stuck_is_shown(void **state)
{
	static const char log[] =
		BEGIN STUCK("offline of slot 1 by actor 2") LOCKED
		STUCK("set of slot 0 by actor 1") COMPLETING
		"respawn: stress failed operations_in_time: offline of slot 1 takes 10028 ms\n";
	struct judge *j = judge(NULL, log, strlen(log), 4096, ENDING_ITSELF, "");
	__auto_free char *signature = judge_signature(j), *excerpt = judge_excerpt(j);

	(void)state;
	assert_string_equal(signature,
			    "fail: stress.operations_in_time: stuck in cpuhp_issue_call");
	assert_string_equal(judge_failure(j),
			    "stress.operations_in_time: offline of slot 1 takes 10028 ms");
	assert_non_null(strstr(excerpt, "> respawn: stress stuck set of slot 0 by actor 1"));
	/* A guest that says no more after that is not waited for. */
	assert_true(judge_in_trouble(j));
	judge_free(j);
}

/* A console that fell silent: neither numbers nor where its last line was cut count. */
static void silence_has_one_signature(void **state)
{
	__auto_free char *a = signature_of(BEGIN "seed 12, pid 77 waits\n", ENDING_SILENT,
					   "nothing was heard for 60 s");
	__auto_free char *b = signature_of(BEGIN "seed 9, pid 3 waits\nhalf a li", ENDING_SILENT,
					   "nothing was heard for 61 s");
	__auto_free char *c = signature_of(BEGIN "seed 9, pid 3 runs\n", ENDING_SILENT,
					   "nothing was heard for 60 s");
	__auto_free char *d = signature_of(BEGIN "x\n", ENDING_FLOOD, "no end \xff");

	(void)state;
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_memory_equal(a, "hang: ", 6);
	assert_memory_equal(d, "hang: no end ", 13);
	assert_true(is_json(d));
}

static void all_failures_are_kept(void **state)
{
	struct judge *j = judge_one(BEGIN DEMO "    not ok 1 works: no\nnot ok 1 demo\n"
				    "WARNING: CPU: 0 PID: 12 at lib/a.c:10 a+0x8/0x20\n"
				    "WARNING: CPU: 1 PID: 13 at lib/a.c:10 a+0x8/0x20\n"
				    "WARNING: CPU: 1 PID: 13 at lib/b.c:10 b+0x8/0x20\n"
				    "respawn: step s end 3\nrespawn: done 1\n", "demo");
	const struct judge_failure *all;

	(void)state;
	assert_int_equal(judge_failures(j, &all), 4);
	assert_int_equal(judge_failures_more(j), 0);
	assert_string_equal(all[0].what, "demo.works: no failed");
	assert_string_equal(all[0].test, "demo.works: no");
	assert_int_equal(all[0].verdict, VERDICT_FAIL);
	assert_non_null(strstr(all[1].what, "lib/a.c"));
	assert_int_equal(all[1].verdict, VERDICT_CRASH);
	assert_string_equal(all[1].test, "step s");
	assert_non_null(strstr(all[2].what, "lib/b.c"));
	assert_string_not_equal(all[1].signature, all[2].signature);
	assert_string_equal(all[3].what, "step s ended with status 3");
	/* What says most of the run is not what came first. */
	assert_int_equal(judge_verdict(j), VERDICT_CRASH);
	assert_string_equal(judge_failure(j), all[1].what);
	judge_free(j);
}

static void failures_are_bounded(void **state)
{
	struct judge *j = judge_new(NULL);
	const struct judge_failure *all;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char name[3] = { (char)('a' + i % 26), (char)('a' + i / 26 % 26), 0 };
		__auto_free char *line = fmt("WARNING: CPU: 0 PID: 1 at %s%c.c:1 f+0x0/0x1\n", name,
					     'a' + i / 676);

		judge_feed(j, line, strlen(line));
	}
	judge_end(j, ENDING_ITSELF, "");
	assert_int_equal(judge_failures(j, &all), JUDGE_FAILURES_MAX);
	assert_int_equal(judge_failures_more(j), 1000 - JUDGE_FAILURES_MAX);
	judge_free(j);
}

/* A console without end: what went wrong in its middle is still shown. */
static void a_flood_is_bounded(void **state)
{
	struct lines *l = lines_new();
	struct judge *j = judge_new(NULL);
	__auto_free char *excerpt = NULL;
	char line[1000];
	size_t kept = 0, n = 100000;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	for (size_t i = 1; i <= n; i++) {
		if (i == n / 2)
			lines_pin(l, i - 10, i + 10);
		lines_add(l, i, line);
	}
	for (size_t i = 1; i <= n; i++)
		kept += lines_at(l, i) ? sizeof(line) : 0;
	assert_true(kept < LINES_HEAD_MAX + LINES_TAIL_MAX * sizeof(line) + LINES_PINNED_MAX);
	assert_non_null(lines_at(l, 1));
	assert_non_null(lines_at(l, n));
	assert_non_null(lines_at(l, n / 2 - 10));
	assert_non_null(lines_at(l, n / 2 + 9));
	assert_null(lines_at(l, n / 2 + 11));
	assert_null(lines_at(l, n + 1));
	lines_free(l);

	line[sizeof(line) - 1] = '\n';
	for (size_t i = 0; i < n; i++) {
		static const char bug[] = "[    1.000000] BUG: in the middle\n a+0x1/0x2\n";

		if (i == n / 2)
			judge_feed(j, bug, strlen(bug));
		judge_feed(j, line, sizeof(line));
	}
	judge_end(j, ENDING_FLOOD, "more than 64 MB");
	assert_int_equal(judge_verdict(j), VERDICT_CRASH);
	excerpt = judge_excerpt(j);
	assert_non_null(strstr(excerpt, "\n> BUG: in the middle\n   a+0x1/0x2\n"));
	judge_free(j);
}

/* So many registers that the stack is not among the lines that are shown otherwise */
static void the_stack_is_shown(void **state)
{
	struct judge *j = judge_new(NULL);
	__auto_free char *excerpt = NULL;
	static const char log[] = BEGIN "[    1.000000] BUG: in the middle\n";
	static const char trace[] =
		"[    1.000000] Call trace:\n[    1.000000]  a+0x1/0x2\n"
		"[    1.000000]  b+0x1/0x2\n[    1.000000] ---[ end trace 0000000000000000 ]---\n"
		"[    1.000000] what comes then\n";

	(void)state;
	judge_feed(j, log, strlen(log));
	for (size_t i = 0; i < 40; i++) {
		static const char line[] = "[    1.000000] x1 : 0000000000000000\n";

		judge_feed(j, line, strlen(line));
	}
	judge_feed(j, trace, strlen(trace));
	judge_end(j, ENDING_ITSELF, NULL);
	excerpt = judge_excerpt(j);
	assert_non_null(strstr(excerpt, "\n   a+0x1/0x2\n   b+0x1/0x2\n  ---[ end trace"));
	assert_null(strstr(excerpt, "what comes then"));
	judge_free(j);
}

/* The last line of a kernel counts, though no other comes. */
static void the_newest_line_is_looked_at(void **state)
{
	static const char log[] = BEGIN "respawn: words at 0x1000 size 64\n";
	static const char panic[] = "Kernel panic - not syncing: x\n";
	struct judge *j = judge_new(NULL);
	unsigned long long at;
	size_t size;

	(void)state;
	judge_feed(j, log, strlen(log));
	assert_true(judge_greeted(j));
	assert_true(judge_words(j, &at, &size));
	assert_int_equal(at, 0x1000);
	assert_int_equal(size, 64);
	assert_false(judge_in_trouble(j));
	judge_feed(j, panic, strlen(panic));
	assert_true(judge_in_trouble(j));
	judge_end(j, ENDING_TROUBLE, "");
	assert_int_equal(judge_verdict(j), VERDICT_CRASH);
	judge_free(j);
}

static void an_expected_line_is_no_trouble(void **state)
{
	static const char log[] = BEGIN "respawn: expect demo\n"
				  "WARNING: CPU: 0 PID: 1 at a.c:1 demo\n";
	struct judge *j = judge_new(NULL);

	(void)state;
	judge_feed(j, log, strlen(log));
	assert_false(judge_in_trouble(j));
	judge_free(j);
}

/* What is announced is a warning, at a place that is named, and no crash at it. */
static void only_a_warning_can_be_meant(void **state)
{
	static const struct {
		const char *text, *trouble;
		enum verdict v;
	} meant[] = {
		{ "demo", "WARNING: CPU: 0 PID: 1 at a.c:1 demo", VERDICT_PASS },
		{ "demo", "WARNING: a.c:1 at demo, CPU#0: init/1", VERDICT_PASS },
		{ "demo", "BUG: KASAN: slab-use-after-free in demo", VERDICT_CRASH },
		{ "kernel/cpu.c", "kernel BUG at kernel/cpu.c:1!", VERDICT_CRASH },
		{ "kthread_park", "INFO: task kthread_park:7 blocked for more than 20 seconds.",
		  VERDICT_HANG },
		{ "demo", "WARNING: demo/1 still has locks held!", VERDICT_CRASH },
		{ "", "Kernel panic - not syncing: demo", VERDICT_CRASH },
		{ "still has locks held!", "WARNING: demo/1 still has locks held!", VERDICT_PASS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(meant); i++) {
		__auto_free char *log = fmt(BEGIN "respawn: expect %s\n%s\n" PASS END,
					    meant[i].text, meant[i].trouble);

		expect_verdict(log, "demo", meant[i].v, NULL);
	}
}

/* Lockdep makes one report, and is off after it. */
static void lockdep_is_off_after_its_report(void **state)
{
	static const char off[] = BEGIN PASS "INFO: lockdep is turned off.\n" END;
	static const char meant[] = BEGIN "respawn: expect possible circular\n"
				    "WARNING: possible circular locking dependency detected\n"
				    PASS "INFO: lockdep is turned off.\n" END;

	(void)state;
	expect_verdict(off, "demo", VERDICT_CRASH, "lockdep is turned off");
	expect_verdict(meant, "demo", VERDICT_PASS, NULL);
}

/* A log from elsewhere is held to what it says itself. */
static void a_log_from_elsewhere(void **state)
{
	static const struct {
		const char *log;
		enum verdict v;
	} logs[] = {
		{ "[    1.000000] a clean dmesg\n", VERDICT_PASS },
		{ "[    1.000000] BUG: x\n", VERDICT_CRASH },
		{ PASS, VERDICT_PASS },
		{ DEMO "    not ok 1 works\nnot ok 1 demo\n", VERDICT_FAIL },
		{ DEMO, VERDICT_FAIL },
		{ "TAP version 13\n1..0 # SKIP no\n", VERDICT_SKIP },
		{ "TAP version 13\n1..0\n", VERDICT_SKIP },
		{ "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: a\n    1..0\nok 1 a\n",
		  VERDICT_SKIP },
		/* as journalctl -k -o short-monotonic has it */
		{ "[   12.345678] host kernel: BUG: unable to handle x\n", VERDICT_CRASH },
		{ "[   12.345678] host kernel: KTAP version 1\n[   12.345678] host kernel: 1..1\n"
		  "[   12.345678] host kernel: not ok 1 a\n", VERDICT_FAIL },
		{ "[   12.345678] host kernel: smpboot: CPU 3 is now offline\n", VERDICT_PASS },
		/* a torture test says itself how it ended */
		{ "[    9.000000] rcu-torture:--- End of test: SUCCESS: n=3\n", VERDICT_PASS },
		{ "[    9.000000] rcu-torture:--- End of test: FAILURE: n=3\n", VERDICT_FAIL },
		/* a failure whose document is lost, or that the log ends in */
		{ "[    1.000000]     not ok 8 c8\n[    1.100000] not ok 1 demo\n", VERDICT_FAIL },
		{ "1..2\nok 1 a\nnot ok 2 b\n", VERDICT_FAIL },
		{ "TAP version 13\nok 1 a\nnot ok 2 b", VERDICT_FAIL },
		{ "[    1.000000] Bail out! no memory\n", VERDICT_FAIL },
		{ "[    1.000000] # not ok 1 quoted\n", VERDICT_PASS },
		{ "[    1.000000] not okay\n", VERDICT_PASS },
		{ BEGIN PASS END, VERDICT_PASS },
		{ BEGIN PASS, VERDICT_CRASH },
		{ "respawn: plan 2\nrespawn: step s begin\n" PASS END, VERDICT_FAIL },
		{ BEGIN END, VERDICT_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		struct judge *j = judge(NULL, logs[i].log, strlen(logs[i].log), 4096,
					ENDING_ITSELF, "");

		if (judge_verdict(j) != logs[i].v)
			fail_msg("%s: %s: %s", verdict_name(judge_verdict(j)),
				 judge_failure(j) ? judge_failure(j) : "", logs[i].log);
		judge_free(j);
	}
}

/* However many cases failed before that, how a guest ended is told. */
static void an_end_is_told_after_many_failures(void **state)
{
	char *log = NULL;
	size_t size;
	FILE *f = open_memstream(&log, &size);
	struct judge *j;

	(void)state;
	fprintf(f, BEGIN "KTAP version 1\n1..1000\n");
	for (int i = 1; i <= 1000; i++)
		fprintf(f, "not ok %d a%d\n", i, i);
	fclose(f);
	j = judge(NULL, log, size, 4096, ENDING_ITSELF, "");
	assert_int_equal(judge_verdict(j), VERDICT_CRASH);
	assert_non_null(strstr(judge_failure(j), "the guest ended before its plan was done"));
	judge_free(j);
	free(log);
}

static void a_host_at_fault_says_nothing_of_the_guest(void **state)
{
	static const char log[] = BEGIN "BUG: x\n";
	struct judge *j = judge(NULL, log, strlen(log), 4096, ENDING_KILLED, "QEMU was killed \xff");
	const struct judge_failure *all;

	(void)state;
	assert_int_equal(judge_verdict(j), VERDICT_ERROR);
	assert_int_equal(judge_failures(j, &all), 1);
	assert_string_equal(judge_failure(j), "QEMU was killed \xef\xbf\xbd");
	judge_free(j);
}

#define BUILT_IN	"[    0.200000] "
#define SUITE(result)	BUILT_IN "KTAP version 1\n" BUILT_IN "1..1\n" BUILT_IN result " 1 a\n"
#define DONE		"[    0.300000] smp: Brought up 1 node, 4 CPUs\n"

/* Others go on from there, and their consoles do not have what was said before. */
static void a_boot_is_judged(void **state)
{
	static const struct {
		const char *log;
		bool good;
	} boots[] = {
		{ "[    0.100000] smp: Brought up 1 node, 4 CPUs\n", true },
		{ "[    0.100000] WARNING: CPU: 0 PID: 1 at kernel/a.c:1 a+0x1/0x2\n", false },
		{ "[    0.100000] CPU2: failed to come online\n", false },
		{ "[    0.100000] ** 3 printk messages dropped **\n", false },
		{ "<2>[    0.100000] something that no row knows\n", false },
		{ SUITE("ok") DONE, true },
		{ SUITE("not ok") DONE, false },
		{ SUITE("not ok"), false },
		{ BUILT_IN "KTAP version 1\n" BUILT_IN "Bail out! nothing works\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++) {
		struct judge *j = judge(NULL, boots[i].log, strlen(boots[i].log), 4096,
					ENDING_ITSELF, "");

		if (!judge_boot_trouble(j) != boots[i].good)
			fail_msg("%s", boots[i].log);
		judge_free(j);
	}
}

static void cases_before_are_counted(void **state)
{
	struct judge *j = judge_one(BEGIN DEMO "    ok 1 a\n    ok 2 b\nBUG: x\n    ok 3 c\n", "demo");

	(void)state;
	assert_int_equal(judge_cases_before(j), 2);
	judge_free(j);
}

static void the_judge_has_a_version(void **state)
{
	(void)state;
	assert_int_equal(strlen(judge_version()), 16);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_has_its_verdict),
		cmocka_unit_test(every_log_is_judged),
		cmocka_unit_test(what_was_asked_has_to_come),
		cmocka_unit_test(a_suite_reports_in_its_step),
		cmocka_unit_test(what_the_guest_says_has_to_come),
		cmocka_unit_test(a_skip_has_to_be_said),
		cmocka_unit_test(two_hangs_have_two_signatures),
		cmocka_unit_test(one_bug_has_one_signature),
		cmocka_unit_test(what_is_stuck_is_shown),
		cmocka_unit_test(silence_has_one_signature),
		cmocka_unit_test(all_failures_are_kept),
		cmocka_unit_test(failures_are_bounded),
		cmocka_unit_test(a_flood_is_bounded),
		cmocka_unit_test(the_stack_is_shown),
		cmocka_unit_test(the_newest_line_is_looked_at),
		cmocka_unit_test(an_expected_line_is_no_trouble),
		cmocka_unit_test(only_a_warning_can_be_meant),
		cmocka_unit_test(lockdep_is_off_after_its_report),
		cmocka_unit_test(a_log_from_elsewhere),
		cmocka_unit_test(an_end_is_told_after_many_failures),
		cmocka_unit_test(a_host_at_fault_says_nothing_of_the_guest),
		cmocka_unit_test(a_boot_is_judged),
		cmocka_unit_test(cases_before_are_counted),
		cmocka_unit_test(the_judge_has_a_version),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
