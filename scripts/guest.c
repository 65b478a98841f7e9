// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests: how QEMU is called, how long it may take, how it ends.
 *
 * The console goes to a file, which takes whatever comes at once: a pipe that
 * is full would be input, and the guest would no longer be deterministic.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "options.h"
#include "ui.h"

#define MEMORY		"256M"
/* How often the consoles are looked at, and how long trouble may talk on */
#define POLL_MS		20
#define TROUBLE_SILENCE	3.0
/* How many times longer than its CPU time a guest may take of the host's */
#define HOST_PATIENCE	20

static const char sandbox[] =
	"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

static bool is_virtual(const struct guest *g)
{
	return !strcmp(g->accel, "virtual");
}

static char *joined(const struct strv *v, const char *delim)
{
	char *s = copy("");

	for (size_t i = 0; i < v->n; i++) {
		char *more = fmt("%s%s%s", s, i ? delim : "", v->v[i]);

		free(s);
		s = more;
	}
	return s;
}

static char *command_line(const struct guest *g)
{
	__auto_free char *plan = joined(g->steps, ",");
	const struct arch *a = g->kernel->arch;

	return fmt("console=%s nokaslr panic=-1 slab_nomerge printk.time=1 printk.devkmsg=on ignore_loglevel kunit.enable=1 rcupdate.rcu_expedited=1 %s%s%srespawn.plan=%s respawn.seed=%llu respawn.cycles=%u%s%s",
		   a->console, a->cmdline, is_virtual(g) ? a->virtual_cmdline : "",
		   g->smpboot ? g->smpboot->cmdline : "", plan,
		   (unsigned long long)opt.seed, opt.cycles,
		   *opt.kcmdline ? " " : "", opt.kcmdline);
}

static void timing_args(const struct guest *g, struct strv *argv)
{
	const struct arch *a = g->kernel->arch;

	strv_add(argv, "-accel");
	if (is_virtual(g)) {
		strv_split(argv, "tcg,thread=single -rtc base=2020-01-01,clock=vm -icount", " ");
		strv_add(argv, "shift=%u,sleep=off", a->icount);
	} else {
		strv_add(argv, "%s", strcmp(g->accel, "kvm") ? "tcg,thread=multi" : "kvm");
	}
	strv_add(argv, "-cpu");
	strv_add(argv, "%s", strcmp(g->accel, "kvm") ? a->cpu : "host");
}

static void qemu_args(struct guest *g, const char *serial)
{
	const struct arch *a = g->kernel->arch;

	strv_add(&g->argv, "%s", a->qemu);
	strv_split(&g->argv, "-no-user-config -nodefaults -display none -monitor none -no-reboot", " ");
	strv_add(&g->argv, "-sandbox");
	strv_add(&g->argv, "%s", sandbox);
	strv_add(&g->argv, "-M");
	strv_add(&g->argv, "%s", a->qemu_machine);
	timing_args(g, &g->argv);
	strv_add(&g->argv, "-smp");
	strv_add(&g->argv, "%u", opt.smp);
	strv_add(&g->argv, "-m");
	strv_add(&g->argv, "%s", MEMORY);
	strv_add(&g->argv, "-serial");
	strv_add(&g->argv, "%s", serial);
	strv_add(&g->argv, "-kernel");
	strv_add(&g->argv, "%s", g->kernel->image);
	strv_add(&g->argv, "-initrd");
	strv_add(&g->argv, "%s", g->initramfs);
	strv_add(&g->argv, "-append");
	strv_add(&g->argv, "%s", g->cmdline);
}

/**
 * guest_prepare - work out how QEMU is called
 * @g: with everything set that the caller sets
 * @plan: all steps there are
 */
void guest_prepare(struct guest *g, const struct plan *plan)
{
	g->pid = -1;
	g->pidfd = -1;
	g->console = -1;
	g->cpu_slot = -1;
	g->boot = -1;
	g->judge = judge_new(plan, g->steps);
	g->cmdline = command_line(g);
	qemu_args(g, "file:console.log");
}

/*
 * A host CPU that no other guest of this user's is pinned to, while there is
 * one. The lock goes with the descriptor.
 */
static int take_cpu(struct guest *g)
{
	__auto_free char *dir = fmt("%s/cpu", opt.cache);
	int first = -1;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	make_dirs(dir);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		__auto_free char *path = NULL;

		if (!CPU_ISSET(cpu, &set))
			continue;
		if (first < 0)
			first = cpu;
		path = fmt("%s/%d", dir, cpu);
		g->cpu_slot = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (g->cpu_slot >= 0 && !flock(g->cpu_slot, LOCK_EX | LOCK_NB))
			return cpu;
		if (g->cpu_slot >= 0)
			close(g->cpu_slot);
		g->cpu_slot = -1;
	}
	return first;
}

static void __noreturn qemu_child(const struct guest *g, int cpu, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY), log;
	sigset_t none;
	cpu_set_t set;

	/* No guest outlives the one who judges it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	/* Ctrl-C on the terminal is for us to handle. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	if (chdir(g->dir))
		_exit(127);
	log = open("qemu.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execvp(g->argv.v[0], g->argv.v);
	dprintf(STDERR_FILENO, "%s: %s\n", g->argv.v[0], strerror(errno));
	_exit(127);
}

static void start(struct guest *g)
{
	__auto_free char *console = fmt("%s/console.log", g->dir), *qemu = NULL;
	pid_t self = getpid();
	int cpu;

	qemu = find_program(g->argv.v[0]);
	if (!qemu)
		die("%s is not installed; 'make deps' installs it", g->argv.v[0]);
	if (!exists(g->kernel->image))
		die("the kernel image %s is missing; remove %s, and it is built again",
		    g->kernel->image, g->kernel->dir);
	if (!exists(g->initramfs))
		die("the initramfs %s is missing", g->initramfs);
	g->console = open(console, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
	if (g->console < 0)
		die("cannot write %s: %s", console, strerror(errno));

	cpu = is_virtual(g) ? take_cpu(g) : -1;
	g->begun = now();
	g->heard = g->begun;
	g->pid = fork();
	if (g->pid < 0)
		die("fork: %s", strerror(errno));
	if (!g->pid)
		qemu_child(g, cpu, self);
	g->pidfd = syscall(SYS_pidfd_open, g->pid, 0);
	if (g->pidfd < 0)
		die("pidfd_open: %s", strerror(errno));
}

/* Seconds of CPU that QEMU used so far */
static double cpu_used(const struct guest *g)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(g->pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void listen_to(struct guest *g)
{
	char buf[1 << 14];
	ssize_t n;

	while ((n = read(g->console, buf, sizeof(buf))) > 0) {
		g->heard = now();
		g->cpu_heard = cpu_used(g);
		judge_feed(g->judge, buf, n);
		if (ui_verbose())
			fwrite(buf, 1, n, stderr);
		if (g->boot < 0 && judge_greeted(g->judge))
			g->boot = g->heard - g->begun;
	}
}

/* The host's patience: NULL while there is some left */
static char *patience(const struct guest *g, enum ending *ending)
{
	const char *what = g->by_cpu ? " of CPU time" : "";
	double t = now(), cpu = g->by_cpu ? cpu_used(g) : 0;

	if (judge_in_trouble(g->judge) && t - g->heard > TROUBLE_SILENCE) {
		*ending = ENDING_TROUBLE;
		return copy("the guest was in trouble and fell silent");
	}
	if (g->eager && judge_has_failed(g->judge)) {
		*ending = ENDING_ENOUGH;
		return copy("a case failed, and that was enough");
	}
	if ((g->by_cpu ? cpu - g->cpu_heard : t - g->heard) > opt.stall) {
		*ending = ENDING_SILENT;
		return fmt("the console was silent for %u s%s (STALL=)", opt.stall, what);
	}
	if ((g->by_cpu ? cpu : t - g->begun) > opt.timeout) {
		*ending = ENDING_TIMEOUT;
		return fmt("the guest was not done after %u s%s (TIMEOUT=)", opt.timeout, what);
	}
	if (t - g->begun > HOST_PATIENCE * opt.timeout) {
		*ending = ENDING_QEMU_FAILED;
		return fmt("QEMU used only %.0f s of CPU in %.0f s: it is stuck, or the host is far too busy",
			   cpu, t - g->begun);
	}
	return NULL;
}

static void died_by(struct guest *g, int status)
{
	if (g->detail)
		return;		/* it was us */
	if (WIFSIGNALED(status)) {
		g->ending = ENDING_KILLED;
		g->detail = fmt("QEMU was killed by signal %d (%s), not by respawn",
				WTERMSIG(status), strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status)) {
		__auto_free char *log = fmt("%s/qemu.log", g->dir);
		__auto_free char *said = read_file(log, NULL);

		g->ending = ENDING_QEMU_FAILED;
		g->detail = fmt("QEMU failed with status %d: %.*s", WEXITSTATUS(status),
				said ? (int)strcspn(said, "\n") : 0, said ? said : "");
	} else {
		g->ending = ENDING_ITSELF;
		g->detail = copy("");
	}
}

/* QEMU is gone; what it wrote last is still to be read. */
static void finish(struct guest *g)
{
	int status = 0;

	while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
		;
	g->wall = now() - g->begun;
	died_by(g, status);
	listen_to(g);
	judge_end(g->judge, g->ending, g->detail);
	close(g->pidfd);
	close(g->console);
	if (g->cpu_slot >= 0)
		close(g->cpu_slot);
	g->pid = -1;
}

static void stop(struct guest *g)
{
	kill(g->pid, SIGKILL);
}

static bool is_over(const struct guest *g)
{
	return g->begun && g->pid < 0;
}

static void show(struct guest *g, size_t n)
{
	char note[64] = "", text[128] = "";
	double part = 0;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (g[i].pid > 0)
			part += judge_progress(g[i].judge, note, sizeof(note));
		else
			part += is_over(&g[i]);
		if (g[i].pid > 0 && used < sizeof(text) - 1)
			used += snprintf(text + used, sizeof(text) - used, "%s%s:%s",
					 used ? " " : "", g[i].kernel->arch->name, note);
	}
	ui_progress(part, n, text);
}

/* Ctrl-C: no guest is left, and the caller's atexit() removes the records. */
static void __noreturn interrupted(struct guest *g, size_t n, int sig)
{
	for (size_t i = 0; i < n; i++) {
		if (g[i].pid <= 0)
			continue;
		stop(&g[i]);
		waitpid(g[i].pid, NULL, 0);
	}
	ui_interrupt();
	fprintf(stderr, "respawn: interrupted; the guests are ended, no record is kept\n");
	exit(128 + sig);
}

/* Returns how many guests are still there. */
static size_t look_at(struct guest *g, size_t n, const struct pollfd *fds)
{
	size_t alive = 0;

	for (size_t i = 0; i < n; i++) {
		if (g[i].pid <= 0)
			continue;
		if (fds[i].revents) {
			finish(&g[i]);
			continue;
		}
		alive++;
		listen_to(&g[i]);
		if (!g[i].detail) {
			g[i].detail = patience(&g[i], &g[i].ending);
			if (g[i].detail)
				stop(&g[i]);
		}
	}
	return alive;
}

/* As many as the host has CPUs for: more only wait for each other. */
static size_t places(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

/**
 * guests_run - run guests side by side until the last one is over and judged
 * @g: guests from guest_prepare()
 * @n: how many
 *
 * Shows progress. Does not return from Ctrl-C.
 */
void guests_run(struct guest *g, size_t n)
{
	struct pollfd *fds = calloc(n + 1, sizeof(*fds));
	struct signalfd_siginfo info;
	size_t next = 0, alive = 0, most = places();
	sigset_t set, old;
	int sigfd;

	if (!fds)
		die("out of memory");
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC);
	fds[n] = (struct pollfd){ .fd = sigfd, .events = POLLIN };
	while (alive || next < n) {
		for (; next < n && alive < most; alive++)
			start(&g[next++]);
		for (size_t i = 0; i < n; i++) {
			fds[i].fd = g[i].pid > 0 ? g[i].pidfd : -1;
			fds[i].events = POLLIN;
		}
		poll(fds, n + 1, POLL_MS);
		if (fds[n].revents && read(sigfd, &info, sizeof(info)) > 0)
			interrupted(g, n, info.ssi_signo);
		alive = look_at(g, n, fds);
		show(g, n);
	}
	close(sigfd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(fds);
}

/**
 * guest_shell - give the terminal to a guest's shell, in real time
 * @g: guest with kernel and initramfs set
 *
 * Return: QEMU's exit status
 */
int guest_shell(struct guest *g)
{
	static const struct strv no_steps;
	int status;
	pid_t pid;

	g->steps = &no_steps;
	g->cmdline = fmt("console=%s nokaslr panic=-1 printk.devkmsg=on quiet %srespawn.shell=1%s%s",
			 g->kernel->arch->console, g->kernel->arch->cmdline,
			 *opt.kcmdline ? " " : "", opt.kcmdline);
	qemu_args(g, "mon:stdio");
	fflush(NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(g->argv.v[0], g->argv.v);
		_exit(127);
	}
	/* The terminal is raw: Ctrl-C goes to the guest. */
	signal(SIGINT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? EXIT_PASS : EXIT_ERROR;
}

void guest_free(struct guest *g)
{
	judge_free(g->judge);
	strv_free(&g->argv);
	free(g->cmdline);
	free(g->detail);
}
