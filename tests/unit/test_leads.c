// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of leads_next() and of what runs show: the same runs in the same order, however
 * many run at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/leads.h"
#include "lib/util.h"

#define RUNS	200

/* What a run shows, made up: a few pairs, some of which many others show */
static struct pairs shown_by(const struct lead *run)
{
	struct pairs p = { 0 };
	uint64_t x = run->seed * 0x9e3779b97f4a7c15ULL + run->walk;

	for (int i = 0; run->seed % 3 && i < 4; i++) {
		x ^= x >> 29;
		x *= 0xbf58476d1ce4e5b9ULL;
		p.words[x >> 40 & 7] |= 1ULL << (x >> 32 & 63);
	}
	return p;
}

static bool same(const struct lead *a, const struct lead *b)
{
	return a->seed == b->seed && a->walk == b->walk;
}

/* Choose RUNS of them, with up to @most under way, that end in an odd order. */
static void search(struct lead runs[RUNS], size_t most)
{
	struct leads l = { .first = 7 };
	struct lead under_way[64];
	size_t n = 0, busy = 0;

	while (n < RUNS || busy) {
		while (n < RUNS && busy < most && leads_next(&l, &runs[n]))
			under_way[busy++] = runs[n++];
		assert_int_not_equal(busy, 0);
		size_t i = (n * 5 + busy) % busy;
		struct pairs p = shown_by(&under_way[i]);

		assert_null(leads_pairs(&l, &under_way[i]));
		leads_over(&l, &under_way[i], &p);
		assert_non_null(leads_pairs(&l, &under_way[i]));
		under_way[i] = under_way[--busy];
	}
	leads_free(&l);
}

static void order_does_not_depend_on_how_many_run(void **state)
{
	static const size_t mosts[] = { 2, 3, 8, LEADS_LAG };
	struct lead one[RUNS], more[RUNS];
	size_t led = 0;

	(void)state;
	search(one, 1);
	for (size_t k = 0; k < ARRAY_SIZE(mosts); k++) {
		search(more, mosts[k]);
		for (size_t i = 0; i < RUNS; i++)
			assert_true(same(&one[i], &more[i]));
	}
	/* No run is there twice, and seeds of their own are taken one after the other. */
	for (size_t i = 0, fresh = 7; i < RUNS; i++) {
		for (size_t k = 0; k < i; k++)
			assert_false(same(&one[i], &one[k]));
		/* That would be the schedule of the seed alone. */
		assert_int_not_equal(one[i].walk, one[i].seed);
		if (one[i].walk)
			led++;
		else
			assert_int_equal(one[i].seed, fresh++);
	}
	assert_in_range(led, RUNS / 8, RUNS / 2);
}

static void what_is_new_leads_to_more(void **state)
{
	struct pairs some = { .words = { [3] = 5 } }, none = { 0 };
	struct leads l = { .first = 1 };
	struct lead run;

	(void)state;
	for (size_t i = 1; i <= LEADS_LAG; i++) {
		assert_true(leads_next(&l, &run));
		assert_int_equal(run.seed, i);
		assert_int_equal(run.walk, 0);
	}
	/* It depends on the first one, which is not over. */
	assert_false(leads_next(&l, &run));
	for (uint64_t seed = 2; seed <= LEADS_LAG; seed++)
		leads_over(&l, &(struct lead){ .seed = seed }, seed == 2 ? &some : &none);
	assert_false(leads_next(&l, &run));
	leads_over(&l, &(struct lead){ .seed = 1 }, &some);
	/* Seed 2 showed nothing that seed 1 had not. */
	for (size_t i = LEADS_LAG; i < LEADS_LAG + 8; i++) {
		assert_true(leads_next(&l, &run));
		if (i == LEADS_LAG + 1 || i == LEADS_LAG + 3) {
			assert_int_equal(run.seed, 1);
			assert_int_equal(run.walk, i + 1);
		} else {
			assert_int_equal(run.walk, 0);
		}
		leads_over(&l, &run, &none);
	}
	leads_free(&l);
}

static void pairs_are_read(void **state)
{
	static const char line[] = "<6>[    1.953484] steer: pairs from %u:";
	__auto_free char *text = NULL, *again = NULL;
	struct pairs p, q, all = { 0 };
	char console[4096];
	size_t used = 0;

	(void)state;
	for (unsigned int i = 0; i < PAIRS_WORDS; i++) {
		if (i % 16 == 0)
			used += sprintf(console + used, line, i);
		used += sprintf(console + used, " %x%s", i * 3, i % 16 == 15 ? "\n" : "");
	}
	assert_true(pairs_of_console(console, &p));
	for (size_t i = 0; i < PAIRS_WORDS; i++)
		assert_int_equal(p.words[i], i * 3);
	text = pairs_text(&p);
	assert_true(pairs_of_text(text, &q));
	assert_memory_equal(&p, &q, sizeof(p));
	assert_int_not_equal(pairs_add(&all, &p), 0);
	assert_int_equal(pairs_add(&all, &q), 0);

	/* A console that was cut, and what is no text of pairs */
	strstr(console, "from 32")[0] = '\0';
	assert_false(pairs_of_console(console, &p));
	assert_false(pairs_of_console("", &p));
	assert_false(pairs_of_text(NULL, &p));
	assert_false(pairs_of_text("1 2 3", &p));
	text[0] = 'x';
	assert_false(pairs_of_text(text, &p));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_does_not_depend_on_how_many_run),
		cmocka_unit_test(what_is_new_leads_to_more),
		cmocka_unit_test(pairs_are_read),
	};

	return cmocka_run_group_tests_name("leads", tests, NULL, NULL);
}
