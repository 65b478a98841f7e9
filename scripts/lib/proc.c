// SPDX-License-Identifier: GPL-2.0-only
/*
 * Child processes, and the time that they take.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/die.h"
#include "lib/proc.h"
#include "lib/str.h"

/**
 * now - host time that only goes forward
 *
 * Return: seconds
 */
double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/**
 * find_program - look a program up as execvp() would
 * @name: its name, or a path
 *
 * Return: its path, to be freed, or NULL.
 */
char *find_program(const char *name)
{
	__auto_strv struct strv dirs = { 0 };

	if (strchr(name, '/'))
		return access(name, X_OK) ? NULL : copy(name);
	strv_split(&dirs, getenv("PATH"), ":");
	for (size_t i = 0; i < dirs.n; i++) {
		char *path = fmt("%s/%s", dirs.v[i], name);

		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return NULL;
}

static void __noreturn run_child(const struct strv *argv,
				 const struct run_opts *o, int out, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	/* A child that outlives the harness would go on writing to the cache. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(o->quiet_err ? null : out, STDERR_FILENO);
	for (size_t i = 0; o->env && i < o->env->n; i++)
		putenv(o->env->v[i]);
	if (o->dir && chdir(o->dir)) {
		dprintf(out, "%s: %s\n", o->dir, strerror(errno));
		_exit(127);
	}
	execvp(argv->v[0], argv->v);
	dprintf(out, "%s: %s\n", argv->v[0], strerror(errno));
	_exit(127);
}

/**
 * run - run a program and wait for it
 * @argv: its arguments
 * @opts: what to do with its output, see struct run_opts
 *
 * Return: its exit status, 127 if it can't be run, 128 + signal if one ended it
 */
int run(const struct strv *argv, const struct run_opts *opts)
{
	static const struct run_opts none;
	const struct run_opts *o = opts ? opts : &none;
	FILE *in, *log = NULL, *out = NULL;
	char *line = NULL;
	size_t room = 0, out_len;
	int fds[2], status;
	pid_t pid, self = getpid();

	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid)
		run_child(argv, o, fds[1], self);
	close(fds[1]);

	if (o->log)
		log = fopen(o->log, "ae");
	if (o->out)
		out = open_memstream(o->out, &out_len);
	in = fdopen(fds[0], "r");
	while (getline(&line, &room, in) > 0) {
		if (log)
			fputs(line, log);
		if (out)
			fputs(line, out);
		if (o->line)
			o->line(o->arg, line);
	}
	free(line);
	fclose(in);
	if (log)
		fclose(log);
	if (out)
		fclose(out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
