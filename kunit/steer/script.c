// SPDX-License-Identifier: GPL-2.0-only
/*
 * Few switches, and known ones. What a strategy draws can be left out but for a part of
 * it, "only": each draw is in one of 65536 parts by what was drawn, whatever else is left
 * out. And of the draws that were left in the end, each has a name that holds on another
 * kernel as well: the operation, the task, the place, and the how manieth time. A "script"
 * is a list of these.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "script.h"
#include "steer_names.h"
#include "streams.h"

/* ---- only these of the draws ----------------------------------------------------- */

/**
 * struct steer_part - a part of all draws
 * @first: the number of its first one
 * @last: of its last one
 */
struct steer_part {
	unsigned int first;
	unsigned int last;
};

static struct steer_part only_parts[ONLY_PARTS];
static int only_nr_parts;

/* "0-7fff:9000-9003", hexadecimal */
static int only_set(const char *text, const struct kernel_param *kp)
{
	struct steer_part *p;
	int used;

	for (only_nr_parts = 0; *text; text += used + (text[used] == ':')) {
		if (only_nr_parts == ONLY_PARTS)
			return -E2BIG;
		p = &only_parts[only_nr_parts++];
		used = 0;
		if (sscanf(text, "%x-%x%n", &p->first, &p->last, &used) != 2 || !used)
			return -EINVAL;
	}
	return only_nr_parts ? 0 : -EINVAL;
}

static const struct kernel_param_ops only_ops = { .set = only_set };
module_param_cb(only, &only_ops, NULL, 0);
MODULE_PARM_DESC(only, "parts of all draws at which CPUs do give way");

/**
 * only_is_there - are only some of all draws to be followed?
 *
 * Return: whether there is "only="
 */
bool only_is_there(void)
{
	return only_nr_parts;
}

/**
 * only_has - is this draw one of those that are to be followed?
 * @drawn: what was drawn
 *
 * Context: Any.
 * Return: true without "only="
 */
bool only_has(u64 drawn)
{
	unsigned int part = drawn >> 48;
	int i;

	for (i = 0; i < only_nr_parts; i++)
		if (part >= only_parts[i].first && part <= only_parts[i].last)
			return true;
	return !only_nr_parts;
}

/* ---- how often a task came by ------------------------------------------------------ */

#define COUNT_BITS	15
#define COUNT_PROBES	8

/**
 * struct steer_count - how often a task came by a place in an operation
 * @who: a number for all three
 * @n: how often
 */
struct steer_count {
	u32 who;
	u32 n;
};

static struct steer_count *only_counts;

/**
 * only_count_init - get ready to count
 *
 * Return: 0, or -ENOMEM
 */
int only_count_init(void)
{
	only_counts = kvcalloc(1 << COUNT_BITS, sizeof(*only_counts), GFP_KERNEL);
	return only_counts ? 0 : -ENOMEM;
}

/**
 * only_count_exit - free the counters
 */
void only_count_exit(void)
{
	kvfree(only_counts);
	only_counts = NULL;
}

/**
 * only_count - count that a task came by
 * @s: its stream
 * @ip: where
 *
 * Where two are taken for one, or one is forgotten, the script that is made of it does
 * not do the same, which is seen.
 *
 * Context: A yield point, with preemption off.
 * Return: how often it has by now, this time included
 */
unsigned int only_count(const struct steer_stream *s, unsigned long ip)
{
	u64 all = (s->epoch ^ (u64)s->key << 16 ^ ip) * GOLDEN_RATIO_64;
	u32 who = (u32)(all >> 16) | 1;
	unsigned int first = all >> (64 - COUNT_BITS), i;
	struct steer_count *c;

	for (i = 0; i < COUNT_PROBES; i++) {
		c = &only_counts[(first + i) % (1 << COUNT_BITS)];
		if (c->who == who)
			return ++c->n;
		if (!c->who)
			break;
	}
	c->who = who;
	c->n = 1;
	return 1;
}

/* ---- a script ---------------------------------------------------------------------- */

static struct steer_place script_places[SCRIPT_PLACES];
static int script_nr_places;
static bool script_given;

/*
 * Most yield points are in no script, and are to take as long whatever is in it: else what
 * is left out of a script would move all the rest.
 */
#define SITE_BITS	10

static DECLARE_BITMAP(script_sites, 1 << SITE_BITS);

/*
 * "base+offset:key:actor:draw:nth:times:resched+offset...", hexadecimal but for the
 * numbers of actor and draw, and what is behind them
 */
static int script_set(const char *text, const struct kernel_param *kp)
{
	unsigned int key, actor, draw, resched;
	unsigned long base, offset;
	int used = 0;

	if (sscanf(text, "%lx%n", &base, &used) != 1 || !used)
		return -EINVAL;
	for (text += used; *text; text += used) {
		struct steer_place *p = &script_places[script_nr_places];

		if (script_nr_places == SCRIPT_PLACES)
			return -E2BIG;
		used = 0;
		if (sscanf(text, "+%lx:%x:%u:%u:%u:%u:%u%n", &offset, &key, &actor, &draw,
			   &p->nth, &p->times, &resched, &used) != 7 || !used)
			return -EINVAL;
		p->ip = base + offset;
		p->key = key;
		p->epoch = (u64)actor << 32 | draw;
		p->resched = resched;
		__set_bit(hash_long(p->ip, SITE_BITS), script_sites);
		script_nr_places++;
	}
	/* A kernel may have none of them. */
	script_given = true;
	return 0;
}

static const struct kernel_param_ops script_ops = { .set = script_set };
module_param_cb(script, &script_ops, NULL, 0);
MODULE_PARM_DESC(script, "where CPUs give way, and nowhere else");

/**
 * script_is_there - is there a script?
 *
 * Return: whether there is "script="
 */
bool script_is_there(void)
{
	return script_given;
}

/**
 * script_at - is a CPU to give way here, and now?
 * @s: the stream of what it runs
 * @ip: where it is
 *
 * Context: A yield point, with preemption off.
 * Return: how; NULL if it is not
 */
const struct steer_place *script_at(const struct steer_stream *s, unsigned long ip)
{
	const struct steer_place *found = NULL;
	int i;

	if (!test_bit(hash_long(ip, SITE_BITS), script_sites))
		return NULL;
	/* Each place counts for itself, also those of another time here. */
	for (i = 0; i < script_nr_places; i++) {
		struct steer_place *p = &script_places[i];

		if (p->ip == ip && p->key == s->key && p->epoch == s->epoch &&
		    ++p->seen == p->nth)
			found = p;
	}
	return found;
}

/**
 * script_say_end - say how much of a script was come by
 */
void script_say_end(void)
{
	int i, n = 0;

	for (i = 0; i < script_nr_places; i++)
		n += script_places[i].seen >= script_places[i].nth;
	if (script_given)
		pr_info("script: %d of %d places were come by\n", n, script_nr_places);
}
