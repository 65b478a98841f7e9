// SPDX-License-Identifier: GPL-2.0-only
/*
 * How QEMU and the kernel in it are called.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "run/qemu.h"
#include "run/smpboot.h"

/* What giving way to another CPU is replaced by, where they run in parallel */
#define DELAY_NS	500

/* What the name of each parameter of init's begins with */
#define INIT		"respawn."

#define LOUD		"loglevel=8"

static const char sandbox[] =
	"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

static bool is_virtual(const struct guest *g)
{
	return !strcmp(g->accel, "virtual");
}

/* ---- the kernel's command line ----------------------------------------------- */

/*
 * The console is what a guest is judged by. Each record has its level and who
 * wrote it in front, kernel or user space, so that neither is taken for the other. It
 * stays awake while the machine sleeps: it would take the last words of a panic along.
 */
static const char *const usual_cmdline[] = {
	"nokaslr", "panic=-1", "slab_nomerge", "printk.time=1", "printk.devkmsg=on",
	"console_msg_format=syslog", LOUD, "no_console_suspend", "kunit.enable=1",
	"rcupdate.rcu_expedited=1",
};

/*
 * A stress run is over when something goes wrong, and the guest is who says so:
 * the host would end it some time later, in each run at another point.
 */
static const char *const stress_cmdline[] = {
	"panic_on_warn=1", "softlockup_panic=1", "watchdog_thresh=2",
	"sysctl.kernel.hung_task_panic=1", "rcupdate.rcu_cpu_stall_timeout=10",
	"sysctl.kernel.panic_on_rcu_stall=1", QEMU_FEWER_FILES,
};

/* Those words of KCMDLINE= that are for init, or those that are not */
static char *kcmdline(const struct request *r, bool for_init)
{
	__auto_strv struct strv all = { 0 }, some = { 0 };

	strv_split(&all, r->kcmdline, " ");
	for (size_t i = 0; i < all.n; i++)
		if (!strncmp(all.v[i], INIT, strlen(INIT)) == for_init)
			strv_add(&some, "%s", all.v[i]);
	return strv_join(&some, " ");
}

/**
 * qemu_boot_cpus - how many CPUs will be online when the guest has booted?
 * @r: the request
 *
 * Return: all of them, or as many as maxcpus= of KCMDLINE= leaves
 */
unsigned int qemu_boot_cpus(const struct request *r)
{
	__auto_strv struct strv words = { 0 };
	unsigned int cpus = r->smp, most;

	strv_split(&words, r->kcmdline, " ");
	for (size_t i = 0; i < words.n; i++)
		if (sscanf(words.v[i], "maxcpus=%u", &most) == 1 && most && most < cpus)
			cpus = most;
	return cpus;
}

/* Where CPUs run in parallel, they can't give way to each other. */
static char *steer_of(const struct request *r)
{
	if (request_is_virtual(r) || !strcmp(r->strategy, "none") || strstr(r->steer, "delay="))
		return copy(r->steer);
	return fmt("%s%sdelay=%u", r->steer, *r->steer ? "," : "", DELAY_NS);
}

/**
 * qemu_words - what the guest's init is told
 * @r: the request
 *
 * Part of the kernel's command line, or written into the guest's memory if it goes
 * on from a snapshot.
 *
 * Return: words with a space between them, to be freed
 */
char *qemu_words(const struct request *r)
{
	__auto_free char *steer = steer_of(r), *more = kcmdline(r, true);
	__auto_strv struct strv words = { 0 };

	strv_add(&words, INIT "plan=%s", r->plan);
	strv_add(&words, INIT "seed=%llu", (unsigned long long)r->seed);
	strv_add(&words, INIT "cycles=%llu", (unsigned long long)r->cycles);
	strv_add(&words, INIT "actors=%llu", (unsigned long long)r->actors);
	if (*r->ops)
		strv_add(&words, INIT "ops=%s", r->ops);
	strv_add(&words, INIT "strategy=%s", r->strategy);
	if (*steer)
		strv_add(&words, INIT "steer=%s", steer);
	if (*r->ranges)
		strv_add(&words, INIT "ranges=%s", r->ranges);
	if (*r->places)
		strv_add(&words, INIT "places=%s", r->places);
	if (*r->keep)
		strv_add(&words, INIT "keep=%s", r->keep);
	if (*r->aim)
		strv_add(&words, INIT "aim=%s", r->aim);
	if (*r->near)
		strv_add(&words, INIT "near=%s", r->near);
	strv_split(&words, more, " ");
	return strv_join(&words, " ");
}

static void add_words(struct strv *all, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		strv_add(all, "%s", words[i]);
}

static char *command_line(const struct guest *g)
{
	const struct arch *a = g->req.arch;
	__auto_free char *more = kcmdline(&g->req, false), *work = NULL;
	__auto_strv struct strv words = { 0 };
	char *line;

	work = g->waits || g->resumes ? copy(INIT "snapshot=1") : qemu_words(&g->req);
	strv_add(&words, "console=%s", a->console);
	add_words(&words, usual_cmdline, ARRAY_SIZE(usual_cmdline));
	strv_split(&words, a->cmdline, " ");
	strv_split(&words, is_virtual(g) ? a->virtual_cmdline : "", " ");
	strv_split(&words, smpboot_of(&g->req)->cmdline, " ");
	if (g->is_stress)
		add_words(&words, stress_cmdline, ARRAY_SIZE(stress_cmdline));
	strv_split(&words, work, " ");
	/* None of the user's words makes the console silent. */
	if (*more) {
		strv_split(&words, more, " ");
		strv_add(&words, LOUD);
	}
	line = strv_join(&words, " ");
	if (strlen(line) > a->cmdline_max)
		die("the %s kernel takes a command line of %zu bytes, and this one has %zu: %s",
		    a->name, a->cmdline_max, strlen(line), line);
	return line;
}

/* ---- the machine ------------------------------------------------------------- */

static void timing_args(const struct guest *g, struct strv *argv)
{
	const struct arch *a = g->req.arch;

	strv_add(argv, "-accel");
	if (is_virtual(g)) {
		strv_split(argv, "tcg,thread=single -rtc base=2020-01-01,clock=vm -icount", " ");
		strv_add(argv, "shift=%u,sleep=off", a->icount);
		strv_split(argv, a->virtual_args, " ");
	} else {
		strv_add(argv, "%s", strcmp(g->accel, "kvm") ? "tcg,thread=multi" : "kvm");
	}
	strv_add(argv, "-cpu");
	if (!strcmp(g->accel, "kvm"))
		strv_add(argv, "host");
	else
		strv_add(argv, "%s%s", a->cpu,
			 g->req.threads > 1 && a->cpu_threads ? a->cpu_threads : "");
}

/* Its memory is a file that the host has open too: the event log is in it. */
static void memory_args(struct guest *g)
{
	strv_add(&g->argv, "-m");
	strv_add(&g->argv, "%luM", QEMU_MEMORY >> 20);
	strv_add(&g->argv, "-object");
	strv_add(&g->argv, "memory-backend-file,id=ram,size=%luM,share=on,mem-path=/proc/self/fd/%d",
		 QEMU_MEMORY >> 20, QEMU_MEMORY_FD);
}

static void monitor_args(struct guest *g)
{
	if (g->monitored)
		return;
	g->monitored = true;
	strv_add(&g->argv, "-chardev");
	strv_add(&g->argv, "socket,id=qmp,fd=%d", QEMU_MONITOR_FD);
	strv_split(&g->argv, "-mon chardev=qmp,mode=control", " ");
}

/*
 * The guest can stop itself, by the device that is for panics: as it is ready for
 * a snapshot, and at the moment of a failure, if somebody wants to look at it. It
 * can't know, so that it is the same run.
 */
static void stop_args(struct guest *g)
{
	if (g->req.arch->pvpanic) {
		strv_add(&g->argv, "-device");
		strv_add(&g->argv, "%s", g->req.arch->pvpanic);
	}
	strv_add(&g->argv, "-action");
	strv_add(&g->argv, "panic=%s", g->waits ? "pause" : "none");
	if (g->waits || g->resumes)
		monitor_args(g);
	if (g->resumes)
		strv_split(&g->argv, "-incoming defer", " ");
}

/* Whatever else would be the end of it is a pause. */
static void gdb_args(struct guest *g)
{
	monitor_args(g);
	strv_split(&g->argv, "-action panic=pause,shutdown=pause -gdb", " ");
	strv_add(&g->argv, "unix:%s,server=on,wait=off", g->gdb);
}

/**
 * qemu_arguments - say how QEMU is called
 * @g: the guest, with all set that its maker sets; gets @argv, and @cmdline if it
 *	has none yet
 * @serial: where its console goes, as -serial takes it
 */
void qemu_arguments(struct guest *g, const char *serial)
{
	const struct arch *a = g->req.arch;

	if (!g->cmdline)
		g->cmdline = command_line(g);
	strv_add(&g->argv, "%s", a->qemu);
	strv_split(&g->argv, "-no-user-config -nodefaults -display none -monitor none -no-reboot", " ");
	strv_add(&g->argv, "-sandbox");
	strv_add(&g->argv, "%s", sandbox);
	strv_add(&g->argv, "-M");
	strv_add(&g->argv, "%s,memory-backend=ram", a->qemu_machine);
	memory_args(g);
	timing_args(g, &g->argv);
	strv_add(&g->argv, "-smp");
	strv_add(&g->argv, "%llu%s", (unsigned long long)g->req.smp,
		 g->req.threads > 1 ? ",threads=2" : "");
	strv_add(&g->argv, "-serial");
	strv_add(&g->argv, "%s", serial);
	strv_add(&g->argv, "-kernel");
	strv_add(&g->argv, "%s", g->image->kernel.image);
	strv_add(&g->argv, "-initrd");
	strv_add(&g->argv, "%s", g->image->initramfs);
	strv_add(&g->argv, "-append");
	strv_add(&g->argv, "%s", g->cmdline);
	if (g->waits || g->resumes || g->is_stress)
		stop_args(g);
	if (g->gdb)
		gdb_args(g);
}

/**
 * qemu_shell_arguments - say how QEMU is called for a shell on the terminal
 * @g: the guest; gets @argv
 */
void qemu_shell_arguments(struct guest *g)
{
	const struct arch *a = g->req.arch;

	g->cmdline = fmt("console=%s nokaslr panic=-1 printk.devkmsg=on quiet %s" INIT "shell=1%s%s",
			 a->console, a->cmdline, *g->req.kcmdline ? " " : "", g->req.kcmdline);
	qemu_arguments(g, "mon:stdio");
}

/**
 * qemu_version - which QEMU this host has
 * @a: the architecture of its guests
 *
 * Asked once in the life of the program for each architecture.
 *
 * Return: what it says of itself in a line. Dies if there is none.
 */
const char *qemu_version(const struct arch *a)
{
	static const struct arch *known_of[8];
	static char *known[ARRAY_SIZE(known_of)];
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL;
	__auto_free char *path = find_program(a->qemu);
	struct run_opts opts = { .out = &said };
	size_t i = 0;

	while (i < ARRAY_SIZE(known_of) - 1 && known_of[i] && known_of[i] != a)
		i++;
	if (known_of[i] == a)
		return known[i];
	if (!path)
		die("%s is not installed; 'make deps' installs it", a->qemu);
	strv_add(&argv, "%s", path);
	strv_add(&argv, "--version");
	if (run(&argv, &opts))
		die("%s does not even say its version: %.*s", path, (int)strcspn(said, "\n"), said);
	known_of[i] = a;
	known[i] = fmt("%.*s", (int)strcspn(said, "\n"), said);
	return known[i];
}
