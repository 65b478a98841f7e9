// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stress runs, and what is made of their records: a replay that is the same, and
 * one that is not; a run made smaller; a bundle, whole and damaged; and what each
 * oracle is there for, planted.
 */
#define _GNU_SOURCE
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

#include "../../kunit/torture/torture_log.h"
#include "build/script.h"
#include "record/trial.h"
#include "run/events_file.h"
#include "program.h"
#include "lib/util.h"

#define PLANTED	"KCMDLINE=respawn.plant=progress"
/* For steps of tests/guest/ */
#define OF_GUESTS "STALL=3 SUITES=" TESTS_DIR "/guest"
#define STRESS	"stress ARCH=arm64 SMPBOOT=respawn STRATEGY=random CYCLES=5 "

/* The one record there is */
static char *record(void)
{
	__auto_free char *pattern = fmt("%s/runs/*", out);
	char *path;
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	assert_int_equal(g.gl_pathc, 1);
	path = copy(g.gl_pathv[0]);
	globfree(&g);
	return path;
}

static char *stressed(const char *words, int status)
{
	__auto_free char *all = fmt(STRESS "%s", words);

	expect(all, status, "");
	return record();
}

static void replay(const char *dir, int status, const char *text)
{
	__auto_free char *words = fmt("replay RUN=%s", dir);

	expect(words, status, text);
}

/* Put @to where @from is in one of the record's files, once. */
static void change(const char *dir, const char *name, const char *from, const char *to)
{
	__auto_free char *path = fmt("%s/%s", dir, name), *text = NULL, *new = NULL;
	size_t len;
	char *at;

	text = read_file(path, &len);
	assert_non_null(text);
	at = strstr(text, from);
	assert_non_null(at);
	new = fmt("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	write_file(path, new, strlen(new));
}

static void a_passing_run_is_reproduced(void **state)
{
	__auto_free char *dir = stressed("", 0);

	(void)state;
	replay(dir, 0, "reproduced: pass");
}

static void a_failing_run_is_reproduced(void **state)
{
	__auto_free char *dir = stressed("CYCLES=20 " PLANTED, 1);

	(void)state;
	replay(dir, 0, "reproduced: fail");
}

static void a_run_that_booted_is_reproduced(void **state)
{
	__auto_free char *dir = stressed("SNAPSHOT=0", 0), *path = fmt("%s/snapshot", dir);

	(void)state;
	assert_false(exists(path));
	replay(dir, 0, "reproduced: pass");
}

/* The host reads on the console where snapshot and event log are. */
static void no_word_makes_the_console_silent(void **state)
{
	__auto_free char *dir = stressed("KCMDLINE=quiet", 0);
	__auto_free char *snapshot = fmt("%s/snapshot", dir);
	__auto_free char *events = fmt("%s/events.bin", dir);

	(void)state;
	assert_true(exists(snapshot));
	assert_true(exists(events));
}

/* How far it is, and not each CPU that goes: the event log has those. */
static void the_kernel_is_silent_about_cpus(void **state)
{
	__auto_free char *dir = stressed("SNAPSHOT=0 OPS=offline,online", 0);
	__auto_free char *path = fmt("%s/console.log", dir), *text = read_file(path, NULL);
	char *begin, *end;

	(void)state;
	assert_non_null(text);
	begin = strstr(text, "stress: cycle 1 of 5");
	assert_non_null(begin);
	end = strstr(begin, "operations on CPUs");
	assert_non_null(end);
	/* As it booted, it said so of each. */
	assert_non_null(strstr(text, "Booted secondary processor"));
	*end = '\0';
	assert_null(strstr(begin, "Booted secondary processor"));
	assert_null(strstr(begin, "psci: CPU"));
}

/* Remove from the cache what is as long as the snapshot of this record. */
static void forget_snapshot(const char *dir)
{
	__auto_free char *path = fmt("%s/snapshot", dir), *pattern = NULL;
	const char *xdg = getenv("XDG_CACHE_HOME");
	unsigned int removed = 0;
	struct stat want, is;
	glob_t g;

	pattern = fmt("%s%s/respawn/snapshot/*/state", xdg ? xdg : getenv("HOME"),
		      xdg ? "" : "/.cache");
	assert_int_equal(stat(path, &want), 0);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (!stat(g.gl_pathv[i], &is) && is.st_size == want.st_size)
			removed += !unlink(g.gl_pathv[i]);
	globfree(&g);
	assert_true(removed);
}

/* A record has its own, whatever becomes of the cache. */
static void a_record_keeps_its_snapshot(void **state)
{
	__auto_free char *dir = stressed("SMP=3", 0);

	(void)state;
	forget_snapshot(dir);
	replay(dir, 0, "reproduced: pass");
}

static void a_guest_that_gets_to_no_snapshot_boots(void **state)
{
	(void)state;
	expect(STRESS "KCMDLINE=rdinit=/nowhere", 1, "crash: ");
}

/* Every CPU's stack, and in one of them what the run stopped in */
static void expect_debugger(const char *dir, const char *more, const char *why,
			    const char *function)
{
	__auto_free char *words = fmt("replay RUN=%s GDB=1 %s", dir, more), *said = NULL;
	int status = call(words, &said);
	const char *at = strstr(said, "stopped at: ");

	if (status || !at || !strstr(at, why) || !strstr(at, function) ||
	    !strstr(at, "Thread 4 ") || strstr(said, "not the recorded run"))
		fail_msg("%s: status %d:\n%s", words, status, said);
}

static void a_debugger_opens_at_the_failure(void **state)
{
	__auto_free char *dir = stressed("CYCLES=20 " PLANTED, 1);

	(void)state;
	expect_debugger(dir, "", "progress: ", "torture_");
}

static void a_debugger_opens_on_a_run_that_booted(void **state)
{
	__auto_free char *dir = stressed("SNAPSHOT=0 CYCLES=20 " PLANTED, 1);

	(void)state;
	expect_debugger(dir, "", "progress: ", "torture_");
}

/* It says nothing of it; QEMU pauses as the guest resets the machine. */
static void a_debugger_opens_on_a_run_that_crashed(void **state)
{
	__auto_free char *dir = stressed("KCMDLINE=rdinit=/nowhere", 1);

	(void)state;
	expect_debugger(dir, "", "Kernel panic - not syncing: ", "psci_sys_reset");
}

/* The host is who loses its patience, and pauses it. */
static void a_debugger_opens_on_a_run_that_hangs(void **state)
{
	__auto_free char *dir = NULL;

	(void)state;
	expect("check ARCH=arm64 SMPBOOT=park PLAN=planted_hang " OF_GUESTS, 1, "hang: ");
	dir = record();
	expect_debugger(dir, "STALL=3", "the console was silent for 3 s", "cpu_do_idle");
}

/* A QEMU that does nothing at all; GDB=1 asks it to pause, in vain. */
static void a_qemu_that_does_not_pause_is_an_error(void **state)
{
	static const char script[] = "#!/bin/sh\n[ $1 = --version ] && exec echo none\nexec sleep 60\n";
	__auto_free char *dir = stressed("CYCLES=20 " PLANTED, 1), *said = NULL;
	__auto_free char *words = fmt("replay RUN=%s GDB=1 STALL=1", dir);
	__auto_free char *bin = fmt("%s/bin", out), *qemu = fmt("%s/qemu-system-aarch64", bin);
	__auto_free char *path = copy(getenv("PATH")), *ours = fmt("%s:%s", bin, path);
	double begun = now();
	int status;

	(void)state;
	make_dirs(bin);
	write_file(qemu, script, sizeof(script) - 1);
	chmod(qemu, 0755);
	setenv("PATH", ours, 1);
	status = call(words, &said);
	setenv("PATH", path, 1);
	assert_int_equal(status, 2);
	assert_non_null(strstr(said, "QEMU ended and did not stop: "));
	/* It was ended, and did not come to its end. */
	assert_true(now() - begun < 30);
}

static void another_console_is_noticed(void **state)
{
	__auto_free char *dir = stressed("", 0);

	(void)state;
	change(dir, "console.log", "respawn: step stress end", "respawn: step stress ended");
	replay(dir, 2, "console.log is damaged");
	change(dir, "run.json", "\"console_sha256\"", "\"no_sum\"");
	replay(dir, 1, "diverged at line ");
	change(dir, "run.json", "\"version\": \"QEMU", "\"version\": \"another QEMU");
	replay(dir, 2, "the record is of QEMU another QEMU");
}

static void another_event_is_noticed(void **state)
{
	__auto_free char *dir = stressed("", 0), *path = fmt("%s/events.bin", dir);
	size_t len;
	__auto_free char *log = read_file(path, &len);

	(void)state;
	/* The time of an event in the middle of the log */
	((struct torture_log *)log)->event[10].time++;
	write_file(path, log, len);
	replay(dir, 2, "events.bin is damaged");
	change(dir, "run.json", "\"events_sha256\"", "\"no_sum\"");
	replay(dir, 1, "diverged at event 10:");
	change(dir, "run.json", "\"ended_by\": \"guest\"", "\"ended_by\": \"host\"");
	replay(dir, 1, "diverged at event 10:");
}

static void another_verdict_is_noticed(void **state)
{
	__auto_free char *dir = stressed("", 0);

	(void)state;
	change(dir, "run.json", "\"verdict\": \"pass\"", "\"verdict\": \"hang\"");
	replay(dir, 1, "diverged at the verdict: hang then, pass now");
}

static void what_can_not_be_replayed_is_said(void **state)
{
	__auto_free char *dir = stressed("", 0), *none = fmt("%s/none", dir);
	__auto_free char *snapshot = fmt("%s/snapshot", dir);

	(void)state;
	expect("replay", 2, "RUN=: say which record");
	replay(none, 2, "there is no record with that name");
	change(dir, "run.json", "\"timing\": \"virtual\"", "\"timing\": \"real\"");
	replay(dir, 2, "ran in real time");
	change(dir, "run.json", "\"timing\": \"real\"", "\"timing\": \"virtual\"");
	change(dir, "snapshot", "QEVM", "QAVM");
	replay(dir, 2, "is not what the run went on from");
	unlink(snapshot);
	replay(dir, 2, "is gone, so this run can't be replayed");
	change(dir, "run.json", "\"initramfs_sha256\": \"", "\"initramfs_sha256\": \"0");
	replay(dir, 2, "is not the file that was run");
	change(dir, "run.json", "\"cycles\":", "\"circles\":");
	replay(dir, 2, "is no whole record: it has no cycles");
	change(dir, "run.json", "\"format\": 2", "\"format\": 1");
	replay(dir, 2, "is a record of format 1, and this respawn reads format 2");
	change(dir, "run.json", "\"format\": 1", "\"format\": 2");
	change(dir, "run.json", "{", "[");
	replay(dir, 2, "is corrupt");
}

/* A record may be someone else's, who may want more than a replay. */
static void what_respawn_never_runs_is_refused(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		const char *said;
	} odd[] = {
		{ "\"qemu-system-aarch64\"", "\"touch\"", "with 'touch' where this" },
		{ "\"file:console.log\"", "\"file:/tmp/theirs\"", "with 'file:/tmp/theirs'" },
		{ "\"-no-reboot\"", "\"-daemonize\"", "with '-daemonize'" },
		{ "\"-nodefaults\"", "\"-no-reboot\"", "with '-no-reboot'" },
		{ "\"-incoming\"", "\"-append\", \"-s\", \"-incoming\"", "with '-append'" },
		{ "\"defer\"", "\"defer\", \"-s\"", "with '-s' where this respawn says 'nothing'" },
		{ "mem-path=/proc/self/fd/3", "mem-path=/tmp/theirs", "mem-path=/tmp/theirs'" },
	};
	__auto_free char *dir = stressed("", 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		change(dir, "run.json", odd[i].from, odd[i].to);
		replay(dir, 2, odd[i].said);
		change(dir, "run.json", odd[i].to, odd[i].from);
	}
	replay(dir, 0, "reproduced: pass");
}

static void a_bundle_is_enough(void **state)
{
	__auto_free char *dir = stressed("", 0), *words = fmt("bundle RUN=%s", dir);
	__auto_free char *path = fmt("%s/%s.bundle.tar.gz", out, strrchr(dir, '/') + 1);
	__auto_free char *again = fmt("replay BUNDLE=%s", path), *bytes = NULL;
	size_t len;

	(void)state;
	expect(words, 0, "make replay BUNDLE=");
	remove_tree(dir);
	expect(again, 0, "reproduced: pass");
	bytes = read_file(path, &len);
	write_file(path, bytes, len / 2);
	expect(again, 2, "is damaged");
	write_file(path, "no archive", 10);
	expect(again, 2, "is no bundle");
	unlink(path);
	expect(again, 2, "there is no such file");
}

/* Its record names a file that there is here, but that is not the one to run. */
static void a_bundle_lacks_no_part(void **state)
{
	static const char *const less[] = {
		"mkdir b", "tar -xzf *.bundle.tar.gz -C b", "rm b/initramfs",
		"sed -i /initramfs/d b/SHA256SUMS",
		"cd b; tar -czf ../less.tar.gz SHA256SUMS [!S]*",
	};
	__auto_free char *dir = stressed("", 0), *words = fmt("bundle RUN=%s", dir);
	__auto_free char *again = fmt("replay BUNDLE=%s/less.tar.gz", out);
	struct run_opts o = { .dir = out };

	(void)state;
	expect(words, 0, "make replay BUNDLE=");
	for (size_t i = 0; i < ARRAY_SIZE(less); i++) {
		__auto_strv struct strv argv = { 0 };

		strv_split(&argv, "sh -c", " ");
		strv_add(&argv, "%s", less[i]);
		assert_int_equal(run(&argv, &o), 0);
	}
	expect(again, 2, "is no bundle: it has no initramfs");
}

/* What its checksums do not name is not even unpacked. */
static void a_bundle_has_nothing_else(void **state)
{
	static const char *const more[] = {
		"mkdir b", "tar -xzf *.bundle.tar.gz -C b", "echo touch pwned > b/vmlinux-gdb.py",
		"cd b; tar -czf ../more.tar.gz SHA256SUMS [!S]*",
	};
	__auto_free char *dir = stressed("", 0), *words = fmt("bundle RUN=%s", dir);
	__auto_free char *again = fmt("replay BUNDLE=%s/more.tar.gz", out);
	struct run_opts o = { .dir = out };

	(void)state;
	expect(words, 0, "make replay BUNDLE=");
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		__auto_strv struct strv argv = { 0 };

		strv_split(&argv, "sh -c", " ");
		strv_add(&argv, "%s", more[i]);
		assert_int_equal(run(&argv, &o), 0);
	}
	expect(again, 2, "it has a file vmlinux-gdb.py");
}

static void a_record_is_repeated(void **state)
{
	__auto_free char *dir = stressed("", 0);
	__auto_free char *words = fmt("check-determinism N=2 RUN=%s", dir);

	(void)state;
	expect(words, 0, "2 of 2 replays are bit-identical");
	change(dir, "console.log", "respawn: step stress end", "respawn: step stress ended");
	change(dir, "run.json", "\"console_sha256\"", "\"no_sum\"");
	expect(words, 1, "0 of 2 replays are bit-identical");
}

/* It is kept waiting, which it would say if it could not be. */
static void a_late_main_loop_changes_nothing(void **state)
{
	__auto_free char *dir = stressed("", 0), *log = fmt("%s/qemu.log", dir);
	__auto_free char *words = fmt("check-determinism N=3 RUN=%s", dir), *said = NULL;

	(void)state;
	said = read_file(log, NULL);
	assert_string_equal(said, "");
	setenv("RESPAWN_MAIN_LOOP_LATE_NS", "20000", 1);
	expect(words, 0, "3 of 3 replays are bit-identical");
	unsetenv("RESPAWN_MAIN_LOOP_LATE_NS");
}

/* What is left is as short as it can be, and can be replayed. */
static void a_failing_run_is_made_smaller(void **state)
{
	__auto_free char *dir = stressed("CYCLES=20 OPS=launch,wake,destroy " PLANTED, 1);
	__auto_free char *words = fmt("minimise TIME=900 RUN=%s", dir), *said = NULL, *smaller = NULL;
	const char *run, *at;

	(void)state;
	assert_int_equal(call(words, &said), 0);
	assert_non_null(strstr(said, "fail: stress.progress"));
	/* A launch and a wake-up that is lost, and whatever else had to be there */
	at = strstr(said, " KEEP=");
	assert_non_null(at);
	assert_true(strcspn(at + 1, " \n") < 40);
	/* The picture has what went wrong in the column of a CPU. */
	assert_non_null(strstr(said, " CPU 1"));
	assert_non_null(strstr(said, " ! progress: "));
	run = strstr(said, "make replay RUN=");
	assert_non_null(run);
	run += strlen("make replay RUN=");
	smaller = fmt("%.*s", (int)strcspn(run, "\n"), run);
	replay(smaller, 0, "reproduced: fail");
}

/* A thread says that it is parked and then sleeps: one switch shows that, between the two. */
static void a_race_becomes_a_script(void **state)
{
	__auto_free char *words = NULL, *said = NULL, *dir = NULL, *pattern = NULL;
	const char *run;
	glob_t g;

	(void)state;
	expect("stress ARCH=arm64 SMPBOOT=respawn SEED=2 PATCHES=" TESTS_DIR
	       "/bugs/parkme-completion-early.patch", 1, "crash: WARN() reached");
	pattern = fmt("%s/runs/*-seed2", out);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	dir = copy(g.gl_pathv[0]);
	globfree(&g);
	words = fmt("minimise TIME=900 RUN=%s", dir);
	assert_int_equal(call(words, &said), 0);
	assert_non_null(strstr(said, "STRATEGY=script"));
	assert_non_null(strstr(said, ",__kthread_parkme@"));
	assert_non_null(strstr(said, " comes by for time "));
	run = strstr(said, "make replay RUN=");
	assert_non_null(run);
	run += strlen("make replay RUN=");
	free_ptr(&dir);
	dir = fmt("%.*s", (int)strcspn(run, "\n"), run);
	replay(dir, 0, "reproduced: crash");
}

/* Where CPUs gave way in a record, and a script of the first @n times, if @script */
static size_t switches(const char *dir, struct gave_way **all, size_t n, char **script)
{
	__auto_free char *path = fmt("%s/events.bin", dir), *vmlinux = NULL;
	struct record rec;
	struct image image;
	struct events e;
	struct trial t;
	size_t found;

	assert_true(events_read(&e, path));
	found = events_switches(&e, all);
	events_free(&e);
	record_read(&rec, dir);
	trial_again(&t, &rec, &image, out);
	vmlinux = fmt("%s/vmlinux", image.kernel.dir);
	if (script)
		*script = script_of(*all, n < found ? n : found, vmlinux, t.req.arch);
	record_free(&rec);
	return found;
}

/*
 * What was drawn first of a part is done again from its name alone, by the same task at the
 * same place, and all else that was drawn is not. Returns false if that place is missed.
 */
static bool follows(const char *part)
{
	__auto_free char *words = fmt("STEER=one_in=500,only=%s", part);
	__auto_free char *drawn = stressed(words, 0), *script = NULL, *again = NULL;
	__auto_free char *twice = NULL, *dir = NULL;
	struct gave_way *was, *is;
	size_t drawn_n = switches(drawn, &was, 1, &script), done;

	remove_tree(drawn);
	if (!drawn_n)
		return false;
	again = fmt("stress ARCH=arm64 SMPBOOT=respawn CYCLES=5 STRATEGY=script SCRIPT=%s", script);
	expect(again, 0, "");
	dir = record();
	done = switches(dir, &is, 0, NULL);
	if (done) {
		__auto_free char *said = fmt("report RUN=%s", dir);

		expect(said, 0, "script: 1 of its 1 places were come by");
		assert_int_equal(done, 1);
		assert_memory_equal(is, was, sizeof(*is));
		twice = fmt("check-determinism N=2 RUN=%s", dir);
		expect(twice, 0, "2 of 2 replays are bit-identical");
	}
	remove_tree(dir);
	free(was);
	free(is);
	return done;
}

/*
 * The guest reads a script for longer than what it draws by, so all comes a little later. A
 * place that this is enough for to be missed is no fault.
 */
static void a_script_does_what_was_drawn(void **state)
{
	static const char *const parts[] = {
		"0-fff", "1000-1fff", "2000-2fff", "3000-3fff", "4000-4fff", "5000-5fff",
	};
	size_t i = 0;

	(void)state;
	while (i < ARRAY_SIZE(parts) && !follows(parts[i]))
		i++;
	assert_true(i < ARRAY_SIZE(parts));
}

/* A script of another kernel: what is not in this one is said, and the rest is done. */
static void a_place_that_is_not_there_is_said(void **state)
{
	(void)state;
	expect("stress ARCH=arm64 SMPBOOT=respawn CYCLES=5 STRATEGY=script SCRIPT=1:0,actor,no_such_function@0,1,1",
	       0, "script: this kernel has no such place: 1:0,actor,no_such_function@0,1,1");
}

static void a_passing_run_is_small_enough(void **state)
{
	__auto_free char *dir = stressed("", 0), *words = fmt("minimise RUN=%s", dir);

	(void)state;
	expect(words, 2, "there is nothing to make smaller");
}

/* Each operation is done by itself there, so none is left out by KEEP=. */
static void a_calibration_is_not_made_smaller(void **state)
{
	__auto_free char *dir = stressed("KCMDLINE=respawn.plant=online_mask_as_asked", 1);
	__auto_free char *words = fmt("minimise RUN=%s", dir);
	__auto_free char *report = fmt("report FORMAT=text RUN=%s", dir), *said = NULL;

	(void)state;
	expect(report, 0, words);
	change(dir, "run.json", "respawn.plant=", "respawn.calibrate=1 respawn.plant=");
	assert_int_equal(call(report, &said), 0);
	assert_null(strstr(said, words));
	expect(words, 2, "each operation was tried alone there");
}

static void each_oracle_fires(void **state)
{
	static const char *const oracles[] = {
		"thread_on_its_cpu", "none_on_an_offline_cpu", "no_thread_missing",
		"no_thread_twice", "progress", "initfn_exactly_once", "corefn_in_order",
		"results_kept", "operations_in_time", "nothing_left",
		"online_mask_as_asked", "hooks_balanced", "work_not_lost",
		"parked_means_parked", "frozen_means_frozen", "scheduled_as_asked",
	};

	/* Left to itself, a seed does without some of them. */
	static const char moves[] = "offline,online,partial,percpu,percpu-wake,cpuhp";
	static const char lives[] = "spawn,start,launch,destroy,wake,poke,rebind";
	static const char others[] = "kthread-run,kthread-stop,kthread-park,kthread-unpark,"
				     "freezable,policy,affinity,cpuset";
	static const char work[] = "work,work-delayed,work-flush";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(oracles); i++) {
		__auto_free char *words =
			fmt(STRESS "CYCLES=100 OPS=%s,%s,%s,%s KCMDLINE=respawn.plant=%s",
			    moves, lives, others, work, oracles[i]);
		__auto_free char *text = fmt("fail: stress.%s", oracles[i]);

		expect(words, 1, text);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_passing_run_is_reproduced,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_failing_run_is_reproduced,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_run_that_booted_is_reproduced,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(no_word_makes_the_console_silent,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(the_kernel_is_silent_about_cpus,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_record_keeps_its_snapshot,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_guest_that_gets_to_no_snapshot_boots,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(another_console_is_noticed,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_debugger_opens_at_the_failure,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_debugger_opens_on_a_run_that_booted,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_debugger_opens_on_a_run_that_crashed,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_debugger_opens_on_a_run_that_hangs,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_qemu_that_does_not_pause_is_an_error,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(another_event_is_noticed, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(another_verdict_is_noticed,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_can_not_be_replayed_is_said,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_respawn_never_runs_is_refused,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_bundle_is_enough, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_bundle_lacks_no_part, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_bundle_has_nothing_else, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_record_is_repeated, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_late_main_loop_changes_nothing, fresh_out,
						remove_out),
		cmocka_unit_test_setup_teardown(a_failing_run_is_made_smaller,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_race_becomes_a_script, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_script_does_what_was_drawn,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_place_that_is_not_there_is_said,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_calibration_is_not_made_smaller,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_passing_run_is_small_enough,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(each_oracle_fires, fresh_out, remove_out),
	};

	if (argc < 2)
		return 2;
	respawn = argv[1];
	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
