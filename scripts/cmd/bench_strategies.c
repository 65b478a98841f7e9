// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which strategy finds which bug, and after how many seeds? Each planted bug is looked
 * for by each strategy, in several ranges of seeds that have none in common.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../kunit/steer/steer_names.h"
#include "cmd/cmd.h"
#include "cmd/planted.h"
#include "cmd/seeds.h"
#include "lib/ui.h"
#include "record/aim.h"

#define NAME(name, points, every)	#name,

static const char *const strategies[] = { STEER_DRAWING(NAME) "mix" };

/**
 * struct search - one range of seeds
 * @first: its first seed
 * @took: how many seeds it took; one more than there are if none failed
 */
struct search {
	uint64_t first;
	size_t took;
};

static void seen(void *arg, const struct trial *t, const struct finding *f)
{
	struct search *s = arg;
	size_t took = f->seed - s->first + 1;

	(void)t;
	if (f->signature && took < s->took)
		s->took = took;
}

static int by_size(const void *a, const void *b)
{
	const size_t *one = a, *two = b;

	return *one < *two ? -1 : *one > *two;
}

/* The median over the ranges */
static size_t measure(const struct options *o, const struct image *image,
		      const struct request *r, uint64_t first, uint64_t length)
{
	size_t *took = calloc(o->count, sizeof(*took)), median;

	if (!took)
		die("out of memory");
	for (uint64_t i = 0; i < o->count; i++) {
		struct search search = { .first = first + i * length, .took = length + 1 };
		struct seeds s = {
			.image = image, .req = *r, .accel = "virtual", .out = o->out,
			.guests = o->guests, .first = search.first,
			.last = search.first + length - 1, .forget = true,
			.found = seen, .arg = &search,
		};

		seeds_run(&s);
		if (s.error)
			die("%s", s.error);
		took[i] = search.took;
	}
	qsort(took, o->count, sizeof(*took), by_size);
	median = took[o->count / 2];
	free(took);
	return median;
}

static void print_median(size_t median, size_t length)
{
	__auto_free char *text = median > length ? fmt(">%zu", length) : fmt("%zu", median);

	printf(" %8s", text);
	fflush(stdout);
}

static void write_results(const char *out, json_t *all)
{
	__auto_free char *path = fmt("%s/bench-strategies.json", out);
	__auto_free char *text = json_dumps(all, JSON_INDENT(2));

	write_file(path, text, strlen(text));
}

/**
 * cmd_bench_strategies - measure how many seeds each strategy takes for each bug
 * @o: what the user asked for; of its architectures the first one counts
 *
 * Return: EXIT_PASS; a bug that no strategy finds is a result
 */
int cmd_bench_strategies(const struct options *o)
{
	json_t *all = json_array();
	struct planted *bugs;
	size_t n = planted_read(o->bugs_dir, o->bugs, &bugs);
	uint64_t first, last, length;

	seeds_range(o->seeds, &first, &last);
	length = last - first + 1;
	printf("%-32s", "bug");
	for (size_t j = 0; j < ARRAY_SIZE(strategies); j++)
		printf(" %8s", strategies[j]);
	printf("\n");
	for (size_t i = 0; i < n; i++) {
		json_t *row = json_object();
		struct request r = o->request;
		struct image image;

		if (!planted_fits(&bugs[i], &r))
			continue;
		planted_build(&bugs[i], "", &image, &r);
		trial_aim(&r, &image, o->out, NULL);
		ui_stage(bugs[i].name, "strategies");
		printf("%-32s", bugs[i].name);
		for (size_t j = 0; j < ARRAY_SIZE(strategies); j++) {
			size_t median;

			r.strategy = strategies[j];
			median = measure(o, &image, &r, first, length);
			json_object_set_new(row, strategies[j], json_integer(median));
			print_median(median, length);
		}
		printf("\n");
		json_array_append_new(all, json_pack("{s:s, s:o}", "bug", bugs[i].name,
						     "median_seeds", row));
		write_results(o->out, all);
	}
	json_decref(all);
	return EXIT_PASS;
}
