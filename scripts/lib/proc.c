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

/*
 * What a program may know of the caller's surroundings: where programs, packages
 * and places for files are. Anything else, as KCFLAGS or GIT_DIR, would change what
 * it does, and what it leaves in the cache, behind our back.
 */
static const char *const passed_on[] = {
	"PATH", "HOME", "USER", "LOGNAME", "TERM", "TMPDIR", "XDG_CACHE_HOME",
	"APT_CONFIG", "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
	"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
};

/**
 * proc_passes - is a variable of the environment one for the programs that are called?
 * @name: the variable
 *
 * Return: whether they get to see it
 */
bool proc_passes(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		if (!strcmp(name, passed_on[i]))
			return true;
	return false;
}

/* The environment of a child; what the caller of run() adds comes last and wins. */
static void clean_env(const struct strv *more)
{
	static struct strv env;

	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		if (getenv(passed_on[i]))
			strv_add(&env, "%s=%s", passed_on[i], getenv(passed_on[i]));
	clearenv();
	for (size_t i = 0; i < env.n; i++)
		putenv(env.v[i]);
	/* What a program says is read by us, too. */
	setenv("LC_ALL", "C", 1);
	for (size_t i = 0; more && i < more->n; i++)
		putenv(more->v[i]);
}

/**
 * end_with_parent - have this process end when its parent does
 * @parent: who that is, as it may be gone already
 *
 * One that outlives whoever waits for it would go on writing to the cache.
 */
void end_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
}

static void __noreturn run_child(const struct strv *argv, const struct run_opts *o,
				 int in, int out, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	end_with_parent(parent);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(in < 0 ? null : in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(o->quiet_err ? null : out, STDERR_FILENO);
	clean_env(o->env);
	if (o->dir && chdir(o->dir)) {
		dprintf(out, "%s: %s\n", o->dir, strerror(errno));
		_exit(127);
	}
	execvp(argv->v[0], argv->v);
	dprintf(out, "%s: %s\n", argv->v[0], strerror(errno));
	_exit(127);
}

static pid_t begin(const struct strv *argv, const struct run_opts *o, int in, int out)
{
	pid_t pid, self = getpid();

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid)
		run_child(argv, o, in, out, self);
	return pid;
}

static int end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/**
 * run - run a program and wait for it
 * @argv: its arguments
 * @opts: what to do with its output, see struct run_opts
 *
 * The program gets an environment of its own: paths, proxies, LC_ALL=C and what
 * @opts adds, nothing else of the caller's.
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
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = begin(argv, o, -1, fds[1]);
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
	return end(pid);
}

/**
 * feed_begin - run a program that reads what we write
 * @f: gets the stream to write to
 * @argv: the program's arguments
 *
 * The environment is that of run(). A program that ends early makes writes fail
 * with EPIPE; it is no signal that ends us. To be followed by feed_end().
 */
void feed_begin(struct feed *f, const struct strv *argv)
{
	static const struct run_opts none;
	int fds[2];

	f->said = tmpfile();
	if (!f->said)
		die("cannot create a temporary file: %s", strerror(errno));
	if (pipe2(fds, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	f->sigpipe = signal(SIGPIPE, SIG_IGN);
	f->pid = begin(argv, &none, fds[0], fileno(f->said));
	close(fds[0]);
	f->to = fdopen(fds[1], "w");
	if (!f->to)
		die("out of memory");
}

/**
 * feed_end - no more is written: wait for the program
 * @f: from feed_begin()
 * @said: gets what the program printed, to be freed
 *
 * Return: its exit status as run() has it; -1 if it ended well, but did not read
 * all that was written
 */
int feed_end(struct feed *f, char **said)
{
	bool cut = ferror(f->to);
	char buf[1 << 12];
	FILE *text;
	size_t n;
	int status;

	cut |= !!fclose(f->to);
	status = end(f->pid);
	signal(SIGPIPE, f->sigpipe);
	text = open_memstream(said, &n);
	rewind(f->said);
	while (text && (n = fread(buf, 1, sizeof(buf), f->said)) > 0)
		fwrite(buf, 1, n, text);
	if (!text || fclose(text))
		die("out of memory");
	fclose(f->said);
	return status ? status : cut ? -1 : 0;
}
