// SPDX-License-Identifier: GPL-2.0-only
/*
 * One life of a guest: how it begins, how long it may take, how it ends.
 *
 * The console goes to a file, which takes whatever comes at once: a pipe that
 * is full would be input, and the guest would no longer be deterministic.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/host.h"
#include "lib/ui.h"
#include "run/events_file.h"
#include "run/main_loop.h"
#include "run/qemu.h"

/* How long trouble may talk on */
#define TROUBLE_SILENCE	10.0
/* How many times longer than its limit a guest may take on a host that is busy */
#define HOST_PATIENCE	20
#define MB		1000000UL

/* What the judge has to know of the steps */
static void ask(struct guest *g)
{
	struct judge_step *steps = calloc(g->steps.n + 1, sizeof(*steps));

	if (!steps)
		die("out of memory");
	for (size_t i = 0; i < g->steps.n; i++)
		steps[i] = (struct judge_step){
			.name = g->steps.v[i],
			.suites = plan_find(&g->image->plan, g->steps.v[i])->suites,
		};
	g->asked = (struct judge_asked){
		.steps = steps, .n = g->steps.n, .cpus = qemu_boot_cpus(&g->req),
	};
}

/**
 * guest_prepare - work out how QEMU is called
 * @g: with all set that its maker sets: from @image to @hook_data
 */
void guest_prepare(struct guest *g)
{
	strv_split(&g->steps, g->req.plan, ",");
	g->is_stress = plan_is_stress(&g->image->plan, &g->steps);
	g->pid = -1;
	g->pidfd = -1;
	g->console = -1;
	g->memory = -1;
	g->cpu_slot = -1;
	g->boot = -1;
	g->qmp.fd = -1;
	ask(g);
	g->judge = judge_new(&g->asked);
	qemu_arguments(g, "file:console.log");
}

static int make_memory(void)
{
	int fd = memfd_create("respawn-guest", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, QEMU_MEMORY))
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
	__auto_free char *dir = fmt("%s/cpu", host_cache());
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

/**
 * struct handed - descriptors that QEMU gets, or -1
 * @memory: the memory of the guest
 * @monitor: the other end of the monitor
 * @library: what QEMU loads, see main_loop_open()
 */
struct handed {
	int memory;
	int monitor;
	int library;
};

/* Each may have the very number that another is to have: out of the way first. */
static void hand_over(const struct handed *h)
{
	const int from[] = { h->memory, h->monitor, h->library };
	const int to[] = { QEMU_MEMORY_FD, QEMU_MONITOR_FD, QEMU_LIBRARY_FD };
	int aside[ARRAY_SIZE(from)];

	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		aside[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD_CLOEXEC, QEMU_LIBRARY_FD + 1);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if (aside[i] >= 0)
			dup2(aside[i], to[i]);
	if (h->library >= 0)
		main_loop_preload(QEMU_LIBRARY_FD);
}

static void __noreturn qemu_child(const struct guest *g, const struct handed *handed, int cpu,
				  pid_t parent)
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
	hand_over(handed);
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
	bool virtual = !strcmp(g->accel, "virtual");
	struct handed handed;
	pid_t self = getpid();
	int cpu;

	qemu = find_program(g->argv.v[0]);
	if (!qemu)
		die("%s is not installed; 'make deps' installs it", g->argv.v[0]);
	if (!exists(g->image->kernel.image))
		die("the kernel image %s is missing; remove %s, and it is built again",
		    g->image->kernel.image, g->image->kernel.dir);
	if (!exists(g->image->initramfs))
		die("the initramfs %s is missing", g->image->initramfs);
	g->console = open(console, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
	if (g->console < 0)
		die("cannot write %s: %s", console, strerror(errno));

	g->memory = make_memory();
	cpu = virtual ? take_cpu(g) : -1;
	handed = (struct handed){
		.memory = g->memory,
		.monitor = g->monitored ? qmp_open(&g->qmp) : -1,
		.library = virtual ? main_loop_open() : -1,
	};
	g->begun = now();
	g->pid = fork();
	if (g->pid < 0)
		die("fork: %s", strerror(errno));
	if (!g->pid)
		qemu_child(g, &handed, cpu, self);
	allotted_begin(&g->allotted, g->pid);
	if (handed.monitor >= 0)
		close(handed.monitor);
	if (handed.library >= 0)
		close(handed.library);
	g->pidfd = syscall(SYS_pidfd_open, g->pid, 0);
	if (g->pidfd < 0)
		die("pidfd_open: %s", strerror(errno));
}

/* More than the console of a guest that gets on with its work ever has */
static bool is_flood(const struct guest *g)
{
	return g->console_size > g->req.console_max * MB;
}

static void listen_to(struct guest *g)
{
	char buf[1 << 14];
	ssize_t n;

	while (!is_flood(g) && (n = read(g->console, buf, sizeof(buf))) > 0) {
		g->console_size += n;
		g->heard = g->allotted.seconds;
		judge_feed(g->judge, buf, n);
		if (ui_verbose())
			fwrite(buf, 1, n, stderr);
		if (g->boot < 0 && judge_greeted(g->judge))
			g->boot = now() - g->begun;
	}
}

/* The host's patience: NULL while there is some left */
static char *patience(const struct guest *g, enum ending *ending)
{
	double had = g->allotted.seconds, silent = had - g->heard, took = now() - g->begun;

	if (judge_in_trouble(g->judge) && silent > TROUBLE_SILENCE) {
		*ending = ENDING_TROUBLE;
		return copy("the guest was in trouble and fell silent");
	}
	if (g->eager && judge_has_failed(g->judge)) {
		*ending = ENDING_ENOUGH;
		return copy("a case failed, and that was enough");
	}
	if (is_flood(g)) {
		*ending = ENDING_FLOOD;
		return fmt("the console had more than %llu MB (CONSOLE_MAX=)",
			   (unsigned long long)g->req.console_max);
	}
	if (silent > g->req.stall) {
		*ending = ENDING_SILENT;
		return fmt("the console was silent for %u s (STALL=)",
			   (unsigned int)g->req.stall);
	}
	if (had > g->req.timeout) {
		*ending = ENDING_TIMEOUT;
		return fmt("the guest was not done after %u s (TIMEOUT=)",
			   (unsigned int)g->req.timeout);
	}
	if (took > HOST_PATIENCE * g->req.timeout) {
		*ending = ENDING_QEMU_FAILED;
		return fmt("QEMU could run for only %.0f s of %.0f s: the host is far too busy",
			   had, took);
	}
	return NULL;
}

/**
 * guest_ending - how a QEMU came to its end that respawn did not end
 * @status: from waitpid()
 * @said: what QEMU said on its stderr, or NULL
 * @detail: gets the same for people, to be freed
 *
 * A QEMU that is told to end, by SIGTERM and its kin, says so and exits as if the guest
 * had switched itself off.
 *
 * Return: the ending
 */
enum ending guest_ending(int status, const char *said, char **detail)
{
	const char *told = said ? strstr(said, "terminating on signal ") : NULL;

	if (WIFSIGNALED(status)) {
		*detail = fmt("QEMU was killed by signal %d (%s), not by respawn",
			      WTERMSIG(status), strsignal(WTERMSIG(status)));
		return ENDING_KILLED;
	}
	if (WEXITSTATUS(status)) {
		*detail = fmt("QEMU failed with status %d: %.*s", WEXITSTATUS(status),
			      said ? (int)strcspn(said, "\n") : 0, said ?: "");
		return ENDING_QEMU_FAILED;
	}
	if (told) {
		*detail = fmt("QEMU was told to end, not by respawn: %.*s",
			      (int)strcspn(told, "\n"), told);
		return ENDING_KILLED;
	}
	*detail = copy("");
	return ENDING_ITSELF;
}

static void died_by(struct guest *g, int status)
{
	__auto_free char *log = fmt("%s/qemu.log", g->dir), *said = NULL;

	if (g->detail)
		return;		/* it was us */
	said = read_file(log, NULL);
	g->ending = guest_ending(status, said, &g->detail);
}

static void save_events(struct guest *g)
{
	__auto_free char *path = fmt("%s/events.bin", g->dir);
	uint64_t at;
	size_t size;

	if (judge_events(g->judge, &at, &size) && size <= QEMU_MEMORY &&
	    at >= g->req.arch->memory)
		events_save(g->memory, at - g->req.arch->memory, size, path);
}

/* QEMU is gone; what it wrote last is still to be read. */
static void finish(struct guest *g)
{
	int status = 0;

	while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
		;
	g->pid = -1;
	g->wall = now() - g->begun;
	died_by(g, status);
}

/**
 * guest_fetch - have all that a guest left, and its verdict
 * @g: a guest that is over, see guest_poll()
 *
 * One that is paused has no verdict yet.
 */
void guest_fetch(struct guest *g)
{
	listen_to(g);
	save_events(g);
	if (g->pid > 0)
		return;
	judge_end(g->judge, g->ending, g->detail);
	qmp_close(&g->qmp);
	close(g->memory);
	close(g->pidfd);
	close(g->console);
	if (g->cpu_slot >= 0)
		close(g->cpu_slot);
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

/* Hear what QEMU has said. */
static void hear(struct guest *g)
{
	json_t *message;

	while (g->qmp.fd >= 0 && (message = qmp_next(&g->qmp))) {
		if (qmp_is_event(message, "STOP"))
			g->stopped = true;
		if (!g->hooks && json_object_get(message, "QMP"))
			qmp_say(&g->qmp, "qmp_capabilities", NULL);
		if (g->hooks && !g->detail)
			g->hooks->hear(g, message);
		json_decref(message);
	}
}

/* The host may be out of patience: end the guest then, or have it pause. */
static void be_patient(struct guest *g)
{
	if (g->detail) {
		/* It was to pause, and QEMU does not. */
		if (g->gdb && g->allotted.seconds - g->given_up > g->req.stall)
			stop(g);
		return;
	}
	g->detail = patience(g, &g->ending);
	if (!g->detail)
		return;
	g->given_up = g->allotted.seconds;
	if (g->gdb)
		qmp_say(&g->qmp, "stop", NULL);
	else
		stop(g);
}

/**
 * guest_fds - what a guest is waited for with
 * @g: a guest that runs
 * @fds: gets its descriptors, for poll()
 */
void guest_fds(const struct guest *g, struct pollfd fds[GUEST_FDS])
{
	fds[0] = (struct pollfd){ .fd = g->pidfd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = g->qmp.fd, .events = POLLIN };
}

/**
 * guest_poll - see how a guest is
 * @g: a guest that runs
 * @fds: what poll() said of it
 *
 * Return: whether it is over, or is paused where it was to be
 */
bool guest_poll(struct guest *g, const struct pollfd fds[GUEST_FDS])
{
	hear(g);
	if (fds[0].revents) {
		finish(g);
		return true;
	}
	if (g->gdb && g->stopped)
		return true;
	allotted_look(&g->allotted);
	listen_to(g);
	be_patient(g);
	return false;
}

/**
 * guest_kill - end a guest at once, without a verdict
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
 * guest_shell - give the terminal to a guest's shell, in real time
 * @g: guest with image, request and accelerator set
 *
 * Return: QEMU's exit status
 */
int guest_shell(struct guest *g)
{
	int status;
	pid_t pid;

	g->memory = make_memory();
	qemu_shell_arguments(g);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		hand_over(&(struct handed){ .memory = g->memory, .monitor = -1, .library = -1 });
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
	free((void *)g->asked.steps);
	strv_free(&g->steps);
	strv_free(&g->argv);
	free(g->cmdline);
	free(g->detail);
}
