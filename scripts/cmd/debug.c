// SPDX-License-Identifier: GPL-2.0-only
/*
 * A debugger on the state in which a run failed. The guest runs there with nothing
 * attached, which would move its time. It says itself that it failed, by a device
 * for that, and QEMU is told to make it a pause, as it is of a reboot, which is the
 * end of all other runs: all CPUs are where they were.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/debug.h"
#include "judge/events.h"
#include "build/initramfs.h"
#include "options.h"
#include "record/record.h"
#include "lib/ui.h"

#define GDB	"gdb-multiarch"

static const char *const settings[] = {
	"set pagination off", "set confirm off",
};

static void hear(struct guest *g, const json_t *message)
{
	if (json_object_get(message, "QMP"))
		qmp_say(&g->qmp, "qmp_capabilities", NULL);
}

/* What went wrong there, as the guest has said or noted it */
static char *reason(const struct guest *g)
{
	__auto_free char *path = fmt("%s/events.bin", g->dir);
	struct events e;
	char *why;

	if (g->detail)
		return copy(g->detail);
	if (judge_in_trouble(g->judge)) {
		judge_end(g->judge, ENDING_ITSELF, "");
		return copy(judge_failure(g->judge));
	}
	why = copy(events_read(&e, path) && *e.failure ? e.failure : "the end of the run");
	events_free(&e);
	return why;
}

/* The guest has said where it loaded a module to; its symbols are in the initramfs. */
static void add_symbols(const struct guest *g, struct strv *argv)
{
	__auto_free char *path = fmt("%s/console.log", g->dir), *text = read_file(path, NULL);
	__auto_strv struct strv lines = { 0 };

	initramfs_modules(g->initramfs, g->dir);
	strv_split(&lines, text ? text : "", "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *at = strstr(lines.v[i], "respawn: module ");
		__auto_free char *ko = NULL;
		unsigned long long address;
		char name[64];

		if (!at || sscanf(at, "respawn: module %63s at %llx", name, &address) != 2)
			continue;
		ko = fmt("%s/%s.ko", g->dir, name);
		if (!exists(ko))
			continue;
		strv_add(argv, "-ex");
		strv_add(argv, "add-symbol-file %s %#llx", ko, address);
	}
}

/* Who has no terminal to type on is shown the stacks. */
static int run_gdb(const struct guest *g, const char *vmlinux, const char *socket)
{
	__auto_strv struct strv argv = { 0 };
	int status;
	pid_t pid;

	strv_add(&argv, GDB);
	strv_add(&argv, isatty(STDIN_FILENO) ? "-q" : "-batch");
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		strv_add(&argv, "-iex");
		strv_add(&argv, "%s", settings[i]);
	}
	add_symbols(g, &argv);
	strv_add(&argv, "-ex");
	strv_add(&argv, "target remote %s", socket);
	strv_add(&argv, "-ex");
	strv_add(&argv, "thread apply all backtrace");
	strv_add(&argv, "%s", vmlinux);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		execvp(GDB, argv.v);
		_exit(127);
	}
	/* Ctrl-C is the debugger's. */
	signal(SIGINT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? EXIT_PASS : EXIT_ERROR;
}

/**
 * debug_past - run a record up to its failure and open a debugger there
 * @p: the record
 *
 * Return: an exit status
 */
int debug_past(struct past *p)
{
	__auto_free char *vmlinux = fmt("%s/vmlinux", p->kernel.dir);
	__auto_free char *have = find_program(GDB), *gdb = NULL, *what = NULL, *why = NULL;
	struct guest g;
	int status;

	if (!have)
		die(GDB " is not installed; 'make deps GDB=1' installs it");
	if (!exists(vmlinux))
		die("%s is gone, and with it the symbols", vmlinux);
	past_guest(p, &g);
	g.dir = record_begin(&g);
	g.pauses = true;
	g.hear = hear;
	gdb = fmt("%s/gdb", g.dir);
	guest_monitor(&g);
	strv_split(&g.argv, "-action panic=pause,shutdown=pause -gdb", " ");
	strv_add(&g.argv, "unix:%s,server=on,wait=off", gdb);
	ui_stage(p->kernel.arch->name, "debug");
	guests_run(&g, 1);
	if (!g.stopped || g.pid < 0)
		die("QEMU ended and did not stop: %s", judge_failure(g.judge));
	why = reason(&g);
	what = runs_difference(p->dir, g.dir, EXTENT_FAILURE);
	ui_done("stopped");
	printf("stopped at: %s\n", why);
	if (what)
		printf("this is not the recorded run: it diverged at %s\n", what);
	status = run_gdb(&g, vmlinux, gdb);
	guest_kill(&g);
	record_discard(&g);
	return what ? EXIT_BAD : status;
}
