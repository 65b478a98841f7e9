// SPDX-License-Identifier: GPL-2.0-only
/*
 * The variables a user sets, in make's way: NAME=value, from the environment or
 * from the command line, which wins. What is of no use is found here, before any
 * work begins.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kunit/steer/steer_names.h"
#include "build/script.h"
#include "judge/events.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "lib/util.h"
#include "options.h"

#define AT(member)	.offset = offsetof(struct options, member)
#define UP_TO(a, b, w)	.least = a, .most = b, .why = w

/* Commands that have many guests to run */
#define RUN_GUESTS	\
	"check stress explore bugs bench-strategies check-determinism matrix " BISECTS
#define BISECTS		"bisect check-bisect bisect-step"

/* What a command is asked beside its requests */
static const struct field own_fields[] = {
	{ "SEEDS", "1..100", FIELD_TEXT, AT(seeds),
	  .of = "explore bugs bench-strategies",
	  .help = "seeds to explore, from..to; with a focus, runs" },
	{ "JOBS", "0", FIELD_NUMBER, AT(guests), .most = 1024,
	  .of = RUN_GUESTS " bisect-sim doctor",
	  .help = "guests at once, 0 for one per CPU of the host" },
	{ "KEEP_GOING", "0", FIELD_SWITCH, AT(keep_going),
	  .of = "explore",
	  .help = "1: explore goes on after a failure" },
	{ "LEADS", "1", FIELD_SWITCH, AT(leads),
	  .of = "explore bugs",
	  .help = "0: explore follows no run that showed something new of the focus" },
	{ "TIME", "0", FIELD_NUMBER, AT(time), .most = INT_MAX,
	  .of = "explore bugs minimise bisect check-bisect",
	  .help = "host seconds after which explore begins no seed, and bisect or minimise ends" },
	{ "RUN", "", FIELD_PATH, AT(run),
	  .of = "replay minimise picture bundle report check-determinism bisect",
	  .help = "record to replay, as build/runs/<name>" },
	{ "BUNDLE", "", FIELD_PATH, AT(bundle),
	  .of = "replay",
	  .help = "bundle to replay, instead of RUN=" },
	{ "LOG", "", FIELD_PATH, AT(log),
	  .of = "judge",
	  .help = "console for judge, or any kernel log or KTAP" },
	{ "FORMAT", "text", FIELD_TEXT, AT(format),
	  .of = "report matrix-list",
	  .help = "of a report: text ktap junit json kcidb github summary" },
	{ "MATRIX", "", FIELD_PATH, AT(matrix),
	  .of = "matrix matrix-list",
	  .help = "file of cells, instead of configs/matrix" },
	{ "CELLS", "", FIELD_TEXT, AT(cells),
	  .of = "matrix matrix-list",
	  .help = "cells of configs/matrix, as 'arm64/*', comma separated; all if empty" },
	{ "CACHE_MAX", "20", FIELD_NUMBER, AT(cache_max), .most = 1 << 20,
	  .help = "GB that the cache may have: what was not used for longest goes" },
	{ "GDB", "0", FIELD_SWITCH, AT(gdb),
	  .of = "replay",
	  .help = "1: replay opens a debugger at the end of the run" },
	{ "N", "20", FIELD_NUMBER, AT(count),
	  UP_TO(1, INT_MAX, "1 to 2147483647"),
	  .of = "check-determinism bench-hotplug bench-strategies bisect-sim bisect-step",
	  .help = "runs of check-determinism, histories of bisect-sim, seeds of bisect-step" },
	{ "GOOD", "", FIELD_TEXT, AT(good),
	  .of = "bisect bisect-prior",
	  .help = "commit of TREE= that a bisect takes for good" },
	{ "BAD", "", FIELD_TEXT, AT(bad),
	  .of = "bisect bisect-prior",
	  .help = "commit of TREE= that is bad, its HEAD if empty" },
	{ "TEST", "", FIELD_TEXT, AT(test),
	  .of = "bisect",
	  .help = "command that bisect runs instead of a guest, with KERNEL=, INITRAMFS=, SEED=" },
	{ "SIGNATURE", "", FIELD_TEXT, AT(signature),
	  .of = "bisect bisect-step",
	  .help = "failure that bisect looks for, the first one at BAD= if empty" },
	{ "PRIOR", "paths", FIELD_CHOICE, AT(prior), .choices = "paths uniform",
	  .of = "bisect bisect-prior check-bisect",
	  .help = "which commits bisect suspects: by the files they touch, or all the same" },
	{ "RUNS", "2000", FIELD_NUMBER, AT(runs), .most = INT_MAX,
	  .of = "bisect check-bisect",
	  .help = "runs after which bisect ends, 0 for no end" },
	{ "CONFIDENCE", "0.95", FIELD_SHARE, AT(confidence),
	  .of = "bisect bisect-sim check-bisect",
	  .help = "probability at which bisect answers, up to 0.9999" },
	{ "MUTANTS", "", FIELD_TEXT, AT(mutants),
	  .of = "mutate",
	  .help = "mutants to run, comma separated, all if empty" },
	{ "MUTANTS_DIR", "", FIELD_PATH, AT(mutants_dir),
	  .of = "mutate",
	  .help = "folder of tables of mutants, instead of tests/mutants" },
	{ "BUGS", "", FIELD_TEXT, AT(bugs),
	  .of = "bugs bench-strategies check-bisect",
	  .help = "planted bugs to look for, comma separated, all if empty" },
	{ "REAL", "1", FIELD_SWITCH, AT(real),
	  .of = "bugs",
	  .help = "0: bugs leaves out the runs in real time, which take longest" },
	{ "MINIMISE", "0", FIELD_SWITCH, AT(minimise),
	  .of = "bugs",
	  .help = "1: bugs makes the run that shows a bug as small as minimise does" },
	{ "NEIGHBOUR", "", FIELD_PATH, AT(neighbour),
	  .of = "bugs",
	  .help = "patch on top of each bug: does what MINIMISE=1 left show it there, too?" },
	{ "BUGS_DIR", "", FIELD_PATH, AT(bugs_dir),
	  .of = "bugs bench-strategies",
	  .help = "folder of their patches, instead of tests/bugs" },
	{ "O", "build", FIELD_PATH, AT(out),
	  .help = "folder for records and other products: where the program is" },
	{ "V", "0", FIELD_SWITCH, AT(verbose),
	  .help = "1 shows everything that is run and printed" },
};

/* ---- one variable ------------------------------------------------------------ */

/* A path is relative to where the user is, which is not where we will be. */
static char *absolute_all(const char *paths)
{
	__auto_strv struct strv v = { 0 }, all = { 0 };

	strv_split(&v, paths, " \t\n");
	for (size_t i = 0; i < v.n; i++) {
		__auto_free char *path = absolute_path(v.v[i]);

		strv_add(&all, "%s", path);
	}
	return strv_join(&all, " ");
}

/* Ten is written 10 or 0xa; 010 is ten, too. */
static uint64_t number_of(const struct field *f, const char *text)
{
	int base = !strncasecmp(text, "0x", 2) ? 16 : 10;
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, base);
	if (!isdigit((unsigned char)*text) || *end || (errno && errno != ERANGE))
		die("%s=%s: a whole number from %llu is wanted, without a unit", f->name, text,
		    (unsigned long long)f->least);
	if (!errno && n >= f->least && n <= f->most)
		return n;
	if (f->why)
		die("%s=%s: %s", f->name, text, f->why);
	die("%s=%s: too large, %llu is the most", f->name, text, (unsigned long long)f->most);
}

/* More than the engine can tell is no answer ever. */
#define SHARE_MAX	0.9999

static double share_of(const struct field *f, const char *text)
{
	char *end;
	double share = strtod(text, &end);

	if (!isdigit((unsigned char)*text) || *end || !(share > 0 && share <= SHARE_MAX))
		die("%s=%s: a number above 0 and up to %g is wanted, as %s", f->name, text,
		    SHARE_MAX, f->def);
	return share;
}

static void __noreturn no_arch(const char *name)
{
	__auto_strv struct strv all = { 0 };
	__auto_free char *names = NULL;
	const struct arch *a = NULL;

	while ((a = arch_next(a)))
		strv_add(&all, "%s", a->name);
	names = strv_join(&all, " ");
	die("ARCH=%s: no such architecture, there are: %s", name, names);
}

static void add_arch(const struct arch ***list, size_t *n, const struct arch *a)
{
	*list = reallocarray(*list, *n + 2, sizeof(**list));
	if (!*list)
		die("out of memory");
	(*list)[(*n)++] = a;
	(*list)[*n] = NULL;
}

/* Those that are named, all if none is; none of them twice */
static const struct arch **choose_arches(const char *text)
{
	__auto_strv struct strv names = { 0 };
	const struct arch **list = NULL, *a = NULL;
	size_t n = 0;

	strv_split(&names, text, " ,");
	while (!names.n && (a = arch_next_usual(a)))
		add_arch(&list, &n, a);
	for (size_t i = 0; i < names.n; i++) {
		size_t j = 0;

		a = arch_find(names.v[i]);
		if (!a)
			no_arch(names.v[i]);
		while (j < n && list[j] != a)
			j++;
		if (j == n)
			add_arch(&list, &n, a);
	}
	return list;
}

static void set(struct options *o, const struct field *f, const char *text)
{
	bool of_request = f >= request_fields && f < request_fields + request_field_count;
	void *to = (char *)(of_request ? (void *)&o->request : (void *)o) + f->offset;

	switch (f->kind) {
	case FIELD_ARCH:
		o->arch = choose_arches(text);
		break;
	case FIELD_TEXT:
		*(const char **)to = copy(text);
		break;
	case FIELD_PATH:
		*(const char **)to = absolute_path(text);
		break;
	case FIELD_PATHS:
		*(const char **)to = absolute_all(text);
		break;
	case FIELD_CHOICE:
		if (*text && !has_word(f->choices, " ", text))
			die("%s=%s: choose one of: %s", f->name, text, f->choices);
		*(const char **)to = copy(*text ? text : f->def);
		break;
	case FIELD_NUMBER:
		*(uint64_t *)to = number_of(f, text);
		break;
	case FIELD_SHARE:
		*(double *)to = share_of(f, text);
		break;
	case FIELD_SWITCH:
		if (!has_word("0 1", " ", text))
			die("%s=%s: choose one of: 0 1", f->name, text);
		*(bool *)to = *text == '1';
		break;
	}
}

/* The @i-th of all variables, or NULL after the last one */
const struct field *options_field(size_t i)
{
	if (i < request_field_count)
		return &request_fields[i];
	i -= request_field_count;
	return i < ARRAY_SIZE(own_fields) ? &own_fields[i] : NULL;
}

static const struct field *find(const char *name, size_t len)
{
	const struct field *f;

	for (size_t i = 0; (f = options_field(i)); i++)
		if (strlen(f->name) == len && !strncmp(f->name, name, len))
			return f;
	return NULL;
}

/* ---- who reads it ------------------------------------------------------------- */

/* What make itself reads; programs that are called read more, see proc_passes(). */
static const char of_make[] = "CC CFLAGS FUZZ_SECONDS TESTS NEEDED";

static void __noreturn unknown(const char *name)
{
	__auto_strv struct strv names = { 0 };
	const struct field *f;
	const char *near;

	for (size_t i = 0; (f = options_field(i)); i++)
		strv_add(&names, "%s", f->name);
	near = strv_nearest(&names, name);
	if (near)
		die("%s=: no such variable; did you mean %s=?", name, near);
	die("%s=: no such variable; 'make help' lists them", name);
}

/* What @command does not read is not taken in silence. */
static const struct field *must_find(const char *command, const char *name, size_t len)
{
	__auto_free char *word = fmt("%.*s", (int)len, name);
	const struct field *f = find(name, len);

	if (!f)
		unknown(word);
	if (f->of && !has_word(f->of, " ", command))
		die("%s=: %s does not read it, these do: %s", word, command, f->of);
	return f;
}

/*
 * What the user has said to make, which hands it on as "flags -- NAME=value ...", with
 * a backslash before a space of a value. That is for respawn if its own Makefile was
 * called with it, and not by another make, whose words they may be.
 */
static void check_make_words(const char *command)
{
	const char *flags = getenv("MAKEFLAGS"), *level = getenv("MAKELEVEL");
	const char *at = flags ? strstr(flags, "-- ") : NULL;

	if (!at || !level || strcmp(level, "1") || !getenv("RESPAWN_MAKE"))
		return;
	for (at += 3; *at; at += strspn(at, " ")) {
		size_t name = strcspn(at, ":+!= ");
		__auto_free char *word = fmt("%.*s", (int)name, at);

		if (name && at[name] && at[name] != ' ' && !has_word(of_make, " ", word) &&
		    !proc_passes(word))
			must_find(command, at, name);
		while (*at && *at != ' ')
			at += *at == '\\' && at[1] ? 2 : 1;
	}
}

/* ---- what goes together ------------------------------------------------------- */

/* Those that compare one kernel with another do that on one architecture. */
static void check_arch(const char *command, const struct options *o)
{
	if (o->arch[1] && has_word("bugs bench-strategies bisect check-bisect", " ", command))
		die("ARCH=%s and %s: %s takes one architecture", o->arch[0]->name,
		    o->arch[1]->name, command);
}

/* An accelerator runs in real time; virtual time is TCG's alone, of most architectures. */
static void choose_timing(struct options *o)
{
	struct request *r = &o->request;
	bool can = true;

	for (size_t i = 0; o->arch[i]; i++)
		can &= !!o->arch[i]->icount;
	if (!can && !o->arch[1] && !*r->timing)
		r->timing = "real";
	if (!*r->timing)
		r->timing = strcmp(r->accel, "kvm") ? "virtual" : "real";
	if (request_is_virtual(r) && !strcmp(r->accel, "kvm"))
		die("TIMING=virtual needs instruction counting, which ACCEL=kvm cannot do; leave one of them out");
	for (size_t i = 0; request_is_virtual(r) && o->arch[i]; i++)
		if (!o->arch[i]->icount)
			die("ARCH=%s: its guests run in real time only; name it alone, or add TIMING=real",
			    o->arch[i]->name);
}

static void check_threads(const struct options *o)
{
	const struct request *r = &o->request;

	if (r->threads == 1)
		return;
	for (size_t i = 0; o->arch[i]; i++)
		if (!o->arch[i]->cpu_threads)
			die("THREADS=%llu: the cores of a guest of %s have one thread; ARCH=x86_64 has more",
			    (unsigned long long)r->threads, o->arch[i]->name);
	if (r->smp % r->threads)
		die("SMP=%llu: with THREADS=%llu it is a multiple of %llu",
		    (unsigned long long)r->smp, (unsigned long long)r->threads,
		    (unsigned long long)r->threads);
}

/* The pinned kernel is the one that the series is made for; another one need not be. */
static void choose_series(struct request *r)
{
	if (!*r->series)
		r->series = *r->tree ? "auto" : *r->pin ? "none" : "full";
}

static void check_source(const struct request *r)
{
	if (*r->pin && (*r->tree || *r->tarball))
		die("PIN=%s and %s name two kernels: leave one of them out", r->pin,
		    *r->tree ? "TREE=" : "KERNEL_TARBALL=");
	if (*r->tree && *r->tarball)
		die("TREE= and KERNEL_TARBALL= name two kernels: leave one of them out");
	if (!request_has_series(r) && !strcmp(r->smpboot, "respawn"))
		die("SMPBOOT=respawn is what the series adds, and SERIES=none leaves it out");
	if (*r->yield_files && !request_has_overlay(r))
		die("YIELD_FILES= are files with yield points, and OVERLAY=none leaves these out");
	if (!request_has_overlay(r) && *r->focus && strcmp(r->focus, "none"))
		die("FOCUS=%s: this takes yield points, and OVERLAY=none leaves these out",
		    r->focus);
	if (*r->since && !*r->tree)
		die("SINCE=%s is a commit of TREE=, which is not set", r->since);
}

#define POINTS(name, points, every)	(points) ? #name " " : "",

/* Most strategies are nothing without yield points. */
static void check_strategy(const struct request *r)
{
	static const char *const need_points[] = { STEER_STRATEGIES(POINTS) };

	if (request_has_overlay(r) || !strcmp(r->strategy, "none"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(need_points); i++)
		if (!strcmp(r->strategy, "mix") || has_word(need_points[i], " ", r->strategy))
			die("STRATEGY=%s needs yield points, and OVERLAY=none leaves these out",
			    r->strategy);
}

static void check_ops(const char *ops)
{
	__auto_strv struct strv words = { 0 };

	strv_split(&words, ops, ",");
	for (size_t i = 0; i < words.n; i++) {
		__auto_free char *name = NULL, *all = NULL;
		const char *colon = strchrnul(words.v[i], ':');
		unsigned int weight;
		char after;

		name = fmt("%.*s", (int)(colon - words.v[i]), words.v[i]);
		if (*colon && (sscanf(colon, ":%u%c", &weight, &after) != 1 || !weight ||
			       weight > 1000))
			die("OPS=%s: a weight is a number from 1 to 1000", words.v[i]);
		if (events_is_op(name))
			continue;
		all = events_all_ops();
		die("OPS=%s: no such operation, there are: %s", name, all);
	}
	if (*ops && !words.n)
		die("OPS=%s: this names no operation", ops);
}

static void check_aim(const char *option, const char *aim)
{
	__auto_strv struct strv words = { 0 };

	strv_split(&words, aim, ",");
	for (size_t i = 0; i < words.n; i++) {
		if (!events_is_op(words.v[i])) {
			__auto_free char *all = events_all_ops();

			die("%s=%s: no such operation, there are: %s", option, words.v[i], all);
		}
	}
}

/* Digits, as many as a number of 64 bits has; @end is behind them. */
static bool reads_number(const char *at, const char **end, unsigned long long *n)
{
	char *behind;

	errno = 0;
	*n = isdigit((unsigned char)*at) ? strtoull(at, &behind, 10) : 0;
	if (!isdigit((unsigned char)*at) || errno)
		return false;
	*end = behind;
	return true;
}

/* "7", or "3-7" */
static bool is_range(const char *at)
{
	unsigned long long first, last;

	if (!reads_number(at, &at, &first))
		return false;
	return !*at || (*at == '-' && reads_number(at + 1, &at, &last) && !*at && first <= last);
}

/* "1:0-7,9/2:3" */
static void check_keep(const char *keep)
{
	__auto_strv struct strv actors = { 0 };

	strv_split(&actors, keep, "/");
	for (size_t i = 0; i < actors.n; i++) {
		__auto_strv struct strv ranges = { 0 };
		unsigned long long actor;
		const char *at;

		if (!reads_number(actors.v[i], &at, &actor) || *at != ':' || actor > UINT_MAX)
			die("KEEP=%s: '%s' has no actor in front, as in 1:0-7,9/2:3", keep,
			    actors.v[i]);
		strv_split(&ranges, at + 1, ",");
		for (size_t j = 0; j < ranges.n; j++)
			if (!is_range(ranges.v[j]))
				die("KEEP=%s: '%s' is no number and no range like 3-7", keep,
				    ranges.v[j]);
	}
	if (*keep && !actors.n)
		die("KEEP=%s: this names no draw", keep);
}

/* "1000+0:20+40:8", what focus_locate() makes */
static void check_ranges(const char *ranges)
{
	unsigned long long base, offset, length, end = 0;
	const char *at = ranges;
	size_t n = 0;
	int used = 0;

	if (!*ranges)
		return;
	if (sscanf(at, "%llx%n", &base, &used) != 1)
		die("RANGES=%s: this begins with no address", ranges);
	for (at += used; *at; at += used, n++) {
		if (n == FOCUS_RANGES || sscanf(at, "+%llx:%llx%n", &offset, &length, &used) != 2 ||
		    !length || offset < end)
			die("RANGES=%s: at '%s', up to %d ranges +offset:length are wanted, in order",
			    ranges, at, FOCUS_RANGES);
		end = offset + length;
	}
	if (!n)
		die("RANGES=%s: this names no range", ranges);
}

#define NAME(name, def, what)	#name " "
#define PARAMETERS	STEER_PARAMETERS(NAME)

/* "0-7fff:9000-9003", as minimise makes it */
static void check_only(const char *only)
{
	__auto_strv struct strv parts = { 0 };
	unsigned int first, last;

	strv_split(&parts, only, ":");
	for (size_t i = 0; i < parts.n; i++) {
		int used = 0;

		if (i == ONLY_PARTS ||
		    sscanf(parts.v[i], "%x-%x%n", &first, &last, &used) != 2 ||
		    parts.v[i][used] || first > last || last > 0xffff)
			die("STEER=only=%s: at '%s', up to %d parts of 0-ffff are wanted, as 0-7fff:9000-9003",
			    only, parts.v[i], ONLY_PARTS);
	}
	if (!parts.n)
		die("STEER=only=%s: this names no part", only);
}

/* "one_in=32,most=4" */
static void check_steer(const char *steer)
{
	__auto_strv struct strv words = { 0 };

	strv_split(&words, steer, ",");
	for (size_t i = 0; i < words.n; i++) {
		const char *eq = strchr(words.v[i], '=');
		__auto_free char *name = fmt("%.*s", (int)strcspn(words.v[i], "="), words.v[i]);

		if (!strcmp(name, "only") && eq) {
			check_only(eq + 1);
			continue;
		}
		if (!has_word(PARAMETERS, " ", name))
			die("STEER=%s: no such parameter, there are: " PARAMETERS "only", name);
		if (!eq || !eq[1] || eq[1 + strspn(eq + 1, "0123456789")])
			die("STEER=%s: a parameter has a number, as one_in=32", words.v[i]);
	}
	if (*steer && !words.n)
		die("STEER=%s: this sets no parameter", steer);
}

static void check_script(const struct request *r)
{
	bool is_strategy = !strcmp(r->strategy, "script");
	__auto_free char *bad = script_bad(r->script);

	if (bad)
		die("SCRIPT=: '%s' is none of up to %d places, as 2:5,kworker/1:0,process_one_work@7,2,64r",
		    bad, SCRIPT_PLACES);
	if (is_strategy && !*r->script)
		die("STRATEGY=script follows SCRIPT=, which is not set; 'make minimise' finds one");
	if (!is_strategy && *r->script)
		die("SCRIPT= is for STRATEGY=script, and STRATEGY=%s does not follow it",
		    r->strategy);
}

/* What init is told has a variable of its own, which the record knows of. */
static void check_kcmdline(const char *kcmdline)
{
	static const char prefix[] = "respawn.";
	__auto_strv struct strv words = { 0 };

	strv_split(&words, kcmdline, " ");
	for (size_t i = 0; i < words.n; i++) {
		const char *word = words.v[i] + strlen(prefix);

		if (strncmp(words.v[i], prefix, strlen(prefix)) || !strncmp(word, "plant=", 6))
			continue;
		die("KCMDLINE=%s: this is between respawn and its guest; the variables of 'make help' say it, and respawn.plant= alone may stand here",
		    words.v[i]);
	}
}

/* make's own -s and -j, which it hands on in MAKEFLAGS */
static void read_makeflags(const struct options *o, bool silent)
{
	const char *flags = getenv("MAKEFLAGS"), *j, *words;
	enum ui_mode mode = o->verbose ? UI_VERBOSE : UI_NORMAL;

	if (flags && *flags != '-' && *flags != ' ' &&
	    strchr(flags, 's') && strchr(flags, 's') < flags + strcspn(flags, " "))
		silent = true;
	ui_init(silent ? UI_QUIET : mode);
	j = flags ? strstr(flags, "-j") : NULL;
	words = flags ? strstr(flags, "-- ") : NULL;
	if (j && (!words || j < words) && atoi(j + 2) > 0)
		host_set_jobs(atoi(j + 2));
}

/**
 * options_parse - find out what the user asked for
 * @o: gets it
 * @command: the word for what is to be done
 * @defaults: variables that have another default for this command, as NAME=value
 *	with spaces between, or NULL
 * @argc: how many words there are
 * @argv: the words, each NAME=value or -s
 *
 * Called once, by main(). Dies of a word it does not know, and of a value that is
 * of no use.
 */
void options_parse(struct options *o, const char *command, const char *defaults, int argc,
		   char **argv)
{
	__auto_strv struct strv others = { 0 };
	const struct field *f;
	bool silent = false;

	*o = (struct options){ 0 };
	for (size_t i = 0; (f = options_field(i)); i++)
		set(o, f, f->def);
	/* Called in a kernel tree, it leaves nothing there. */
	o->out = host_folder();
	strv_split(&others, defaults, " ");
	for (size_t i = 0; i < others.n; i++) {
		const char *eq = strchr(others.v[i], '=');

		set(o, find(others.v[i], eq - others.v[i]), eq + 1);
	}
	for (size_t i = 0; (f = options_field(i)); i++) {
		const char *env = getenv(f->name);

		if (env && *env)
			set(o, f, env);
	}
	for (int i = 0; i < argc; i++) {
		const char *eq = strchr(argv[i], '=');

		if (!strcmp(argv[i], "-s")) {
			silent = true;
			continue;
		}
		if (!eq)
			die("%s: no variable, which is NAME=value; 'make help' lists them",
			    argv[i]);
		f = must_find(command, argv[i], eq - argv[i]);
		set(o, f, eq + 1);
		/* As make does; a cell of a matrix is a program of its own. */
		setenv(f->name, eq + 1, 1);
	}
	check_make_words(command);

	read_makeflags(o, silent);
	o->request.arch = o->arch[0];
	check_arch(command, o);
	choose_timing(o);
	check_threads(o);
	choose_series(&o->request);
	check_strategy(&o->request);
	check_source(&o->request);
	check_ops(o->request.ops);
	check_aim("AIM", o->request.aim);
	check_aim("NEAR", o->request.near);
	check_keep(o->request.keep);
	check_ranges(o->request.ranges);
	check_steer(o->request.steer);
	check_script(&o->request);
	check_kcmdline(o->request.kcmdline);
}

/**
 * options_help - print every variable with its default
 */
void options_help(void)
{
	const struct field *f;

	for (size_t i = 0; (f = options_field(i)); i++)
		printf("  %-15s %s%s%s%s\n", f->name, f->help, *f->def ? " [" : "", f->def,
		       *f->def ? "]" : "");
}
