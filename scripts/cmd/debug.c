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

#include "build/initramfs.h"
#include "cmd/debug.h"
#include "judge/events.h"
#include "lib/ui.h"
#include "record/compare.h"
#include "run/events_file.h"

#define GDB	"gdb-multiarch"

static const char *const settings[] = {
	/* Of a record, which may be somebody else's, nothing is run. */
	"set auto-load off", "set pagination off", "set confirm off",
	/* QEMU may have to wait for a CPU of a host that is busy. */
	"set remotetimeout 60",
};

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

/* A file's name, as gdb takes it in a command */
static char *quote(const char *path)
{
	char *quoted = NULL;
	size_t len;
	FILE *f = open_memstream(&quoted, &len);

	if (!f)
		die("out of memory");
	fputc('"', f);
	for (; *path; path++) {
		if (strchr("\\\"", *path))
			fputc('\\', f);
		fputc(*path, f);
	}
	fputs("\"", f);
	fclose(f);
	return quoted;
}

/* The guest has said where it loaded a module to; its symbols are in the initramfs. */
static void add_symbols(const struct guest *g, struct strv *argv)
{
	__auto_free char *path = fmt("%s/console.log", g->dir), *text = read_file(path, NULL);
	__auto_strv struct strv lines = { 0 };

	initramfs_modules(g->image->initramfs, g->dir);
	strv_split(&lines, text ? text : "", "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *at = strstr(lines.v[i], "respawn: module ");
		__auto_free char *ko = NULL, *quoted = NULL;
		unsigned long long address;
		char name[64];

		if (!at || sscanf(at, "respawn: module %63s at %llx", name, &address) != 2)
			continue;
		ko = fmt("%s/%s.ko", g->dir, name);
		if (!exists(ko))
			continue;
		quoted = quote(ko);
		strv_add(argv, "-ex");
		strv_add(argv, "add-symbol-file %s %#llx", quoted, address);
	}
}

/* Who has no terminal to type on is shown the stacks. */
static int run_gdb(const struct guest *g, const char *vmlinux, const char *socket)
{
	__auto_strv struct strv argv = { 0 };
	sigset_t none;
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
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
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
 * struct session - a debugger on a trial
 * @rec: the record that the trial is of
 * @vmlinux: symbols of the kernel
 * @t: the trial, until it has begun
 * @status: what came of it
 */
struct session {
	const struct record *rec;
	const char *vmlinux;
	struct trial *t;
	int status;
};

/* The guest stands still where it failed. */
static void open_debugger(void *arg, struct trial *t)
{
	__auto_free char *what = NULL, *why = NULL;
	struct guest *g = &t->guest;
	struct session *s = arg;

	if (!g->stopped || g->pid < 0)
		die("QEMU ended and did not stop: %s", judge_failure(g->judge));
	why = reason(g);
	what = runs_difference(s->rec->dir, g->dir, EXTENT_FAILURE);
	ui_done("stopped");
	printf("stopped at: %s\n", why);
	if (what)
		printf("this is not the recorded run: it diverged at %s\n", what);
	s->status = run_gdb(g, s->vmlinux, t->gdb);
	guest_kill(g);
	if (what)
		s->status = EXIT_BAD;
}

static struct trial *next_once(void *arg)
{
	struct session *s = arg;
	struct trial *t = s->t;

	s->t = NULL;
	return t;
}

/* A folder of its own: the name of a socket must not be long. */
static char *socket_dir;

static void remove_socket_dir(void)
{
	remove_tree(socket_dir);
}

/**
 * debug_trial - run a trial up to its failure and open a debugger there
 * @t: the trial, from trial_again()
 * @rec: its record
 * @stall: seconds of patience with a QEMU that does not pause
 *
 * Return: an exit status
 */
int debug_trial(struct trial *t, const struct record *rec, uint64_t stall)
{
	__auto_free char *vmlinux = fmt("%s/vmlinux", t->image->kernel.dir);
	__auto_free char *have = find_program(GDB);
	struct session s = { .rec = rec, .vmlinux = vmlinux, .status = EXIT_ERROR };

	if (!have)
		die(GDB " is not installed; 'make deps GDB=1' installs it");
	if (!exists(vmlinux))
		die("%s is gone, and with it the symbols", vmlinux);
	socket_dir = copy("/tmp/respawn-gdb.XXXXXX");
	if (!mkdtemp(socket_dir))
		die("cannot create a directory in /tmp: %s", strerror(errno));
	atexit(remove_socket_dir);
	t->gdb = fmt("%s/gdb", socket_dir);
	t->keep = KEEP_NOT;
	t->req.stall = stall;
	ui_stage(t->req.arch->name, "debug");
	s.t = t;
	trials_run(&(struct trial_source){
		.next = next_once, .seen = open_debugger, .most = 1, .arg = &s,
	});
	return s.status;
}
