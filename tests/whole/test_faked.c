// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs whose kernel is a Makefile and whose QEMU is a script: what becomes of guests
 * that end as no real one does when it is asked to.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"
#include "users_tree.h"
#include "build/arch.h"
#include "lib/host.h"

static const struct arch *arch;
static char *build;

static void put(const char *name, const char *text)
{
	__auto_free char *path = fmt("%s/%s", out, name), *dir = copy(path);

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	write_file(path, text, strlen(text));
	assert_int_equal(chmod(path, 0755), 0);
}

static char *taken(const char *name)
{
	__auto_free char *path = fmt("%s/%s", out, name);

	return read_file(path, NULL) ?: copy("");
}

/* What the script does before its guest speaks: it may set what that says, or not return */
static void guest_does(const char *script)
{
	put("does", script);
	put("ran", "");
	put("died", "");
}

static void plant_qemu(void)
{
	__auto_free char *name = fmt("bin/%s", arch->qemu);
	__auto_free char *script = fmt("#!/bin/sh\n"
		"[ \"$1\" = --version ] && exec cat %1$s/version\n"
		"seed=$(echo \"$*\" | sed 's/.*respawn.seed=\\([0-9]*\\).*/\\1/')\n"
		"works='ok 1 works' made='ok 1 made'\necho $seed >>%1$s/ran\nhere=%1$s\n. %1$s/does\n"
		"cat >console.log <<END\n"
		"[    0.901000] respawn: guest x 6.12.0 cpus=4 seed=$seed\n"
		"[    0.902000] respawn: plan 1\n[    0.903000] respawn: step made begin\n"
		"[    0.911000] KTAP version 1\n[    0.912000] 1..1\n"
		"[    0.913000]     KTAP version 1\n[    0.914000]     # Subtest: made\n"
		"[    0.915000]     1..1\n[    0.916000]     $works\n[    0.917000] $made\n"
		"[    0.918000] respawn: step made end 0\n[    0.919000] respawn: done 1\nEND\n",
		out);

	put(name, script);
	put("version", "QEMU one\n");
}

/* A kernel of nothing, with the modules that steps name; it notes its compiler. */
static void plant_tree(void)
{
	__auto_free char *makefile = fmt("Makefile:;\n"
		"allnoconfig:\n\tcp $(KCONFIG_ALLCONFIG) $(O)/.config\n"
		"%1$s:\n\t@echo '$(CC)' >%2$s/cc\n\t@[ ! -e %2$s/slow ] || { echo $$$$ >%2$s/pid; exec sleep 1000; }\n"
		"\t@mkdir -p $$(dirname $(O)/%3$s) $(O)/include/config\n"
		"\t@cp kernel/kthread.c $(O)/%3$s; cp /bin/true $(O)/vmlinux\n"
		"\t@echo 6.12.0 >$(O)/include/config/kernel.release\n"
		"modules:\n\t@cd $(or $(M),$(O)) && : >modules.order && for m in $(if $(M),$$(cat %2$s/modules)); do echo $$m.o >>modules.order; echo >$$m.ko; done\n"
		".PHONY: modules\n", arch->target, out, arch->image);
	__auto_free char *command =
		fmt("cd %1$s/tree && awk '!/^#/ && $2 != \"-\" { print $2 }' " TESTS_DIR "/../initramfs/plan >%1$s/modules && git init -q && for i in 1 2; do echo $i >kernel/kthread.c && git add -A && git -c user.name=x -c user.email=x@localhost commit -qm $i || exit 1; done",
		    out);

	put("tree/Makefile", makefile);
	put("tree/kernel/kthread.c", "");
	assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
	__auto_free char *busybox = NULL, *cache = NULL, *path = NULL;

	while ((arch = arch_next(arch)) && !arch_is_host(arch))
		;
	if (!arch || fresh_out(state))
		return -1;
	cache = fmt("%s/cache", out);
	path = fmt("%s/bin:%s", out, getenv("PATH"));
	busybox = fmt("cache/respawn/busybox/%s", arch->name);
	setenv("XDG_CACHE_HOME", cache, 1);
	setenv("PATH", path, 1);
	put(busybox, "none");
	put("own/plan", "made - made made\n");
	put("own/made.sh", "#!/bin/sh\n");
	plant_qemu();
	plant_tree();
	guest_does("");
	return 0;
}

/* The words of a run of it, behind those */
static char *faked(const char *words)
{
	return fmt("%s ARCH=%s TREE=%s/tree SERIES=none OVERLAY=none SUITES=%s/own PLAN=made STRATEGY=none SNAPSHOT=0 SMPBOOT=park",
		   words, arch->name, out, out);
}

static void expect_of(const char *words, int status, const char *text)
{
	__auto_free char *all = faked(words);

	expect(all, status, text);
}

static void seeds_that_are_skipped_did_not_pass(void **state)
{
	(void)state;
	guest_does("works=\"$works # SKIP none\" made=\"$made # SKIP none\"\n");
	expect_of("explore SEEDS=1..3", EXIT_PASS, "0 passed, 0 failed, 3 skipped");
	/* Nor when they are known. */
	guest_does("exit 1\n");
	expect_of("explore SEEDS=1..3", EXIT_PASS, "0 passed, 0 failed, 3 skipped");
}

static size_t times(const char *text, const char *line)
{
	__auto_strv struct strv lines = { 0 };
	size_t n = 0;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		n += !strcmp(lines.v[i], line);
	return n;
}

/* That a QEMU came to grief is no evidence: neither for the commit nor against it. */
static void a_seed_whose_qemu_died_is_run_again(void **state)
{
	static const char *const others[] = { "1", "3", "4" };
	__auto_free char *state_file = fmt("%s/bisect.json", out), *ran = NULL;
	json_t *log, *entry, *json;
	size_t i, seen = 0;

	(void)state;
	guest_does("if [ $seed = 2 ] && [ ! -s $here/died ]; then echo >$here/died; kill -9 $$; fi\n");
	expect_of("bisect GOOD=HEAD~1 RUNS=4", EXIT_BAD, "4 runs passed");
	ran = taken("ran");
	assert_int_equal(times(ran, "2"), 2);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(times(ran, others[i]), 1);
	json = json_load_file(state_file, 0, NULL);
	log = json_object_get(json, "log");
	json_array_foreach(log, i, entry) {
		const char *what = json_string_value(json_object_get(entry, "what"));

		if (json_integer_value(json_object_get(entry, "seed")) != 2)
			continue;
		assert_string_equal(what, "pass");
		seen++;
	}
	assert_int_equal(seen, 1);
	json_decref(json);
}

/* Nor is one that says nothing, where others did; the next run goes on there. */
static void a_run_that_says_nothing_ends_no_bisect(void **state)
{
	__auto_free char *state_file = fmt("%s/bisect.json", out), *words = NULL, *never = NULL;

	(void)state;
	unlink(state_file);
	guest_does("[ $seed = 3 ] && echo '[    0.500000] Kernel panic - not syncing: VFS: none' >console.log && exit 0\n");
	expect_of("bisect GOOD=HEAD~1 RUNS=6", EXIT_BAD, "5 runs passed, 1 failed in another way");
	unlink(state_file);
	put("tells", "#!/bin/sh\n[ $SEED != 3 ] || exit 125\n");
	words = fmt("bisect GOOD=HEAD~1 RUNS=6 TEST=%s/tells", out);
	expect_of(words, EXIT_BAD, "5 runs passed, 1 failed in another way");
	expect_of(words, EXIT_BAD, "met on the way, at ");
	/* One that never tells is of no use. */
	put("never", "#!/bin/sh\nexit 125\n");
	unlink(state_file);
	never = fmt("bisect GOOD=HEAD~1 RUNS=6 TEST=%s/never", out);
	expect_of(never, EXIT_ERROR, "'make bisect-undo' forgets what was seen last");
	unlink(state_file);
}

/* One seed of four that passes is too few to call a commit good. */
static void few_seeds_that_pass_are_no_good_commit(void **state)
{
	(void)state;
	guest_does("[ $seed -gt 3 ] || made=not\\ $made works=not\\ $works\n");
	expect_of("bisect-step N=4 SIGNATURE=another", EXIT_UNTESTABLE, "3 failed in another way");
	guest_does("[ $seed -gt 2 ] || made=not\\ $made works=not\\ $works\n");
	expect_of("bisect-step N=4 SIGNATURE=another", EXIT_PASS, "2 failed in another way");
	guest_does("");
}

static void users_tree_stays_as_it_is(void **state)
{
	__auto_free char *tree = fmt("%s/tree", out), *state_file = fmt("%s/bisect.json", out);
	__auto_free char *before = NULL, *after = NULL;

	(void)state;
	make_index_old(tree);
	before = users_tree(tree, "nothing");
	expect_of("bisect GOOD=HEAD~1 RUNS=2", EXIT_BAD, "2 runs passed");
	expect_of("bisect-step", EXIT_PASS, "1 passed");
	after = users_tree(tree, "nothing");
	assert_string_equal(before, after);
	unlink(state_file);
}

static void more_than_can_be_told_is_refused(void **state)
{
	(void)state;
	expect_of("bisect GOOD=HEAD~1 CONFIDENCE=0.99999", EXIT_ERROR,
		  "CONFIDENCE=0.99999: a number above 0 and up to 0.9999 is wanted");
	expect_of("bisect GOOD=nowhere CONFIDENCE=0.9999", EXIT_ERROR, "no such commit");
}

/* A budget that ends before a kernel is there says nothing of BAD. */
static void no_time_for_a_run_is_told(void **state)
{
	__auto_free char *slow = fmt("%s/slow", out), *state_file = fmt("%s/bisect.json", out);
	__auto_free char *change =
		fmt("cd %s/tree && echo slow >kernel/kthread.c && git -c user.name=x -c user.email=x@localhost commit -qam slow",
		    out);
	__auto_free char *back = fmt("git -C %s/tree reset -q --hard HEAD~1", out);
	__auto_free char *words = faked("bisect GOOD=HEAD~1 TIME=1"), *said = NULL;
	int status;

	(void)state;
	assert_int_equal(system(change), 0);
	put("slow", "");
	status = call(words, &said);
	/* Whatever came of it, no other build is to be slow. */
	unlink(slow);
	unlink(state_file);
	assert_int_equal(system(back), 0);
	assert_int_equal(status, EXIT_BAD);
	assert_non_null(strstr(said, "there was no time for a run"));
}

static char *record(void)
{
	__auto_free char *pattern = fmt("%s/runs/*-seed9", out);
	char *path;
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	path = copy(g.gl_pathv[0]);
	globfree(&g);
	return path;
}

/* One that differs says nothing of the kernel then, and only then. */
static void other_tools_are_told_of(void **state)
{
	__auto_free char *dir = NULL, *words = NULL, *command = NULL;

	(void)state;
	guest_does("");
	expect_of("check SEED=9", EXIT_PASS, "1 passed, 0 failed");
	dir = record();
	words = fmt("replay RUN=%s", dir);
	put("version", "QEMU two\n");
	expect(words, EXIT_PASS, "reproduced: pass");
	guest_does("made='ok 1 made '\n");
	expect(words, EXIT_ERROR, "the record is of QEMU QEMU one, this is QEMU two");
	put("version", "QEMU one\n");
	expect(words, EXIT_BAD, "diverged at ");
	command = fmt("sed -i 's/\"judge\": \"/&0/' %s/run.json", dir);
	assert_int_equal(system(command), 0);
	expect(words, EXIT_ERROR, "the record is of judge 0");
}

/* With what the tests themselves were built from: make finds nothing to compile. */
static pid_t start_make(const char *words)
{
	__auto_free char *all = faked(words);
	__auto_strv struct strv argv = { 0 };
	pid_t pid;

	strv_split(&argv, "make -s -C " TESTS_DIR "/.. CC=cc", " ");
	strv_add(&argv, "O=%s/build", out);
	strv_split(&argv, all, " ");
	pid = fork();
	if (!pid) {
		unsetenv("MAKEFLAGS");
		unsetenv("MAKELEVEL");
		execvp(argv.v[0], argv.v);
		_exit(127);
	}
	return pid;
}

/* The process that noted its number, once it has */
static pid_t noted(void)
{
	for (int i = 0; i < 6000; i++) {
		__auto_free char *text = taken("pid");

		if (strchr(text, '\n'))
			return atoi(text);
		usleep(10000);
	}
	fail_msg("nothing was begun");
	return -1;
}

/* One that is a zombie is gone: who should wait for it is gone, too. */
static bool runs(pid_t pid)
{
	__auto_free char *path = fmt("/proc/%d/stat", pid), *stat = read_file(path, NULL);

	return stat && !strstr(stat, ") Z ");
}

/* Whatever is at the far end of what make has begun */
static void make_ends_what_it_began(void **state)
{
	static const char *const ends[] = { "build", "check" };
	__auto_free char *command =
		fmt("mkdir %1$s/build && cd %2$s && cp -a obj flags source respawn respawn-deps %1$s/build",
		    out, build);
	__auto_free char *slow = fmt("%s/slow", out), *more = NULL;

	(void)state;
	assert_int_equal(system(command), 0);
	more = fmt("cd %s/tree && echo 3 >kernel/kthread.c && git -c user.name=x -c user.email=x@localhost commit -qam 3",
		   out);
	assert_int_equal(system(more), 0);
	put("slow", "");
	guest_does("echo $$ >$here/pid; exec sleep 1000\n");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		pid_t pid, end;

		put("pid", "");
		pid = start_make(ends[i]);
		end = noted();
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
		for (int n = 0; n < 1000 && runs(end); n++)
			usleep(10000);
		if (runs(end)) {
			kill(end, SIGKILL);
			fail_msg("%s: what it began goes on", ends[i]);
		}
		unlink(slow);
	}
}

/* CC= is of the host's program: what a kernel is made with is in its name. */
static void the_compiler_of_a_kernel_is_its_own(void **state)
{
	__auto_free char *cc = taken("cc");

	(void)state;
	if (!strstr(cc, "gcc\n"))
		fail_msg("the kernel was built with %s", cc);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeds_that_are_skipped_did_not_pass),
		cmocka_unit_test(a_seed_whose_qemu_died_is_run_again),
		cmocka_unit_test(a_run_that_says_nothing_ends_no_bisect),
		cmocka_unit_test(no_time_for_a_run_is_told),
		cmocka_unit_test(few_seeds_that_pass_are_no_good_commit),
		cmocka_unit_test(users_tree_stays_as_it_is),
		cmocka_unit_test(more_than_can_be_told_is_refused),
		cmocka_unit_test(other_tools_are_told_of),
		cmocka_unit_test(make_ends_what_it_began),
		cmocka_unit_test(the_compiler_of_a_kernel_is_its_own),
	};

	respawn = realpath(argc > 1 ? argv[1] : "build/respawn", NULL);
	if (!respawn)
		return EXIT_ERROR;
	build = copy(respawn);
	*strrchr(build, '/') = '\0';
	return cmocka_run_group_tests_name("faked", tests, setup, remove_out);
}
