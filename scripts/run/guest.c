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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "judge/events.h"
#include "run/guest.h"
#include "options.h"
#include "lib/ui.h"

#define MEMORY		(256UL << 20)
/* Descriptors under which QEMU finds the file that is the guest's memory, and its monitor */
#define MEMORY_FD	3
#define MONITOR_FD	4
/* How often the consoles are looked at, and how long trouble may talk on */
#define POLL_MS		20
#define TROUBLE_SILENCE	10.0
/* How many times longer than its CPU time a guest may take of the host's */
#define HOST_PATIENCE	20

#define LOUD		"loglevel=8"

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

/*
 * A stress run is over when something goes wrong, and the guest is who says so:
 * the host would end it some time later, in each run at another point.
 */
static const char *const stress_cmdline[] = {
	"panic_on_warn=1", "softlockup_panic=1", "watchdog_thresh=2",
	"sysctl.kernel.hung_task_panic=1", "rcupdate.rcu_cpu_stall_timeout=10",
	"sysctl.kernel.panic_on_rcu_stall=1",
	GUEST_FEWER_FILES,
};

static bool is_stress(const struct guest *g)
{
	return g->steps->n == 1 && !strcmp(g->steps->v[0], "stress");
}

static char *stress_words(void)
{
	char *words = copy("");

	for (size_t i = 0; i < ARRAY_SIZE(stress_cmdline); i++) {
		char *more = fmt("%s%s ", words, stress_cmdline[i]);

		free(words);
		words = more;
	}
	return words;
}

/* One that goes on from a snapshot waited to be taken. */
static bool waits(const struct guest *g)
{
	return g->waits || g->from;
}

static char *command_line(const struct guest *g)
{
	__auto_free char *plan = joined(g->steps, ",");
	__auto_free char *work = waits(g) ? copy("respawn.snapshot=1") : workload_cmdline(&g->work);
	__auto_free char *more = workload_for_kernel();
	__auto_free char *stress = is_stress(g) ? stress_words() : copy("");
	const struct arch *a = g->kernel->arch;

	/* The console is what a guest is judged by: none of the user's words makes it silent. */
	return fmt("console=%s nokaslr panic=-1 slab_nomerge printk.time=1 printk.devkmsg=on " LOUD " kunit.enable=1 rcupdate.rcu_expedited=1 %s%s%s%srespawn.plan=%s %s%s%s",
		   a->console, a->cmdline, is_virtual(g) ? a->virtual_cmdline : "",
		   g->smpboot ? g->smpboot->cmdline : "", stress,
		   plan, work, more, *more ? " " LOUD : "");
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

/* Its memory is a file that the host has open too, see events.c. */
static void memory_args(struct guest *g)
{
	strv_add(&g->argv, "-m");
	strv_add(&g->argv, "%luM", MEMORY >> 20);
	strv_add(&g->argv, "-object");
	strv_add(&g->argv, "memory-backend-file,id=ram,size=%luM,share=on,mem-path=/proc/self/fd/%d",
		 MEMORY >> 20, MEMORY_FD);
}

/**
 * guest_monitor - have a guest's QEMU monitored
 * @g: the guest, its QEMU not started yet
 */
void guest_monitor(struct guest *g)
{
	if (g->monitored)
		return;
	g->monitored = true;
	strv_add(&g->argv, "-chardev");
	strv_add(&g->argv, "socket,id=qmp,fd=%d", MONITOR_FD);
	strv_split(&g->argv, "-mon chardev=qmp,mode=control", " ");
}

/*
 * The guest can stop itself, by the device that is for panics: as it is ready for
 * a snapshot, and at the moment of a failure, if somebody wants to look at it. It
 * can't know, so that it is the same run.
 */
static void stop_args(struct guest *g)
{
	strv_add(&g->argv, "-device");
	strv_add(&g->argv, "%s", g->kernel->arch->pvpanic);
	strv_add(&g->argv, "-action");
	strv_add(&g->argv, "panic=%s", g->waits && !g->from ? "pause" : "none");
	if (waits(g))
		guest_monitor(g);
	if (g->from)
		strv_split(&g->argv, "-incoming defer", " ");
}

static void qemu_args(struct guest *g, const char *serial)
{
	const struct arch *a = g->kernel->arch;

	strv_add(&g->argv, "%s", a->qemu);
	strv_split(&g->argv, "-no-user-config -nodefaults -display none -monitor none -no-reboot", " ");
	strv_add(&g->argv, "-sandbox");
	strv_add(&g->argv, "%s", sandbox);
	strv_add(&g->argv, "-M");
	strv_add(&g->argv, "%s,memory-backend=ram", a->qemu_machine);
	memory_args(g);
	timing_args(g, &g->argv);
	strv_add(&g->argv, "-smp");
	strv_add(&g->argv, "%u", g->work.cpus);
	strv_add(&g->argv, "-serial");
	strv_add(&g->argv, "%s", serial);
	strv_add(&g->argv, "-kernel");
	strv_add(&g->argv, "%s", g->kernel->image);
	strv_add(&g->argv, "-initrd");
	strv_add(&g->argv, "%s", g->initramfs);
	strv_add(&g->argv, "-append");
	strv_add(&g->argv, "%s", g->cmdline);
	if (waits(g) || is_stress(g))
		stop_args(g);
}

/**
 * guest_prepare_again - prepare a guest whose kernel is told what one was before
 * @g: with everything set that the caller sets, @g->work and @g->cmdline too
 * @plan: all steps there are
 */
void guest_prepare_again(struct guest *g, const struct plan *plan)
{
	qemu_args(g, "file:console.log");
	g->pid = -1;
	g->pidfd = -1;
	g->console = -1;
	g->memory = -1;
	g->cpu_slot = -1;
	g->boot = -1;
	g->qmp.fd = -1;
	g->judge = judge_new(plan, g->steps);
}

/**
 * guest_prepare - work out how QEMU is called
 * @g: with everything set that the caller sets
 * @plan: all steps there are
 */
void guest_prepare(struct guest *g, const struct plan *plan)
{
	if (!g->work.cpus)
		workload_from_options(&g->work, opt.seed);
	if (!is_virtual(g))
		workload_in_parallel(&g->work);
	g->cmdline = command_line(g);
	guest_prepare_again(g, plan);
}

static int make_memory(void)
{
	int fd = memfd_create("respawn-guest", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, MEMORY))
		die("cannot have memory for a guest: %s", strerror(errno));
	return fd;
}

/*
 * A host CPU that no other guest of this user's is pinned to, while there is
 * one; else one or another, so that not all crowd on the same. The lock goes with
 * the descriptor.
 */
static int take_cpu(struct guest *g)
{
	__auto_free char *dir = fmt("%s/cpu", opt.cache);
	static unsigned int crowded;
	int cpus[CPU_SETSIZE], n = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	make_dirs(dir);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		__auto_free char *path = NULL;

		if (!CPU_ISSET(cpu, &set))
			continue;
		cpus[n++] = cpu;
		path = fmt("%s/%d", dir, cpu);
		g->cpu_slot = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (g->cpu_slot >= 0 && !flock(g->cpu_slot, LOCK_EX | LOCK_NB))
			return cpu;
		if (g->cpu_slot >= 0)
			close(g->cpu_slot);
		g->cpu_slot = -1;
	}
	return n ? cpus[(getpid() + crowded++) % n] : -1;
}

/* Each may have the very number that the other is to have: out of the way first. */
static void hand_over(const struct guest *g, int monitor)
{
	int memory = fcntl(g->memory, F_DUPFD_CLOEXEC, MONITOR_FD + 1);

	if (monitor >= 0)
		monitor = fcntl(monitor, F_DUPFD_CLOEXEC, MONITOR_FD + 1);
	dup2(memory, MEMORY_FD);
	if (monitor >= 0)
		dup2(monitor, MONITOR_FD);
}

static void __noreturn qemu_child(const struct guest *g, int monitor, int cpu, pid_t parent)
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
	hand_over(g, monitor);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execvp(g->argv.v[0], g->argv.v);
	dprintf(STDERR_FILENO, "%s: %s\n", g->argv.v[0], strerror(errno));
	_exit(127);
}

/**
 * guest_start - start QEMU
 * @g: from guest_prepare(), with a folder
 *
 * Dies if there is no QEMU, image or initramfs.
 */
void guest_start(struct guest *g)
{
	__auto_free char *console = fmt("%s/console.log", g->dir), *qemu = NULL;
	pid_t self = getpid();
	int cpu, monitor;

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

	g->memory = make_memory();
	cpu = is_virtual(g) ? take_cpu(g) : -1;
	monitor = g->monitored ? qmp_open(&g->qmp) : -1;
	g->begun = now();
	g->heard = g->begun;
	g->pid = fork();
	if (g->pid < 0)
		die("fork: %s", strerror(errno));
	if (!g->pid)
		qemu_child(g, monitor, cpu, self);
	if (monitor >= 0)
		close(monitor);
	g->pidfd = syscall(SYS_pidfd_open, g->pid, 0);
	if (g->pidfd < 0)
		die("pidfd_open: %s", strerror(errno));
	if (g->from)
		snapshot_resume(g);
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

static void save_events(struct guest *g)
{
	__auto_free char *path = fmt("%s/events.bin", g->dir);
	uint64_t at;
	size_t size;

	if (judge_events(g->judge, &at, &size) && size <= MEMORY &&
	    at >= g->kernel->arch->memory)
		events_save(g->memory, at - g->kernel->arch->memory, size, path);
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
	save_events(g);
	qmp_close(&g->qmp);
	close(g->memory);
	close(g->pidfd);
	close(g->console);
	if (g->cpu_slot >= 0)
		close(g->cpu_slot);
	g->pid = -1;
}

static void stop(struct guest *g)
{
	if (g->pid > 0)
		kill(g->pid, SIGKILL);
}

/**
 * guest_give_up - end a guest that is of no use
 * @g: a guest that runs
 * @why: what the host could not do; kept
 */
void guest_give_up(struct guest *g, char *why)
{
	g->ending = ENDING_QEMU_FAILED;
	g->detail = why;
	stop(g);
}

/**
 * guest_hear - hear what QEMU has said
 * @g: a guest that runs
 */
void guest_hear(struct guest *g)
{
	json_t *message;

	while (g->qmp.fd >= 0 && (message = qmp_next(&g->qmp))) {
		if (qmp_is_event(message, "STOP"))
			g->stopped = true;
		if (g->hear && !g->detail)
			g->hear(g, message);
		json_decref(message);
	}
}

/**
 * guest_kill - end a guest that guests_run() does not know of
 * @g: from guest_start()
 */
void guest_kill(struct guest *g)
{
	stop(g);
	if (g->pid > 0)
		waitpid(g->pid, NULL, 0);
	g->pid = -1;
}

/**
 * struct running - the guests that run side by side
 * @source: where they come from and go to
 * @g: those that run now
 * @n: how many
 * @most: how many there may be
 */
struct running {
	const struct guest_source *source;
	struct guest **g;
	size_t n;
	size_t most;
};

/* Ctrl-C: no guest is left, and the caller's atexit() removes their records. */
static void __noreturn interrupted(struct running *r, int sig)
{
	for (size_t i = 0; i < r->n; i++) {
		stop(r->g[i]);
		waitpid(r->g[i]->pid, NULL, 0);
	}
	ui_interrupt();
	fprintf(stderr, "respawn: interrupted; the guests are ended, no record is kept of them\n");
	exit(128 + sig);
}

static void look_at(struct running *r, const struct pollfd *fds)
{
	size_t left = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct guest *g = r->g[i];

		guest_hear(g);
		if (fds[i].revents) {
			finish(g);
			r->source->over(r->source->arg, g);
			continue;
		}
		if (g->pauses && g->stopped) {
			listen_to(g);
			save_events(g);
			r->source->over(r->source->arg, g);
			continue;
		}
		r->g[left++] = g;
		listen_to(g);
		if (g->detail) {
			/* It was to pause, and QEMU does not. */
			if (g->pauses && now() - g->given_up > opt.stall)
				stop(g);
			continue;
		}
		g->detail = patience(g, &g->ending);
		if (!g->detail)
			continue;
		g->given_up = now();
		if (g->pauses)
			qmp_say(&g->qmp, "stop", NULL);
		else
			stop(g);
	}
	r->n = left;
}

static void start_more(struct running *r)
{
	while (r->n < r->most) {
		struct guest *g = r->source->next(r->source->arg);

		if (!g)
			return;
		guest_start(g);
		r->g[r->n++] = g;
	}
}

/**
 * guests_places - how many guests the host has CPUs for
 *
 * Return: their number; more would only wait for each other
 */
size_t guests_places(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

/**
 * guests_run_from - run guests side by side until there are no more
 * @source: where they come from
 *
 * Does not return from Ctrl-C.
 */
void guests_run_from(const struct guest_source *source)
{
	struct running r = { .source = source, .most = source->most ?: guests_places() };
	struct pollfd *fds = calloc(2 * r.most + 1, sizeof(*fds));
	struct signalfd_siginfo info;
	sigset_t set, old;
	int sigfd;

	r.g = calloc(r.most, sizeof(*r.g));
	if (!fds || !r.g)
		die("out of memory");
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC);
	for (start_more(&r); r.n; start_more(&r)) {
		const struct pollfd *signalled = &fds[2 * r.n];

		for (size_t i = 0; i < r.n; i++) {
			fds[i] = (struct pollfd){ .fd = r.g[i]->pidfd, .events = POLLIN };
			fds[r.n + i] = (struct pollfd){ .fd = r.g[i]->qmp.fd, .events = POLLIN };
		}
		fds[2 * r.n] = (struct pollfd){ .fd = sigfd, .events = POLLIN };
		poll(fds, 2 * r.n + 1, POLL_MS);
		if (signalled->revents && read(sigfd, &info, sizeof(info)) > 0)
			interrupted(&r, info.ssi_signo);
		look_at(&r, fds);
		source->show(source->arg);
	}
	close(sigfd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(r.g);
	free(fds);
}

/* All guests of an array, in its order */
struct row {
	struct guest *g;
	size_t n;
	size_t next;
};

static struct guest *row_next(void *arg)
{
	struct row *r = arg;

	return r->next < r->n ? &r->g[r->next++] : NULL;
}

static void row_over(void *arg, struct guest *g)
{
	(void)arg;
	(void)g;
}

static void row_show(void *arg)
{
	const struct row *r = arg;
	char note[64] = "", text[128] = "";
	double part = 0;
	size_t used = 0;

	for (size_t i = 0; i < r->next; i++) {
		const struct guest *g = &r->g[i];

		if (g->pid < 0) {
			part++;
			continue;
		}
		part += judge_progress(g->judge, note, sizeof(note));
		if (used < sizeof(text) - 1)
			used += snprintf(text + used, sizeof(text) - used, "%s%s:%s",
					 used ? " " : "", g->kernel->arch->name, note);
	}
	ui_progress(part, r->n, text);
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
	struct row row = { .g = g, .n = n };

	guests_run_from(&(struct guest_source){
		.next = row_next, .over = row_over, .show = row_show, .arg = &row,
	});
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
	workload_from_options(&g->work, opt.seed);
	g->memory = make_memory();
	g->cmdline = fmt("console=%s nokaslr panic=-1 printk.devkmsg=on quiet %srespawn.shell=1%s%s",
			 g->kernel->arch->console, g->kernel->arch->cmdline,
			 *opt.kcmdline ? " " : "", opt.kcmdline);
	qemu_args(g, "mon:stdio");
	fflush(NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		hand_over(g, -1);
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
