// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many seeds of the stress run. What each one showed is written down as soon as
 * it is known, a line per seed, so that the next call goes on where this one
 * ended, however that was.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "run/accel.h"
#include "cmd/explore.h"
#include "cmd/seeds.h"
#include "build/initramfs.h"
#include "options.h"
#include "lib/ui.h"

/**
 * struct group - failures that look the same
 * @signature: what they have in common
 * @n: how many there are
 * @seed: of the shortest run
 * @guest: guest time of that one
 * @record: its record
 */
struct group {
	char *signature;
	size_t n;
	uint64_t seed;
	double guest;
	char *record;
};

/**
 * struct exploration - all that is known of the seeds of one kernel and workload
 * @path: file that keeps it, a JSON object per line
 * @fd: the same, open for appending
 * @seeds: array of those that are done with
 * @n: how many
 * @events: operations and other events in all
 * @wall: host seconds of all runs
 * @groups: what went wrong
 * @nr_groups: how many of those
 */
struct exploration {
	char *path;
	int fd;
	uint64_t *seeds;
	size_t n;
	uint64_t events;
	double wall;
	struct group *groups;
	size_t nr_groups;
};

static bool is_known(void *arg, uint64_t seed)
{
	const struct exploration *x = arg;

	for (size_t i = 0; i < x->n; i++)
		if (x->seeds[i] == seed)
			return true;
	return false;
}

static struct group *group_of(struct exploration *x, const char *signature)
{
	struct group *g;

	for (size_t i = 0; i < x->nr_groups; i++)
		if (!strcmp(x->groups[i].signature, signature))
			return &x->groups[i];
	x->groups = reallocarray(x->groups, x->nr_groups + 1, sizeof(*x->groups));
	if (!x->groups)
		die("out of memory");
	g = &x->groups[x->nr_groups++];
	*g = (struct group){ .signature = copy(signature) };
	return g;
}

static void count_in(struct exploration *x, const struct finding *f)
{
	struct group *g;

	x->seeds = reallocarray(x->seeds, x->n + 1, sizeof(*x->seeds));
	if (!x->seeds)
		die("out of memory");
	x->seeds[x->n++] = f->seed;
	x->events += f->events;
	x->wall += f->wall;
	if (!f->signature)
		return;
	g = group_of(x, f->signature);
	if (!g->n++ || f->guest < g->guest) {
		g->seed = f->seed;
		g->guest = f->guest;
		free(g->record);
		g->record = copy(f->record);
	}
}

/* One write() a line: whoever is killed leaves a whole one or none. */
static void take(void *arg, const struct finding *f)
{
	struct exploration *x = arg;
	json_t *o = json_pack("{s:I, s:s, s:f, s:f, s:I, s:s?, s:s?}", "seed",
			      (json_int_t)f->seed, "verdict", verdict_name(f->verdict),
			      "guest", f->guest, "wall", f->wall, "events",
			      (json_int_t)f->events, "signature", f->signature,
			      "record", f->record);
	__auto_free char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	__auto_free char *line = NULL;

	if (!text)
		die("out of memory");
	json_decref(o);
	line = fmt("%s\n", text);
	if (write(x->fd, line, strlen(line)) != (ssize_t)strlen(line))
		die("cannot write %s: %s", x->path, strerror(errno));
	count_in(x, f);
	if (f->signature)
		ui_note("seed %-6llu %s\n            %s", (unsigned long long)f->seed,
			f->signature, f->record);
}

/* A line that a full disk has cut, or a record that is gone: run it again. */
static bool read_line(const char *line, struct finding *f, json_t **o)
{
	const char *signature, *record;

	*o = json_loads(line, 0, NULL);
	signature = json_string_value(json_object_get(*o, "signature"));
	record = json_string_value(json_object_get(*o, "record"));
	*f = (struct finding){
		.seed = json_integer_value(json_object_get(*o, "seed")),
		.guest = json_real_value(json_object_get(*o, "guest")),
		.wall = json_real_value(json_object_get(*o, "wall")),
		.events = json_integer_value(json_object_get(*o, "events")),
		.signature = (char *)signature, .record = (char *)record,
	};
	return json_is_integer(json_object_get(*o, "seed")) && !signature == !record &&
	       (!record || exists(record));
}

static void read_known(struct exploration *x, uint64_t first, uint64_t last)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *text = read_file(x->path, NULL);

	strv_split(&lines, text ? text : "", "\n");
	for (size_t i = 0; i < lines.n; i++) {
		struct finding f;
		json_t *o;

		if (read_line(lines.v[i], &f, &o) && f.seed >= first && f.seed <= last &&
		    !is_known(x, f.seed))
			count_in(x, &f);
		json_decref(o);
	}
}

/* All that makes a run of a seed what it is, other than the seed */
static void open_exploration(struct exploration *x, const struct hunt *h)
{
	__auto_free char *dir = fmt("%s/explore", opt.out), *work = NULL;
	struct hash *hash = hash_new();
	struct workload w;
	char key[HASH_LEN];

	workload_from_options(&w, 0);
	w.strategy = opt.strategy;
	work = workload_cmdline(&w);
	hash_str(hash, h->kernel->key);
	hash_str(hash, h->initramfs);
	hash_str(hash, h->accel);
	hash_str(hash, opt.smpboot);
	hash_str(hash, opt.kcmdline);
	hash_str(hash, opt.plan);
	hash_str(hash, work);
	hash_add(hash, &w.cpus, sizeof(w.cpus));
	hash_add(hash, &opt.snapshot, sizeof(opt.snapshot));
	hash_end(hash, key);
	make_dirs(dir);
	x->path = fmt("%s/%s-%s-%.12s.jsonl", dir, h->kernel->arch->name, opt.config, key);
	x->fd = open(x->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (x->fd < 0)
		die("cannot write %s: %s", x->path, strerror(errno));
}

static int by_number(const void *a, const void *b)
{
	const struct group *one = a, *two = b;

	return one->n < two->n ? 1 : one->n > two->n ? -1 : 0;
}

static void summary(struct exploration *x, const struct hunt *h, size_t before)
{
	size_t failed = 0;

	for (size_t i = 0; i < x->nr_groups; i++)
		failed += x->groups[i].n;
	qsort(x->groups, x->nr_groups, sizeof(*x->groups), by_number);
	if (!ui_quiet()) {
		printf("\n%s: %zu seeds tried, %zu of them before; %.1f seeds a second now, %.0f guest operations a second of a host CPU\n",
		       h->kernel->arch->name, x->n, before,
		       h->wall > 0 ? h->tried / h->wall : 0,
		       x->wall > 0 ? x->events / x->wall : 0);
		for (size_t i = 0; i < x->nr_groups; i++)
			printf("%s%5zu%s  %s\n       shortest: seed %llu, %.3f s of guest time\n       make replay RUN=%s\n",
			       ui_on(stdout, UI_RED), x->groups[i].n, ui_off(stdout),
			       x->groups[i].signature, (unsigned long long)x->groups[i].seed,
			       x->groups[i].guest, x->groups[i].record);
	}
	printf("%zu passed, %zu failed, 0 skipped\n", x->n - failed, failed);
}

static int explore_arch(const struct arch *a, struct tree *t, const struct plan *plan,
			const struct strv *steps)
{
	struct exploration x = { 0 };
	struct kernel k = { 0 };
	struct hunt h = {
		.kernel = &k, .tree = t, .plan = plan, .steps = steps,
		.jobs = opt.explore_jobs, .seconds = opt.time, .keep_going = opt.keep_going,
		.known = is_known, .found = take, .arg = &x,
	};
	size_t before;

	hunt_seeds(opt.seeds, &h.first, &h.last);
	kernel_build(&k, a, t);
	h.initramfs = initramfs_build(&k, t, plan);
	h.accel = accel_choose(&k, h.initramfs, plan);
	open_exploration(&x, &h);
	read_known(&x, h.first, h.last);
	before = x.n;
	h.over = x.nr_groups && !h.keep_going;
	ui_stage(a->name, "explore");
	hunt_run(&h);
	ui_done("%zu seeds", h.tried);
	close(x.fd);
	if (h.error)
		die("%s; the seeds before are kept, call again to go on", h.error);
	summary(&x, &h, before);
	return x.nr_groups ? EXIT_BAD : EXIT_PASS;
}

/**
 * explore - run the seeds of SEEDS= until one fails, or all of them
 *
 * Return: an exit status
 */
int explore(void)
{
	__auto_strv struct strv steps = { 0 };
	int status = EXIT_PASS;
	struct plan plan;
	struct tree t;

	plan_read(&plan);
	plan_chosen(&plan, &steps);
	tree_open(&t);
	for (size_t i = 0; opt.arch[i]; i++) {
		int s = explore_arch(opt.arch[i], &t, &plan, &steps);

		status = s > status ? s : status;
	}
	return status;
}
