// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the guest. It runs the plan and reboots, which ends QEMU. After an error
 * it prints "respawn: error ..." and goes on.
 *
 * The host reads the lines that begin with "respawn:".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

#define PLAN_PATH	"/plan"
#define STEPS_MAX	64
#define NAME_LEN	64
#define NO_STEP		127

#define EXCEPTIONS_PATH	"/exceptions"
#define RACES		"/sys/kernel/debug/kcsan"
#define LEAKS		"/sys/kernel/debug/kmemleak"
#define LEAK_AGE	6

/* A line of the plan; a name is empty where the plan has "-". */
struct step {
	char name[NAME_LEN];
	char module[NAME_LEN];
	char program[NAME_LEN];
};

static struct step steps[STEPS_MAX];
static size_t nr_steps;

static char cmdline[4096];
static char words[4096];
static const char *plan = "";
static const char *strategy = "none";
static const char *steer = "";
static const char *places = "";
static const char *ranges = "";
static unsigned long long seed = 1;
static bool shell;
static bool snapshot;

/* Parameters for programs, which find them in the environment */
static const struct {
	const char *name;
	const char *variable;
} passed_on[] = {
	{ "cycles=", "RESPAWN_CYCLES" },
	{ "actors=", "RESPAWN_ACTORS" },
	{ "ops=", "RESPAWN_OPS" },
	{ "aim=", "RESPAWN_AIM" },
	{ "near=", "RESPAWN_NEAR" },
	{ "keep=", "RESPAWN_KEEP" },
	{ "calibrate=", "RESPAWN_CALIBRATE" },
	{ "plant=", "RESPAWN_PLANT" },
	{ NULL, NULL },
};

static int complain(const char *what, const char *which)
{
	int err = errno;

	kmsg_print("respawn: error %s %s: %s", what, which, strerror(err));
	return err;
}

/* --- What a guest needs before anything can run in it --- */

static void mount_one(const char *type, const char *where)
{
	if (mkdir(where, 0755) && errno != EEXIST)
		complain("mkdir", where);
	if (mount(type, where, type, 0, NULL))
		complain("mount", where);
}

/* The kernel leaves them closed if the initramfs has no /dev/console. */
static void open_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void mount_all(void)
{
	int err;

	mkdir("/dev", 0755);
	err = mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) ? errno : 0;
	open_stdio();
	kmsg_open();
	if (err) {
		errno = err;
		complain("mount", "/dev");
	}
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	mount_one("debugfs", "/sys/kernel/debug");
	mount_one("tmpfs", "/tmp");
}

/* --- What the host asks for --- */

static void read_seed(const char *value)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(value, &end, 10);
	if (!errno && (end == value || *end))
		errno = EINVAL;
	if (errno)
		complain("respawn.seed", value);
	else
		seed = number;
}

static bool pass_on(const char *word)
{
	size_t i, len;

	for (i = 0; passed_on[i].name; i++) {
		len = strlen(passed_on[i].name);
		if (!strncmp(word, passed_on[i].name, len))
			return !setenv(passed_on[i].variable, word + len, 1);
	}
	return false;
}

static void read_parameter(const char *word)
{
	static const char prefix[] = "respawn.";

	if (strncmp(word, prefix, strlen(prefix)))
		return;
	word += strlen(prefix);
	if (!strncmp(word, "plan=", 5))
		plan = word + 5;
	else if (!strncmp(word, "seed=", 5))
		read_seed(word + 5);
	else if (!strncmp(word, "strategy=", 9))
		strategy = word + 9;
	else if (!strncmp(word, "steer=", 6))
		steer = word + 6;
	else if (!strncmp(word, "ranges=", 7))
		ranges = word + 7;
	else if (!strncmp(word, "places=", 7))
		places = word + 7;
	else if (!strncmp(word, "shell=", 6))
		shell = !strcmp(word + 6, "1");
	else if (!strncmp(word, "snapshot=", 9))
		snapshot = !strcmp(word + 9, "1");
	else if (!pass_on(word))
		kmsg_print("respawn: error no parameter respawn.%s", word);
}

/* @text has to stay valid: the parameters point into it. */
static void read_parameters(const char *path, char *text, size_t size)
{
	int n = read_text(path, text, size);
	char *word, *save;

	if (n < 0) {
		errno = -n;
		complain("read", path);
	}
	for (word = strtok_r(text, "\n ", &save); word;
	     word = strtok_r(NULL, "\n ", &save))
		read_parameter(word);
}

static void read_step(const char *line)
{
	struct step *s = &steps[nr_steps];

	if (line[strspn(line, " \t\n")] == '\0' || *line == '#')
		return;
	if (nr_steps == STEPS_MAX ||
	    sscanf(line, "%63s %63s %63s", s->name, s->module, s->program) != 3) {
		kmsg_print("respawn: error bad line in the plan: %.*s",
			   (int)strcspn(line, "\n"), line);
		return;
	}
	if (!strcmp(s->module, "-"))
		s->module[0] = '\0';
	if (!strcmp(s->program, "-"))
		s->program[0] = '\0';
	nr_steps++;
}

static void read_plan(void)
{
	FILE *f = fopen(PLAN_PATH, "re");
	char line[512];

	if (!f) {
		complain("open", PLAN_PATH);
		return;
	}
	while (fgets(line, sizeof(line), f))
		read_step(line);
	fclose(f);
}

static void say_guest(void)
{
	struct utsname u;

	if (uname(&u)) {
		complain("uname", "");
		return;
	}
	kmsg_print("respawn: guest %s %s cpus=%ld seed=%llu", u.machine,
		   u.release, sysconf(_SC_NPROCESSORS_ONLN), seed);
}

static void set_environment(void)
{
	char value[32];

	snprintf(value, sizeof(value), "%llu", seed);
	setenv("RESPAWN_SEED", value, 1);
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "linux", 0);
}

/* --- One step --- */

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Wait for @child. Other children that end are orphans, left to PID 1. */
static int await(pid_t child)
{
	int status;
	pid_t pid;

	do
		pid = wait(&status);
	while (pid != child && !(pid < 0 && errno != EINTR));

	return pid < 0 ? complain("wait", "") : exit_status(status);
}

static void child_ended(int signal)
{
	(void)signal;
}

/*
 * The signal is blocked except during ppoll(). So a child that ends just before
 * ppoll() interrupts it, too.
 */
static void block_sigchld(sigset_t *unblocked)
{
	const struct sigaction action = { .sa_handler = child_ended };
	sigset_t set;

	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, unblocked);
}

/* Returns whether @child has ended, with its exit status or an errno of ours. */
static bool has_ended(pid_t child, int *status)
{
	pid_t pid;

	do
		pid = waitpid(-1, status, WNOHANG);
	while (pid > 0 && pid != child);
	if (pid == child)
		*status = exit_status(*status);
	else if (pid < 0)
		*status = complain("wait", "");
	return pid;
}

/* Print what there is to read, and return whether there may be more. */
static bool relay(int fd, struct kmsg_stream *s)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text));

	if (n > 0)
		kmsg_feed(s, text, n);
	return n > 0 || (n < 0 && errno == EINTR);
}

/*
 * Print what a program writes, line by line, until it has ended. Each line is a
 * record of its own, also a last one without a newline. Other processes may still
 * have the pipe open; they are not waited for.
 */
static int await_output(pid_t child, int fd, const sigset_t *unblocked)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct kmsg_stream s = { 0 };
	int status;

	while (!has_ended(child, &status))
		if (ppoll(&p, 1, NULL, unblocked) > 0 && !relay(fd, &s))
			p.fd = -1;
	while (relay(fd, &s))
		;
	kmsg_flush(&s);
	return status;
}

static void exec_program(const char *path, const char *name, int out)
{
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl(path, name, NULL);
	/* A script that is there, and asks for a shell that is not yet */
	if (errno == ENOENT && !access(path, X_OK) && install_busybox())
		execl(path, name, NULL);
	complain("exec", path);
	_exit(NO_STEP);
}

static int run_program(const char *name)
{
	char path[NAME_LEN + 8];
	sigset_t unblocked;
	int out[2], status;
	pid_t child;

	snprintf(path, sizeof(path), "/bin/%s", name);
	if (pipe2(out, O_CLOEXEC) || fcntl(out[0], F_SETFL, O_NONBLOCK))
		return complain("pipe", path);
	block_sigchld(&unblocked);
	child = fork();
	if (!child) {
		sigprocmask(SIG_SETMASK, &unblocked, NULL);
		exec_program(path, name, out[1]);
	}
	status = child < 0 ? complain("fork", path) : 0;
	close(out[1]);
	if (child > 0)
		status = await_output(child, out[0], &unblocked);
	close(out[0]);
	sigprocmask(SIG_SETMASK, &unblocked, NULL);
	return status;
}

/* For those who have the module's symbols and an address in it */
static void say_where(const char *module)
{
	char path[NAME_LEN + 32], text[32] = "";

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.text", module);
	if (read_text(path, text, sizeof(text)) > 0)
		kmsg_print("respawn: module %s at %.*s", module,
			   (int)strcspn(text, "\n"), text);
}

static int load_module(const char *name, const char *parameters)
{
	errno = module_load(name, parameters);
	if (errno)
		return complain("load", name);
	say_where(name);
	return 0;
}

static int unload_module(const char *name)
{
	errno = module_unload(name);
	return errno ? complain("unload", name) : 0;
}

static const struct step *find_step(const char *name)
{
	size_t i;

	for (i = 0; i < nr_steps; i++)
		if (!strcmp(steps[i].name, name))
			return &steps[i];
	return NULL;
}

static int do_step(const char *name)
{
	const struct step *s = find_step(name);
	int status = 0;
	int err;

	if (!s) {
		kmsg_print("respawn: error no step named %s", name);
		return NO_STEP;
	}
	if (s->module[0])
		status = load_module(s->module, "");
	if (status)
		return status;
	setenv("RESPAWN_STEP", s->name, 1);
	if (s->program[0])
		status = run_program(s->program);
	if (s->module[0]) {
		err = unload_module(s->module);
		if (!status)
			status = err;
	}
	return status;
}

/* --- The plan, or the shell in place of it --- */

static size_t choose_steps(const char *chosen[])
{
	static char names[sizeof(cmdline)];
	char *name, *save;
	size_t nr = 0;

	snprintf(names, sizeof(names), "%s", plan);
	for (name = strtok_r(names, ",", &save); name && nr < STEPS_MAX;
	     name = strtok_r(NULL, ",", &save))
		chosen[nr++] = name;
	if (name)
		kmsg_print("respawn: error more than %d steps asked for",
			   STEPS_MAX);
	if (nr)
		return nr;
	for (; nr < nr_steps; nr++)
		chosen[nr] = steps[nr].name;
	return nr;
}

/* A run goes on from here, with parameters of its own. */
static void stop_for_snapshot(void)
{
	if (load_module("snapshot", ""))
		return;
	read_parameters("/sys/module/snapshot/parameters/words", words,
			sizeof(words));
	unload_module("snapshot");
}

/* From here on, the seed decides which CPU runs first. */
static bool begin_to_steer(void)
{
	char parameters[4096], *c;
	int used;

	if (!strcmp(strategy, "none"))
		return false;
	used = snprintf(parameters, sizeof(parameters), "strategy=%s seed=%llu focus=%s %s%s%s",
			strategy, seed, ranges, steer, *places ? " script=" : "", places);
	if (used >= (int)sizeof(parameters)) {
		kmsg_print("respawn: error respawn.steer, respawn.ranges and respawn.places are too long");
		return false;
	}
	for (c = parameters; *c; c++)
		if (*c == ',')
			*c = ' ';
	return !load_module("steer", parameters);
}

/*
 * Where the kernel knows its leaks, have them looked for. An object has to have been
 * nobody's for some seconds, which cost nothing in virtual time. The kernel says how many
 * there are; what they are is printed for people.
 */
static void look_for_leaks(void)
{
	int fd = open(LEAKS, O_RDWR | O_CLOEXEC);
	struct kmsg_stream s = { 0 };

	if (fd < 0)
		return;
	/* What is on a stack or in a list of RCU's now may be found the next time. */
	for (int i = 0; i < 2; i++) {
		sleep(LEAK_AGE);
		if (write(fd, "scan", strlen("scan")) < 0)
			complain("scan", LEAKS);
	}
	while (relay(fd, &s))
		;
	kmsg_flush(&s);
	close(fd);
}

/*
 * Where the kernel sees data races, have it report them from now on, other than those of
 * the functions that are excepted. A tree need not have all of these. Where there are any,
 * the kernel was built to see races.
 */
static void report_races(void)
{
	bool can = !access(RACES, W_OK), asked = false;
	FILE *f = fopen(EXCEPTIONS_PATH, "re");
	char line[NAME_LEN + 2];
	int err;

	if (!f)
		complain("open", EXCEPTIONS_PATH);
	line[0] = '!';
	while (f && fgets(line + 1, sizeof(line) - 1, f)) {
		asked = true;
		line[strcspn(line, "\n")] = '\0';
		err = can ? write_text(RACES, line) : 0;
		errno = -err;
		if (err && err != -ENOENT)
			complain("except", line + 1);
	}
	if (f)
		fclose(f);
	if (can)
		err = write_text(RACES, "on");
	else
		err = asked ? -ENOENT : 0;
	errno = -err;
	if (err)
		complain("turn on", RACES);
}

static void run_plan(void)
{
	const char *chosen[STEPS_MAX];
	size_t nr = choose_steps(chosen);
	bool steered;
	size_t i;
	int status;

	kmsg_print("respawn: plan %zu", nr);
	steered = begin_to_steer();
	for (i = 0; i < nr; i++) {
		kmsg_print("respawn: step %s begin", chosen[i]);
		status = do_step(chosen[i]);
		kmsg_print("respawn: step %s end %d", chosen[i], status);
	}
	if (steered)
		unload_module("steer");
	look_for_leaks();
	kmsg_print("respawn: done %zu", nr);
}

static int run_busybox(char *const argv[])
{
	pid_t child = fork();
	int fd;

	if (child < 0)
		return complain("fork", argv[0]);
	if (child)
		return await(child);

	setsid();
	fd = open("/dev/console", O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0))
		complain("open", "/dev/console");
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv("/bin/busybox", argv);
	complain("exec", "/bin/busybox");
	_exit(NO_STEP);
}

static void run_shell(void)
{
	char *const sh[] = { "busybox", "sh", NULL };
	int fd;

	install_busybox();
	run_busybox(sh);

	/* A reset of the UART would lose what it has not sent yet. */
	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd >= 0)
		tcdrain(fd);
}

/*
 * With PREEMPT_RT the console is written by a thread of printk's, for which a reboot
 * does not wait, nor does any system call. It has all it needs in a second, which costs
 * nothing in virtual time. What it had not written would be seen missing by the host.
 */
static void await_console(void)
{
	if (is_preempt_rt())
		sleep(1);
}

int main(void)
{
	mount_all();
	read_parameters("/proc/cmdline", cmdline, sizeof(cmdline));
	read_plan();
	report_races();
	if (snapshot)
		stop_for_snapshot();
	say_guest();
	set_environment();

	if (shell)
		run_shell();
	else
		run_plan();

	await_console();
	sync();
	reboot(RB_AUTOBOOT);
	complain("reboot", "");
	/* If PID 1 ends, the kernel panics, which reboots as well. */
	return EXIT_FAILURE;
}
