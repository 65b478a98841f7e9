// SPDX-License-Identifier: GPL-2.0-only
/*
 * A debugger on the state in which a run ended. The guest runs to its end with
 * nothing attached, which would move its time; that end, a panic or a reboot, QEMU
 * makes a pause, and all CPUs are where they were.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debug.h"
#include "options.h"
#include "record.h"
#include "ui.h"

#define GDB	"gdb-multiarch"

/* Connect to QEMU's monitor, which takes a moment to be there. */
static FILE *monitor(const struct guest *g, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(a.sun_path))
		die("cannot connect to QEMU at %s", path);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	while (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		if (kill(g->pid, 0) || waitpid(g->pid, NULL, WNOHANG))
			die("QEMU ended at once; see %s/qemu.log", g->dir);
		usleep(10000);
	}
	return fdopen(fd, "r+");
}

/* Wait until QEMU tells that it has stopped the guest. */
static void await_stop(FILE *qmp)
{
	char *line = NULL;
	size_t size = 0;
	bool stopped = false;

	fprintf(qmp, "{\"execute\": \"qmp_capabilities\"}\n");
	fflush(qmp);
	while (!stopped && getline(&line, &size, qmp) > 0) {
		json_t *o = json_loads(line, 0, NULL);
		const char *event = json_string_value(json_object_get(o, "event"));

		stopped = event && !strcmp(event, "STOP");
		json_decref(o);
	}
	free(line);
	if (!stopped)
		die("QEMU ended and did not stop at the end of the run");
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
	__auto_free char *have = find_program(GDB), *qmp = NULL, *gdb = NULL, *what = NULL;
	struct guest g;
	int status;
	FILE *f;

	if (!have)
		die("GDB=1 needs " GDB ": 'apt-get install " GDB "' installs it");
	if (!exists(vmlinux))
		die("%s is gone, and with it the symbols", vmlinux);
	past_guest(p, &g);
	g.dir = record_begin(&g);
	qmp = fmt("%s/qmp", g.dir);
	gdb = fmt("%s/gdb", g.dir);
	strv_split(&g.argv, "-action shutdown=pause -qmp", " ");
	strv_add(&g.argv, "unix:%s,server=on,wait=off", qmp);
	strv_add(&g.argv, "-gdb");
	strv_add(&g.argv, "unix:%s,server=on,wait=off", gdb);
	ui_stage(p->kernel.arch->name, "debug");
	guest_start(&g);
	f = monitor(&g, qmp);
	await_stop(f);
	what = runs_difference(p->dir, g.dir, true);
	ui_done("stopped at the end of the run");
	if (what)
		printf("this is not the recorded run: it diverged at %s\n", what);
	status = run_gdb(vmlinux, gdb);
	fclose(f);
	guest_kill(&g);
	record_discard(&g);
	return what ? EXIT_BAD : status;
}
