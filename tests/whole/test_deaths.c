// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way a run can die, planted: what the verdict is, what the exit status,
 * what is said, what is left behind. The runs are whole: kernel, QEMU, record.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "scratch.h"
#include "lib/util.h"

static char *respawn;

/* One run of the program: how it is called, and what came of it */
struct ran {
	pid_t pid;
	int status;
	char *said;
	char *verdict;
	char *failure;
	char *test;
};

/* Start respawn; what it says goes to a file beside its folder. */
static pid_t start(const char *env, const char *words)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *log = fmt("%s.log", out);
	pid_t pid;

	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "check ARCH=arm64 SMPBOOT=respawn V=0", " ");
	strv_add(&argv, "O=%s/o", out);
	strv_add(&argv, "SUITES=%s/guest", TESTS_DIR);
	strv_split(&argv, words, " ");
	pid = fork();
	if (!pid) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);

		unsetenv("MAKEFLAGS");
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		if (env)
			putenv(copy(env));
		execv(argv.v[0], argv.v);
		_exit(127);
	}
	return pid;
}

static char *string_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? copy(s) : NULL;
}

static char *record_glob(const char *pattern)
{
	__auto_free char *p = fmt("%s/o/runs/%s", out, pattern);
	char *found = NULL;
	glob_t g;

	if (!glob(p, 0, NULL, &g))
		found = copy(g.gl_pathv[0]);
	globfree(&g);
	return found;
}

static void read_record(struct ran *r)
{
	__auto_free char *path = record_glob("*/run.json");
	json_t *o = path ? json_load_file(path, 0, NULL) : NULL;

	if (!o)
		return;
	r->verdict = string_of(o, "verdict");
	r->failure = string_of(json_object_get(o, "first_failure"), "what");
	r->test = string_of(json_object_get(o, "first_failure"), "test");
	json_decref(o);
}

/* Is a process about whose working folder lies in ours? QEMU's does. */
static bool someone_left(void)
{
	struct dirent *d;
	bool found = false;
	DIR *proc = opendir("/proc");

	while ((d = readdir(proc))) {
		__auto_free char *cwd = fmt("/proc/%s/cwd", d->d_name);
		char to[4096];
		ssize_t n = readlink(cwd, to, sizeof(to) - 1);

		if (n <= 0)
			continue;
		to[n] = '\0';
		if (strstr(to, out))
			found = true;
	}
	closedir(proc);
	return found;
}

static struct ran finish(pid_t pid)
{
	__auto_free char *log = fmt("%s.log", out);
	struct ran r = { .pid = pid };

	waitpid(pid, &r.status, 0);
	r.said = read_file(log, NULL);
	unlink(log);
	read_record(&r);
	assert_false(someone_left());
	assert_null(record_glob("*.tmp"));
	return r;
}

static struct ran run_respawn(const char *words)
{
	return finish(start(NULL, words));
}

static void assert_said(const struct ran *r, const char *text)
{
	if (!strstr(r->said, text))
		fail_msg("'%s' is not in:\n%s", text, r->said);
}

static void assert_exit(const struct ran *r, int status)
{
	if (!WIFEXITED(r->status) || WEXITSTATUS(r->status) != status)
		fail_msg("status 0x%x, not exit %d:\n%s", r->status, status, r->said);
}

static void assert_verdict(const struct ran *r, const char *verdict)
{
	if (!r->verdict || strcmp(r->verdict, verdict))
		fail_msg("verdict %s, not %s:\n%s", r->verdict, verdict, r->said);
}

/* Planted defects that one line of words tells apart */
static const struct death {
	const char *name;
	const char *words;
	const char *verdict;
	int status;
	const char *said;
	const char *test;
} deaths[] = {
	{ "a case that fails", "PLAN=planted_fail", "fail", EXIT_BAD,
	  "planted_fail.bad failed", "planted_fail.bad" },
	{ "a case that hangs", "PLAN=planted_hang", "hang", EXIT_BAD,
	  "blocked for more than", "step planted_hang" },
	{ "a guest that is stuck for good", "PLAN=planted_spin STALL=4", "hang", EXIT_BAD,
	  "the console was silent for 4 s", "step planted_spin" },
	{ "a guest that takes too long", "PLAN=hotplug CYCLES=1000000 TIMEOUT=4", "hang", EXIT_BAD,
	  "not done after 4 s", "step hotplug" },
	{ "an oops after the last test", "PLAN=planted_oops", "crash", EXIT_BAD,
	  "Unable to handle kernel", NULL },
	{ "a warning in a case that passes", "PLAN=planted_warn", "crash", EXIT_BAD,
	  "WARNING: CPU:", NULL },
	{ "a warning that was announced and did not come", "PLAN=planted_unmet", "fail", EXIT_BAD,
	  "no trouble with 'planted_unmet'", NULL },
	{ "a plan cut short", "PLAN=planted_cut", "fail", EXIT_BAD, "planted_cut", NULL },
	{ "a suite that never starts", "PLAN=planted_nothing", "fail", EXIT_BAD,
	  "suite planted_nothing never reported", "planted_nothing" },
	{ "a module that refuses to be loaded", "PLAN=planted_refuse", "fail", EXIT_BAD,
	  "load planted_refuse: No such device", NULL },
	{ "a panic of a machine that goes to sleep", "PLAN=planted_asleep", "crash", EXIT_BAD,
	  "planted: planted_asleep goes to sleep", NULL },
	{ "a program that fails in silence", "PLAN=planted_exit", "fail", EXIT_BAD,
	  "step planted_exit ended with status 3", NULL },
	{ "a console cut off in the middle of a line", "PLAN=planted_half_line STALL=4",
	  "hang", EXIT_BAD, "in the middle of a line", "step planted_half_line" },
	{ "a program that never ends", "PLAN=planted_stuck STALL=4", "hang", EXIT_BAD,
	  "the console was silent", "step planted_stuck" },
	{ "a console without end", "PLAN=planted_flood CONSOLE_MAX=1", "hang", EXIT_BAD,
	  "the console had more than 1 MB", "step planted_flood" },
	{ "a warning before there is an init", "PLAN=hotplug PATCHES=" TESTS_DIR "/whole/boot_warns.patch",
	  "crash", EXIT_BAD, "WARN() reached", NULL },
	{ "an init that is not there", "PLAN=hotplug KCMDLINE=rdinit=/nowhere", "crash",
	  EXIT_BAD, "Kernel panic", NULL },
	{ "a guest that hangs at boot", "PLAN=hotplug STALL=4 KCMDLINE=rdinit=/bin/planted_stuck",
	  "hang", EXIT_BAD, "the console was silent", NULL },
};

static void dies_as_planted(void **state)
{
	const struct death *d = *state;
	struct ran r;

	fresh_out(NULL);
	r = run_respawn(d->words);
	assert_exit(&r, d->status);
	if (d->verdict) {
		assert_verdict(&r, d->verdict);
		assert_non_null(r.failure);
		assert_null(strstr(r.said, " 0 failed"));
	}
	assert_said(&r, d->said);
	if (d->test) {
		assert_non_null(r.test);
		assert_string_equal(r.test, d->test);
	}
	remove_out(NULL);
}

/* The QEMU that this respawn started, once it has a console */
static pid_t qemu_of(pid_t parent)
{
	__auto_free char *path = fmt("/proc/%d/task/%d/children", parent, parent);
	__auto_free char *console = NULL;

	for (int i = 0; i < 3000; i++) {
		__auto_free char *children = read_file(path, NULL);
		pid_t pid = children ? atoi(children) : 0;

		free(console);
		console = record_glob("*.tmp/console.log");
		if (pid && console) {
			struct stat st;

			if (!stat(console, &st) && st.st_size > 1000)
				return pid;
		}
		usleep(10000);
	}
	fail_msg("QEMU did not come up");
	return -1;
}

static void ended_from_outside(int signal, const char *what)
{
	pid_t pid = start(NULL, "PLAN=hotplug CYCLES=100000");
	struct ran r;

	kill(qemu_of(pid), signal);
	r = finish(pid);
	assert_exit(&r, EXIT_ERROR);
	assert_verdict(&r, "error");
	assert_said(&r, what);
}

static void qemu_killed_from_outside(void **state)
{
	(void)state;
	ended_from_outside(SIGKILL, "QEMU was killed by signal 9");
}

static void qemu_told_to_end_from_outside(void **state)
{
	(void)state;
	ended_from_outside(SIGTERM, "terminating on signal 15");
}

/* All threads of a process run only when nobody else wants the CPU. */
static void put_behind_others(pid_t pid)
{
	const struct sched_param none = { 0 };
	__auto_free char *path = fmt("/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	struct dirent *d;

	assert_non_null(tasks);
	while ((d = readdir(tasks)))
		if (*d->d_name != '.')
			assert_int_equal(sched_setscheduler(atoi(d->d_name), SCHED_IDLE, &none), 0);
	closedir(tasks);
}

/* It has the CPU that we are on to itself for some time. */
static pid_t spin_for(unsigned int seconds)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(seconds);
		for (;;)
			asm volatile("");
	}
	return pid;
}

/* So that all who are started from here share it; @all gets what we had. */
static void stay_on_one_cpu(cpu_set_t *all)
{
	cpu_set_t one;
	int cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(*all), all), 0);
	while (!CPU_ISSET(cpu, all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* A guest that gets no CPU for much longer than STALL= does not hang. */
static void a_host_that_is_busy(void **state)
{
	pid_t pid, spinner;
	cpu_set_t all;
	struct ran r;

	(void)state;
	stay_on_one_cpu(&all);
	pid = start(NULL, "PLAN=hotplug CYCLES=300 STALL=2");
	put_behind_others(qemu_of(pid));
	spinner = spin_for(8);
	r = finish(pid);
	waitpid(spinner, NULL, 0);
	sched_setaffinity(0, sizeof(all), &all);
	assert_exit(&r, EXIT_PASS);
	assert_verdict(&r, "pass");
}

/* There is an end to that, too, and it tells nothing of the kernel. */
static void a_host_that_is_far_too_busy(void **state)
{
	pid_t pid, spinner;
	cpu_set_t all;
	struct ran r;

	(void)state;
	stay_on_one_cpu(&all);
	pid = start(NULL, "PLAN=hotplug CYCLES=100000 TIMEOUT=2");
	put_behind_others(qemu_of(pid));
	spinner = spin_for(60);
	r = finish(pid);
	kill(spinner, SIGKILL);
	waitpid(spinner, NULL, 0);
	sched_setaffinity(0, sizeof(all), &all);
	assert_exit(&r, EXIT_ERROR);
	assert_verdict(&r, "error");
	assert_said(&r, "the host is far too busy");
}

static void interrupted(int signal)
{
	pid_t pid = start(NULL, "PLAN=hotplug CYCLES=100000");
	struct ran r;

	qemu_of(pid);
	kill(pid, signal);
	r = finish(pid);
	assert_exit(&r, 128 + signal);
	assert_said(&r, "interrupted");
	assert_null(r.verdict);
	assert_null(record_glob("*"));
}

static void ctrl_c(void **state)
{
	(void)state;
	interrupted(SIGINT);
}

static void terminated(void **state)
{
	(void)state;
	interrupted(SIGTERM);
}

/* Nobody is left to clean up; at least no QEMU stays. */
static void killed_itself(void **state)
{
	pid_t pid = start(NULL, "PLAN=hotplug CYCLES=100000");
	int status;

	(void)state;
	qemu_of(pid);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	for (int i = 0; i < 1000 && someone_left(); i++)
		usleep(10000);
	assert_false(someone_left());
	assert_null(record_glob("*/run.json"));
}

/* Link all programs of a folder but QEMU; the first one of a name counts. */
static void link_programs(const char *from, const char *to)
{
	struct dirent *d;
	DIR *dir = opendir(from);

	while (dir && (d = readdir(dir))) {
		__auto_free char *program = fmt("%s/%s", from, d->d_name);
		__auto_free char *link = fmt("%s/%s", to, d->d_name);

		if (d->d_name[0] != '.' && strncmp(d->d_name, "qemu-system-", 12) &&
		    symlink(program, link))
			assert_int_equal(errno, EEXIST);
	}
	if (dir)
		closedir(dir);
}

/* A PATH with everything in it but QEMU */
static void qemu_missing(void **state)
{
	__auto_free char *bin = fmt("%s/bin", out), *env = fmt("PATH=%s", bin);
	__auto_strv struct strv dirs = { 0 };
	struct ran r;

	(void)state;
	make_dirs(bin);
	strv_split(&dirs, getenv("PATH"), ":");
	for (size_t i = 0; i < dirs.n; i++)
		link_programs(dirs.v[i], bin);
	r = finish(start(env, "PLAN=hotplug"));
	assert_exit(&r, EXIT_ERROR);
	assert_said(&r, "qemu-system-aarch64 is not installed; 'make deps' installs it");
}

/* A QEMU that is there, but can't do what it is asked to */
static void qemu_fails(void **state)
{
	__auto_free char *bin = fmt("%s/bin", out);
	__auto_free char *env = fmt("PATH=%s:%s", bin, getenv("PATH"));
	__auto_free char *qemu = fmt("%s/qemu-system-aarch64", bin);
	static const char script[] = "#!/bin/sh\n[ $1 = --version ] && exec echo none\n"
				     "echo cannot do that >&2\nexit 1\n";
	static const char mute[] = "#!/bin/sh\necho none of it >&2\nexit 1\n";
	struct ran r;

	(void)state;
	make_dirs(bin);
	write_file(qemu, script, strlen(script));
	chmod(qemu, 0755);
	r = finish(start(env, "PLAN=hotplug SNAPSHOT=0"));
	assert_exit(&r, EXIT_ERROR);
	assert_verdict(&r, "error");
	assert_said(&r, "QEMU failed with status 1: cannot do that");
	/* It fails as early as in the boot that others were to go on from. */
	r = finish(start(env, "PLAN=hotplug"));
	assert_exit(&r, EXIT_ERROR);
	assert_said(&r, "QEMU failed with status 1: cannot do that");
	write_file(qemu, mute, strlen(mute));
	chmod(qemu, 0755);
	r = finish(start(env, "PLAN=hotplug"));
	assert_exit(&r, EXIT_ERROR);
	assert_said(&r, "does not even say its version: none of it");
}

/* A cache like the real one, but for the kernel images */
static void image_missing(void **state)
{
	const char *xdg = getenv("XDG_CACHE_HOME");
	__auto_free char *real = xdg ? copy(xdg) : fmt("%s/.cache", getenv("HOME"));
	__auto_free char *ours = fmt("%s/cache/respawn", out);
	__auto_free char *env = fmt("XDG_CACHE_HOME=%s/cache", out);
	__auto_free char *pattern = fmt("%s/respawn/*", real);
	struct ran r;
	glob_t g;

	(void)state;
	make_dirs(ours);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *name = strrchr(g.gl_pathv[i], '/') + 1;
		__auto_free char *to = fmt("%s/%s", ours, name);
		__auto_free char *inner = fmt("%s/*", g.gl_pathv[i]);
		glob_t k;

		if (strcmp(name, "kernel")) {
			assert_int_equal(symlink(g.gl_pathv[i], to), 0);
			continue;
		}
		assert_int_equal(glob(inner, 0, NULL, &k), 0);
		for (size_t j = 0; j < k.gl_pathc; j++) {
			__auto_free char *empty = fmt("%s%s", to, strrchr(k.gl_pathv[j], '/'));

			make_dirs(empty);
		}
		globfree(&k);
	}
	globfree(&g);
	r = finish(start(env, "PLAN=hotplug"));
	assert_exit(&r, EXIT_ERROR);
	assert_said(&r, "the kernel image");
	assert_said(&r, "is missing");
}

static void records_not_writable(void **state)
{
	__auto_free char *file = fmt("%s/o", out);
	struct ran r;

	(void)state;
	write_file(file, "", 0);
	r = run_respawn("PLAN=hotplug");
	assert_exit(&r, EXIT_ERROR);
	assert_said(&r, "cannot create directory");
}

static void disk_full(void **state)
{
	struct ran r;

	(void)state;
	if (mount("respawn-test", out, "tmpfs", 0, "size=16k,nr_inodes=64"))
		skip();
	r = run_respawn("PLAN=hotplug");
	assert_exit(&r, EXIT_ERROR);
	assert_said(&r, "No space left on device");
	assert_null(record_glob("*/run.json"));
}

static const struct usage {
	const char *words;
	const char *said;
} usages[] = {
	{ "ARCH=sparc", "ARCH=sparc: no such architecture, there are: x86_64 arm64" },
	{ "PLAN=nothing", "PLAN=nothing: no such step" },
	{ "SMP=1", "SMP=1: hotplug needs at least 2 CPUs" },
	{ "THREADS=3", "THREADS=3: a core has one thread or two" },
	{ "THREADS=2 ARCH=arm64", "THREADS=2: the cores of a guest of arm64 have one thread" },
	{ "THREADS=2 ARCH=x86_64 SMP=3", "SMP=3: with THREADS=2 it is a multiple of 2" },
	{ "SEED=x", "SEED=x: a whole number from 0 is wanted, without a unit" },
	{ "SEED=", "SEED=: a whole number from 0" },
	{ "SEED=-1", "SEED=-1: a whole number from 0" },
	{ "TIMEOUT=5m", "TIMEOUT=5m: a whole number from 1 is wanted, without a unit" },
	{ "SEED=9223372036854775808", "SEED=9223372036854775808: too large" },
	{ "CYCLES=0", "CYCLES=0: 1 to 2147483647" },
	{ "ACTORS=14", "ACTORS=14: 13 are the most" },
	{ "OPS=foo", "OPS=foo: no such operation, there are: offline online" },
	{ "OPS=wake,offline:0", "OPS=offline:0: a weight is a number from 1 to 1000" },
	{ "OPS=,", "OPS=,: this names no operation" },
	{ "KEEP=7", "KEEP=7: '7' has no actor in front, as in 1:0-7,9/2:3" },
	{ "KEEP=1:0-7/2:x", "KEEP=1:0-7/2:x: 'x' is no number and no range like 3-7" },
	{ "KEEP=1:7-3", "KEEP=1:7-3: '7-3' is no number and no range like 3-7" },
	{ "KEEP=1:-3", "KEEP=1:-3: '-3' is no number and no range" },
	{ "KEEP=1:18446744073709551616", "'18446744073709551616' is no number and no range" },
	{ "KEEP=/", "KEEP=/: this names no draw" },
	{ "STEER=foo=1", "STEER=foo: no such parameter, there are: one_in" },
	{ "STEER=one_in", "STEER=one_in: a parameter has a number" },
	{ "STEER=only=", "STEER=only=: this names no part" },
	{ "STEER=only=0-7fff:9", "STEER=only=0-7fff:9: at '9', up to 48 parts of 0-ffff are wanted" },
	{ "STEER=only=7-3", "STEER=only=7-3: at '7-3', up to 48 parts" },
	{ "STEER=only=0-10000", "STEER=only=0-10000: at '0-10000', up to 48 parts" },
	{ "STRATEGY=script", "STRATEGY=script follows SCRIPT=, which is not set" },
	{ "SCRIPT=2:5,actor,kthread_park@3,1,64", "SCRIPT= is for STRATEGY=script, and STRATEGY=" },
	{ "STRATEGY=script SCRIPT=2:5,actor,kthread_park,1,64",
	  "SCRIPT=: '2:5,actor,kthread_park,1,64' is none of up to 32 places" },
	{ "STRATEGY=best", "STRATEGY=best: choose one of: none random" },
	{ "KCMDLINE=respawn.seed=7", "KCMDLINE=respawn.seed=7: this is between respawn and its guest" },
	{ "PLAN=,", "PLAN=,: this names no step" },
	{ "SNAPSHOT=yes", "SNAPSHOT=yes: choose one of: 0 1" },
	{ "STALL=0", "STALL=0: the least is 1 second" },
	{ "NOTHING=1", "NOTHING=: no such variable; 'make help' lists them" },
	{ "PATCH=x", "PATCH=: no such variable; did you mean PATCHES=?" },
	{ "SEEDS=1..9", "SEEDS=: check does not read it, these do: explore bugs" },
	{ "nothing", "nothing: no variable, which is NAME=value" },
	{ "SMPBOOT=both", "SMPBOOT=both: choose one of: respawn park" },
	{ "TIMING=fast", "TIMING=fast: choose one of: virtual real" },
	{ "TIMING=virtual ACCEL=kvm", "TIMING=virtual needs instruction counting" },
	{ "CONFIG=nothing", "CONFIG=nothing: there is no" },
	{ "TREE=/nowhere", "TREE=/nowhere: No such file or directory" },
	{ "TREE=/tmp", "TREE=/tmp is no git repository" },
	{ "PATCHES=/nowhere.patch", "cannot read patch /nowhere.patch" },
	{ "PATCHES=/dev/null", "PATCHES=/dev/null is no patch" },
	{ "PATCHES=/nowhere,/nowhere", "there are spaces between several" },
	{ "KERNEL_TARBALL=/tmp", "KERNEL_TARBALL=/tmp is no file" },
	{ "KERNEL_TARBALL=/nowhere.tar", "KERNEL_TARBALL=/nowhere.tar: No such file" },
	{ "SUITES=/nowhere", "a folder of suites needs a plan" },
};

static void bad_usage_is_one_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
		struct ran r = run_respawn(usages[i].words);

		assert_exit(&r, EXIT_ERROR);
		assert_said(&r, usages[i].said);
		assert_ptr_equal(strchr(r.said, '\n'), r.said + strlen(r.said) - 1);
	}
}

static void patch_that_does_not_apply(void **state)
{
	static const char patch[] =
		"--- a/kernel/kthread.c\n+++ b/kernel/kthread.c\n"
		"@@ -10,3 +10,3 @@\n nothing\n-like this\n+is there\n at all\n";
	__auto_free char *path = fmt("%s/bad.patch", out);
	__auto_free char *words = fmt("PATCHES=%s", path);
	struct ran r;

	(void)state;
	write_file(path, patch, strlen(patch));
	r = run_respawn(words);
	assert_exit(&r, EXIT_ERROR);
	assert_said(&r, "bad.patch does not apply: hunk at line 10 of kernel/kthread.c");
}

/* What the kernel would cut off in silence is missing: another run than the one asked for. */
static void command_line_too_long(void **state)
{
	__auto_free char *words = fmt("PLAN=hotplug KCMDLINE=x=%03000d", 0);
	struct ran r = run_respawn(words);

	(void)state;
	assert_exit(&r, EXIT_ERROR);
	assert_said(&r, "takes a command line of 2047 bytes, and this one has 3");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest more[] = {
		cmocka_unit_test_setup_teardown(qemu_killed_from_outside, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(qemu_told_to_end_from_outside,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_host_that_is_busy, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_host_that_is_far_too_busy,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(ctrl_c, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(terminated, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(killed_itself, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(qemu_missing, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(qemu_fails, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(image_missing, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(records_not_writable, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(disk_full, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(bad_usage_is_one_line, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(patch_that_does_not_apply, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(command_line_too_long, fresh_out, remove_out),
	};
	struct CMUnitTest tests[ARRAY_SIZE(deaths) + ARRAY_SIZE(more)];

	respawn = argc > 1 ? argv[1] : "build/respawn";
	for (size_t i = 0; i < ARRAY_SIZE(deaths); i++)
		tests[i] = (struct CMUnitTest){
			.name = deaths[i].name, .test_func = dies_as_planted,
			.initial_state = (void *)&deaths[i],
		};
	memcpy(&tests[ARRAY_SIZE(deaths)], more, sizeof(more));
	return cmocka_run_group_tests_name("deaths", tests, NULL, NULL);
}
