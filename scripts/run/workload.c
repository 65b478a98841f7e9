// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest is asked to do: from the user's variables, onto the command line
 * of its kernel, into its record and back.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "lib/util.h"
#include "run/workload.h"

/* What giving way to another CPU is replaced by, where they run in parallel */
#define DELAY_NS	500

/* What the name of each parameter of init's begins with */
#define INIT		"respawn."

/* The one that was asked for; seeds take turns with "mix". */
static const char *strategy_of(const struct workload *w)
{
	static const char *const mix[] = { "random", "pct", "burst", "hold", "jitter" };

	if (strcmp(w->strategy, "mix"))
		return w->strategy;
	/* Two seeds in a row, as modes of smpboot take turns too. */
	return mix[w->seed / 2 % ARRAY_SIZE(mix)];
}

/* Those words of KCMDLINE= that are for init, or those that are not */
static char *words(bool for_init)
{
	__auto_strv struct strv v = { 0 };
	char *all = copy("");

	strv_split(&v, opt.kcmdline, " ");
	for (size_t i = 0; i < v.n; i++) {
		char *more;

		if (!strncmp(v.v[i], INIT, strlen(INIT)) != for_init)
			continue;
		more = fmt("%s %s", all, v.v[i]);
		free(all);
		all = more;
	}
	return all;
}

/**
 * workload_for_kernel - the words of KCMDLINE= that no workload has
 *
 * Return: each with a space before it, to be freed
 */
char *workload_for_kernel(void)
{
	return words(false);
}

/**
 * workload_from_options - what the user asked for
 * @w: gets it
 * @seed: the seed, whatever SEED= says
 */
void workload_from_options(struct workload *w, uint64_t seed)
{
	*w = (struct workload){
		.seed = seed, .cpus = opt.smp, .cycles = opt.cycles,
		.actors = opt.actors, .ops = opt.ops,
		.strategy = *opt.strategy ? opt.strategy : "none", .steer = opt.steer,
		.more = words(true),
	};
	w->strategy = strategy_of(w);
}

/**
 * workload_in_parallel - have CPUs delayed where they can't give way to each other
 * @w: the workload of a guest whose CPUs run in parallel
 */
void workload_in_parallel(struct workload *w)
{
	if (strcmp(w->strategy, "none") && !strstr(w->steer, "delay="))
		w->steer = fmt("%s%sdelay=%u", w->steer, *w->steer ? "," : "", DELAY_NS);
}

/**
 * workload_cmdline - how the guest's init is told
 * @w: the workload
 *
 * Return: words for the kernel's command line, to be freed
 */
char *workload_cmdline(const struct workload *w)
{
	return fmt("respawn.seed=%llu respawn.cycles=%u respawn.actors=%u%s%s respawn.strategy=%s%s%s%s",
		   (unsigned long long)w->seed, w->cycles, w->actors,
		   *w->ops ? " respawn.ops=" : "", w->ops, w->strategy,
		   *w->steer ? " respawn.steer=" : "", w->steer, w->more);
}

/**
 * workload_words - how the user would ask for it
 * @w: the workload
 *
 * Return: variables as make takes them, to be freed
 */
char *workload_words(const struct workload *w)
{
	return fmt("SEED=%llu CYCLES=%u SMP=%u ACTORS=%u STRATEGY=%s%s%s%s%s",
		   (unsigned long long)w->seed, w->cycles, w->cpus, w->actors, w->strategy,
		   *w->steer ? " STEER=" : "", w->steer, *w->ops ? " OPS=" : "", w->ops);
}

/**
 * workload_to_json - write it into a record
 * @w: the workload
 * @o: the record
 */
void workload_to_json(const struct workload *w, json_t *o)
{
	json_object_set_new(o, "seed", json_integer(w->seed));
	json_object_set_new(o, "cpus", json_integer(w->cpus));
	json_object_set_new(o, "cycles", json_integer(w->cycles));
	json_object_set_new(o, "actors", json_integer(w->actors));
	json_object_set_new(o, "ops", json_string(w->ops));
	json_object_set_new(o, "strategy", json_string(w->strategy));
	json_object_set_new(o, "steer", json_string(w->steer));
	json_object_set_new(o, "kcmdline", json_string(opt.kcmdline));
}

/**
 * workload_from_json - read it out of a record
 * @w: gets it; its strings, and KCMDLINE= which it also gives back, live as long
 *	as @o
 * @o: the record
 *
 * Return: NULL, or what is missing
 */
const char *workload_from_json(struct workload *w, const json_t *o)
{
	static const char *const names[] = {
		"seed", "cpus", "cycles", "actors", "ops", "strategy", "steer", "kcmdline",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (i < 4 ? !json_is_integer(json_object_get(o, names[i])) :
			    !json_is_string(json_object_get(o, names[i])))
			return names[i];
	*w = (struct workload){
		.seed = json_integer_value(json_object_get(o, "seed")),
		.cpus = json_integer_value(json_object_get(o, "cpus")),
		.cycles = json_integer_value(json_object_get(o, "cycles")),
		.actors = json_integer_value(json_object_get(o, "actors")),
		.ops = json_string_value(json_object_get(o, "ops")),
		.strategy = json_string_value(json_object_get(o, "strategy")),
		.steer = json_string_value(json_object_get(o, "steer")),
	};
	opt.kcmdline = json_string_value(json_object_get(o, "kcmdline"));
	w->more = words(true);
	return NULL;
}
