// SPDX-License-Identifier: GPL-2.0-only
/*
 * A debugger on the state in which a run ended. The guest runs to its end with
 * nothing attached, which would move its time; that end, a panic or a reboot, QEMU
 * makes a pause, and all CPUs are where they were.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debug.h"
#include "options.h"
#include "record.h"
#include "ui.h"

#define GDB	"gdb-multiarch"

/* Wait until QEMU has stopped the guest. */
static void await_stop(struct guest *g)
{
	if (!g->from)
		qmp_say(&g->qmp, "qmp_capabilities", NULL);
	while (!g->stopped) {
		struct pollfd fds[] = {
			{ .fd = g->qmp.fd, .events = POLLIN },
			{ .fd = g->pidfd, .events = POLLIN },
		};

		poll(fds, ARRAY_SIZE(fds), -1);
		guest_hear(g);
		if (fds[1].revents && !g->stopped)
			die("QEMU ended and did not stop at the end of the run");
	}
}

static int run_gdb(const char *vmlinux, const char *socket)
{
	__auto_free char *target = fmt("target remote %s", socket);
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		execlp(GDB, GDB, "-q", "-iex", "set pagination off", "-iex",
		       "set confirm off", "-ex", target, "-ex", "thread apply all backtrace",
		       vmlinux, NULL);
		_exit(127);
	}
	/* Ctrl-C is the debugger's. */
	signal(SIGINT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? EXIT_PASS : EXIT_ERROR;
}

/**
 * debug_past - run a record to its end and open a debugger there
 * @p: the record
 *
 * Return: an exit status
 */
int debug_past(struct past *p)
{
	__auto_free char *vmlinux = fmt("%s/vmlinux", p->kernel.dir);
	__auto_free char *have = find_program(GDB), *gdb = NULL, *what = NULL;
	struct guest g;
	int status;

	if (!have)
		die("GDB=1 needs " GDB ": 'apt-get install " GDB "' installs it");
	if (!exists(vmlinux))
		die("%s is gone, and with it the symbols", vmlinux);
	past_guest(p, &g);
	g.dir = record_begin(&g);
	gdb = fmt("%s/gdb", g.dir);
	guest_monitor(&g);
	strv_split(&g.argv, "-action shutdown=pause -gdb", " ");
	strv_add(&g.argv, "unix:%s,server=on,wait=off", gdb);
	ui_stage(p->kernel.arch->name, "debug");
	guest_start(&g);
	await_stop(&g);
	what = runs_difference(p->dir, g.dir, true);
	ui_done("stopped at the end of the run");
	if (what)
		printf("this is not the recorded run: it diverged at %s\n", what);
	status = run_gdb(vmlinux, gdb);
	guest_kill(&g);
	record_discard(&g);
	return what ? EXIT_BAD : status;
}
