// SPDX-License-Identifier: GPL-2.0-only
/*
 * The variables a user sets, in make's way: NAME=value, from the environment or
 * from the command line, which wins.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "lib/ui.h"
#include "lib/util.h"

struct options opt;

enum kind { TEXT, PATH, PATHS, NUMBER, CHOICE };

static unsigned long long smp, seed, cycles, actors, timeout, stall, seconds, count, jobs;
static const char *arch_list, *verbose, *keep_going, *gdb, *snapshot;

static struct variable {
	const char *name;
	const char *def;
	enum kind kind;
	void *value;
	const char *choices;
	const char *help;
} variables[] = {
	{ "ARCH", "", TEXT, &arch_list, NULL, "architectures, all if empty" },
	{ "CONFIG", "default", TEXT, &opt.config, NULL,
	  "kernel flavour: default, or a file configs/flavour-<name>.config" },
	{ "PIN", "", TEXT, &opt.pin, NULL,
	  "another pinned kernel: the one of kernel-patch/pin-<PIN>" },
	{ "TREE", "", PATH, &opt.tree, NULL,
	  "git tree to test at its HEAD, instead of the pinned kernel" },
	{ "SERIES", "full", CHOICE, &opt.series, "full none",
	  "full, or none: the kernel as it is, steps that need the series left out" },
	{ "PATCHES", "", PATHS, &opt.patches, NULL, "patches to apply after the series" },
	{ "SUITES", "", PATHS, &opt.suites, NULL,
	  "folders with more suites (Kbuild, plan, programs)" },
	{ "KERNEL_TARBALL", "", PATH, &opt.tarball, NULL,
	  "kernel source package or tarball to use as the pinned kernel" },
	{ "PLAN", "", TEXT, &opt.plan, NULL, "steps to run, comma separated, all if empty" },
	{ "SEED", "1", NUMBER, &seed, NULL, "seed of the stress driver" },
	{ "CYCLES", "20", NUMBER, &cycles, NULL, "rounds of the stress driver" },
	{ "ACTORS", "3", NUMBER, &actors, NULL,
	  "processes of the stress driver that work on threads" },
	{ "OPS", "", TEXT, &opt.ops, NULL,
	  "operations of the stress driver, name or name:weight, comma separated, all if empty" },
	{ "STRATEGY", "", CHOICE, &opt.strategy, "none random pct burst hold jitter mix",
	  "where CPUs give way to each other: none, random, pct, burst, hold, jitter, or mix" },
	{ "STEER", "", TEXT, &opt.steer, NULL,
	  "parameters of the strategy, as one_in=32,most=4" },
	{ "SMP", "4", NUMBER, &smp, NULL, "CPUs of the guest, 2 to 8" },
	{ "TIMING", "", CHOICE, &opt.timing, "virtual real",
	  "virtual (deterministic, the default) or real (parallel)" },
	{ "ACCEL", "auto", CHOICE, &opt.accel, "auto kvm tcg",
	  "accelerator where TIMING=real: auto, kvm or tcg" },
	{ "SMPBOOT", "", CHOICE, &opt.smpboot, "respawn park",
	  "threads of an offline CPU: respawn or park; both, a guest each, if empty" },
	{ "KCMDLINE", "", TEXT, &opt.kcmdline, NULL,
	  "more words for the guest kernel's command line" },
	{ "TIMEOUT", "300", NUMBER, &timeout, NULL, "host seconds a guest may take" },
	{ "STALL", "60", NUMBER, &stall, NULL,
	  "host seconds a guest's console may be silent, and QEMU take to pause" },
	{ "SEEDS", "1..100", TEXT, &opt.seeds, NULL, "seeds to explore, from..to" },
	{ "JOBS", "0", NUMBER, &jobs, NULL,
	  "guests that explore runs at once, 0 for one per CPU of the host" },
	{ "SNAPSHOT", "1", TEXT, &snapshot, NULL,
	  "0: stress and explore boot each guest, rather than one for all to go on from" },
	{ "KEEP_GOING", "0", TEXT, &keep_going, NULL, "1: explore goes on after a failure" },
	{ "TIME", "0", NUMBER, &seconds, NULL,
	  "host seconds after which explore begins no further seed, 0 for no end" },
	{ "RUN", "", PATH, &opt.run, NULL, "record to replay, as build/runs/<name>" },
	{ "BUNDLE", "", PATH, &opt.bundle, NULL, "bundle to replay, instead of RUN=" },
	{ "GDB", "0", TEXT, &gdb, NULL, "1: replay opens a debugger at the end of the run" },
	{ "N", "20", NUMBER, &count, NULL,
	  "how often check-determinism runs each record again, bench-hotplug measures" },
	{ "MUTANTS", "", TEXT, &opt.mutants, NULL,
	  "mutants to run, comma separated, all if empty" },
	{ "MUTANTS_DIR", "", PATH, &opt.mutants_dir, NULL,
	  "folder of tables of mutants, instead of tests/mutants" },
	{ "BUGS", "", TEXT, &opt.bugs, NULL,
	  "planted bugs to look for, comma separated, all if empty" },
	{ "BUGS_DIR", "", PATH, &opt.bugs_dir, NULL,
	  "folder of their patches, instead of tests/bugs" },
	{ "O", "build", PATH, &opt.out, NULL, "folder for records and other products" },
	{ "V", "0", TEXT, &verbose, NULL, "1 shows everything that is run and printed" },
};

/**
 * source_dir - where respawn itself lies
 *
 * Return: the folder that holds kernel-patch/, configs/ and so on
 */
const char *source_dir(void)
{
	return RESPAWN_DIR;
}

/* A path is relative to where the user is, which is not where we will be. */
static char *absolute(const char *path)
{
	__auto_free char *cwd = NULL;
	const char *home = getenv("HOME");

	if (!*path || *path == '/')
		return copy(path);
	if (path[0] == '~' && path[1] == '/' && home)
		return fmt("%s%s", home, path + 1);
	cwd = getcwd(NULL, 0);
	return fmt("%s/%s", cwd ? cwd : ".", path);
}

static char *absolute_all(const char *paths)
{
	__auto_strv struct strv v = { 0 };
	char *all = copy("");

	strv_split(&v, paths, " \t\n");
	for (size_t i = 0; i < v.n; i++) {
		__auto_free char *path = absolute(v.v[i]);
		char *more = fmt("%s%s%s", all, i ? " " : "", path);

		free(all);
		all = more;
	}
	return all;
}

static bool among(const char *choices, const char *word)
{
	__auto_strv struct strv v = { 0 };

	strv_split(&v, choices, " ");
	for (size_t i = 0; i < v.n; i++)
		if (!strcmp(v.v[i], word))
			return true;
	return !*word;
}

static void set(const struct variable *v, const char *text)
{
	char *end;

	switch (v->kind) {
	case TEXT:
		*(const char **)v->value = copy(text);
		break;
	case PATH:
		*(const char **)v->value = absolute(text);
		break;
	case PATHS:
		*(const char **)v->value = absolute_all(text);
		break;
	case CHOICE:
		if (!among(v->choices, text))
			die("%s=%s: choose one of: %s", v->name, text, v->choices);
		*(const char **)v->value = copy(text);
		break;
	case NUMBER:
		errno = 0;
		*(unsigned long long *)v->value = strtoull(text, &end, 0);
		if (!isdigit((unsigned char)*text) || *end || errno)
			die("%s=%s: not a number", v->name, text);
		if (v->value != &seed && *(unsigned long long *)v->value > INT_MAX)
			die("%s=%s: too large, %d is the most", v->name, text, INT_MAX);
		break;
	}
}

static struct variable *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (strlen(variables[i].name) == len &&
		    !strncmp(variables[i].name, name, len))
			return &variables[i];
	return NULL;
}

static void choose_arches(void)
{
	__auto_strv struct strv names = { 0 };
	size_t n = 0;

	strv_split(&names, arch_list, " ,");
	opt.arch = calloc(arch_count + names.n + 1, sizeof(*opt.arch));
	if (!opt.arch)
		die("out of memory");
	for (size_t i = 0; !names.n && i < arch_count; i++)
		opt.arch[n++] = &arches[i];
	for (size_t i = 0; i < names.n; i++) {
		__auto_free char *all = arch_names();

		opt.arch[n] = arch_find(names.v[i]);
		if (!opt.arch[n++])
			die("ARCH=%s: no such architecture, there are: %s",
			    names.v[i], all);
	}
}

/* An accelerator runs in real time; virtual time is TCG's alone. */
static void choose_timing(void)
{
	if (!*opt.timing)
		opt.timing = strcmp(opt.accel, "kvm") ? "virtual" : "real";
	if (!strcmp(opt.timing, "virtual") && !strcmp(opt.accel, "kvm"))
		die("TIMING=virtual needs instruction counting, which ACCEL=kvm cannot do; leave one of them out");
}

static void choose_source(void)
{
	if (*opt.pin && (*opt.tree || *opt.tarball))
		die("PIN=%s and %s name two kernels: leave one of them out", opt.pin,
		    *opt.tree ? "TREE=" : "KERNEL_TARBALL=");
	if (!*opt.series)
		opt.series = "full";
	if (!options_series() && !strcmp(opt.smpboot, "respawn"))
		die("SMPBOOT=respawn is what the series adds, and SERIES=none leaves it out");
}

/* make's own -s and -j, which it hands on in MAKEFLAGS */
static void read_makeflags(void)
{
	const char *flags = getenv("MAKEFLAGS"), *j;
	enum ui_mode mode = UI_NORMAL;

	if (!strcmp(verbose, "1"))
		mode = UI_VERBOSE;
	if (flags && *flags != '-' && *flags != ' ' &&
	    strchr(flags, 's') && strchr(flags, 's') < flags + strcspn(flags, " "))
		mode = UI_QUIET;
	ui_init(mode);

	opt.jobs = sysconf(_SC_NPROCESSORS_ONLN);
	j = flags ? strstr(flags, "-j") : NULL;
	if (j && atoi(j + 2) > 0)
		opt.jobs = atoi(j + 2);

	/* The kernel's make is no part of the make that called us. */
	unsetenv("MAKEFLAGS");
	unsetenv("MFLAGS");
	unsetenv("MAKELEVEL");
	unsetenv("MAKEOVERRIDES");
	unsetenv("MAKECMDGOALS");
}

static const char *cache_dir(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return fmt("%s/respawn", xdg);
	if (!home || *home != '/')
		die("neither XDG_CACHE_HOME nor HOME is set: there is no place for the cache");
	return fmt("%s/.cache/respawn", home);
}

/**
 * options_defaults - give variables another default, before options_parse()
 * @words: NAME=value with spaces between, or NULL
 */
void options_defaults(const char *words)
{
	__auto_strv struct strv v = { 0 };

	strv_split(&v, words, " ");
	for (size_t i = 0; i < v.n; i++) {
		const char *eq = strchr(v.v[i], '=');

		find(v.v[i], eq - v.v[i])->def = copy(eq + 1);
	}
}

/**
 * options_parse - fill in opt
 * @argc: how many words there are
 * @argv: the words, each NAME=value or -s
 *
 * Dies of a word it does not know.
 */
void options_parse(int argc, char **argv)
{
	/* What git sets for its own children would turn our git elsewhere. */
	static const char *const git_env[] = {
		"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX",
		"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	};
	bool silent = false;

	for (size_t i = 0; i < ARRAY_SIZE(git_env); i++)
		unsetenv(git_env[i]);
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *env = getenv(variables[i].name);

		set(&variables[i], env && *env ? env : variables[i].def);
		/* The kernel's make would take them for its own. */
		unsetenv(variables[i].name);
	}
	for (int i = 0; i < argc; i++) {
		const char *eq = strchr(argv[i], '=');
		const struct variable *v;

		if (!strcmp(argv[i], "-s")) {
			silent = true;
			continue;
		}
		v = eq ? find(argv[i], eq - argv[i]) : NULL;
		if (!v)
			die("%s: unknown; 'make help' lists the variables", argv[i]);
		set(v, eq + 1);
	}

	read_makeflags();
	if (silent)
		ui_init(UI_QUIET);
	opt.cache = cache_dir();
	opt.seed = seed;
	opt.smp = smp;
	opt.cycles = cycles;
	opt.actors = actors;
	opt.time = seconds;
	opt.count = count;
	opt.explore_jobs = jobs;
	opt.gdb = !strcmp(gdb, "1");
	opt.snapshot = !strcmp(snapshot, "1");
	opt.keep_going = !strcmp(keep_going, "1");
	opt.timeout = timeout;
	opt.stall = stall;
	if (smp < 2 || smp > 8)
		die("SMP=%llu: hotplug needs at least 2 CPUs, the kernels are built for 8", smp);
	if (!count)
		die("N=0: nothing would be tried; the least is 1");
	choose_arches();
	choose_source();
	choose_timing();
}

/**
 * options_series - is the series applied to the kernel under test?
 *
 * Return: false with SERIES=none
 */
bool options_series(void)
{
	return strcmp(opt.series, "none");
}

/**
 * options_whole_series - can the kernel under test do all that the series adds?
 *
 * Return: false with SERIES=none, and while not all patches are applied
 */
bool options_whole_series(void)
{
	return !strcmp(opt.series, "full");
}

/**
 * options_help - print every variable with its default
 */
void options_help(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		printf("  %-15s %s%s%s%s\n", variables[i].name,
		       variables[i].help, *variables[i].def ? " [" : "",
		       variables[i].def, *variables[i].def ? "]" : "");
}
