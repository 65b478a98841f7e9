// SPDX-License-Identifier: GPL-2.0-only
/*
 * One request with many seeds, each of which is another schedule.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/seeds.h"
#include "lib/ui.h"
#include "run/smpboot.h"

static bool seed_from(const char *text, uint64_t *seed, const char **end)
{
	char *after;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*seed = strtoull(text, &after, 10);
	*end = after;
	return !errno && *seed < INT64_MAX;
}

/**
 * seeds_range - read a range of seeds
 * @text: "from..to", or one seed
 * @first: gets the first one
 * @last: gets the last one
 *
 * Dies if it is none.
 */
void seeds_range(const char *text, uint64_t *first, uint64_t *last)
{
	const char *end = text;
	bool good = seed_from(text, first, &end);

	*last = *first;
	if (good && !strncmp(end, "..", 2))
		good = seed_from(end + 2, last, &end);
	if (!good || *end || *last < *first)
		die("SEEDS=%s: a range like 1..500 or a number is wanted", text);
}

static size_t modes(const struct seeds *s)
{
	const struct smpboot *m = NULL;
	size_t n = 0;

	while ((m = smpboot_next(m, &s->req)))
		n++;
	return n;
}

/**
 * seeds_with_walk - STEER= with another walk
 * @steer: its parameters
 * @walk: seed of the walk; 0 for the one that the run's seed makes
 *
 * Return: the parameters, to be freed
 */
char *seeds_with_walk(const char *steer, uint64_t walk)
{
	__auto_strv struct strv words = { 0 }, others = { 0 };

	strv_split(&words, steer, ",");
	for (size_t i = 0; i < words.n; i++)
		if (strncmp(words.v[i], "walk=", strlen("walk=")))
			strv_add(&others, "%s", words.v[i]);
	if (walk)
		strv_add(&others, "walk=%llu", (unsigned long long)walk);
	return strv_join(&others, ",");
}

/**
 * seeds_has_walks - is there more than one walk through a run?
 * @r: the request
 *
 * Return: false where nothing is drawn
 */
bool seeds_has_walks(const struct request *r)
{
	return strcmp(r->strategy, "none") && strcmp(r->strategy, "script");
}

/**
 * seeds_walk - the walk that STEER= asks for
 * @steer: its parameters
 *
 * Return: its seed; 0 for the one that the run's seed makes
 */
uint64_t seeds_walk(const char *steer)
{
	__auto_strv struct strv words = { 0 };
	uint64_t walk = 0;

	strv_split(&words, steer, ",");
	for (size_t i = 0; i < words.n; i++)
		if (!strncmp(words.v[i], "walk=", strlen("walk=")))
			walk = strtoull(words.v[i] + strlen("walk="), NULL, 10);
	return walk;
}

/* Seeds take turns with what smpboot does, unless the user chose that. */
static struct trial trial_of_run(const struct seeds *s, const struct lead *run)
{
	uint64_t seed = run->seed;
	const struct smpboot *mode = smpboot_next(NULL, &s->req);
	size_t n = seed % modes(s);
	struct trial t = {
		.image = s->image, .req = s->req, .accel = s->accel, .out = s->out,
		.keep = s->forget ? KEEP_NOT : s->keep_all ? KEEP_ALWAYS : KEEP_FAILED,
	};

	while (n--)
		mode = smpboot_next(mode, &s->req);
	if (s->walks)
		t.req.steer = seeds_with_walk(s->req.steer, seed);
	else
		t.req.seed = seed;
	if (run->walk)
		t.req.steer = seeds_with_walk(s->req.steer, run->walk);
	t.req.smpboot = mode->name;
	trial_choose(&t.req, s->image);
	if (s->like)
		t.from = s->like[seed % modes(s)].from;
	return t;
}

static bool out_of_time(const struct seeds *s)
{
	return s->seconds > 0 && now() - s->begun > s->seconds;
}

static struct trial *next_trial(void *arg)
{
	struct seeds *s = arg;
	struct trial *t = calloc(1, sizeof(*t));

	if (!t)
		die("out of memory");
	for (; !s->over && s->next <= s->last && !out_of_time(s); s->next++) {
		struct lead run = { .seed = s->list ? s->list[s->next] : s->next };
		struct pairs pairs;

		if (s->feedback && !leads_next(&s->leads, &run))
			break;
		*t = trial_of_run(s, &run);
		if (!s->known || !s->known(s->arg, t, &pairs)) {
			s->next++;
			return t;
		}
		if (s->feedback)
			leads_over(&s->leads, &run, &pairs);
	}
	free(t);
	return NULL;
}

static struct lead run_of(const struct trial *t)
{
	return (struct lead){ .seed = t->req.seed, .walk = seeds_walk(t->req.steer) };
}

/*
 * The console is read while it is there. A host at fault says nothing of the seed. How far
 * a run gets that went wrong is up to the host, too: it shows nothing of the focus.
 */
static void trial_seen(void *arg, struct trial *t)
{
	struct lead run = run_of(t);
	struct seeds *s = arg;

	if (record_verdict(&t->record) == VERDICT_ERROR) {
		t->keep = KEEP_NOT;
	} else if (s->feedback) {
		__auto_free char *console = record_console(&t->record);
		struct pairs pairs = { 0 };

		if (record_is_good(&t->record))
			pairs_of_console(console, &pairs);
		leads_over(&s->leads, &run, &pairs);
	}
}

/**
 * seeds_finding - what a run showed
 * @rec: its record, which has to live as long as the finding
 *
 * Return: the finding, but for seed, walk and what it showed of the focus
 */
struct finding seeds_finding(const struct record *rec)
{
	return (struct finding){
		.verdict = record_verdict(rec), .record = rec->dir,
		.signature = json_string_value(record_member(rec, "signature")),
		.guest = record_real(rec, "times.guest"), .wall = record_real(rec, "times.wall"),
		.events = json_integer_value(record_member(rec, "events")),
	};
}

static void trial_over(void *arg, struct trial *t)
{
	struct seeds *s = arg;
	const struct record *rec = &t->record;
	struct lead run = run_of(t);
	struct finding f = seeds_finding(rec);

	f.seed = run.seed;
	f.walk = run.walk;
	f.pairs = leads_pairs(&s->leads, &run);
	if (f.verdict == VERDICT_ERROR) {
		s->error = copy(record_text(rec, "first_failure.what"));
		s->over = true;
	} else {
		bool failed = !record_is_good(rec);

		s->tried++;
		s->failed += failed;
		s->over |= failed && !s->keep_going;
		if (s->found)
			s->found(s->arg, t, &f);
	}
	trial_free(t);
	free(t);
}

static void show(void *arg)
{
	const struct seeds *s = arg;
	double t = now() - s->begun;
	char text[96];

	snprintf(text, sizeof(text), "seed %llu, %.1f seeds/s, %zu failed",
		 (unsigned long long)s->next - 1, t > 0 ? s->tried / t : 0, s->failed);
	ui_progress(s->seconds > 0 ? t : (double)(s->next - s->first),
		    s->seconds > 0 ? s->seconds : (double)(s->last - s->first + 1), text);
}

/* What there is to show is the focus; and who says how CPUs are to give way has that. */
static bool takes_leads(const struct seeds *s)
{
	return s->image->focus.of.n && seeds_has_walks(&s->req) && !s->list &&
	       !s->walks && !seeds_walk(s->req.steer) && !strcmp(s->accel, "virtual");
}

/* One snapshot of each mode, for all of its seeds to go on from */
static void take_snapshots(struct seeds *s)
{
	size_t n = modes(s);
	struct trial *like = calloc(n, sizeof(*like));

	if (!like)
		die("out of memory");
	for (size_t i = 0; i < n; i++)
		like[i] = trial_of_run(s, &(struct lead){ .seed = i });
	trials_snapshot(like, n);
	s->like = like;
}

/**
 * seeds_run - try one seed after the other
 * @s: with everything set that is not its result
 *
 * Does not return from Ctrl-C: seeds that are over have been told of by then.
 */
void seeds_run(struct seeds *s)
{
	take_snapshots(s);
	s->feedback &= takes_leads(s);
	s->leads = (struct leads){ .first = s->first };
	s->next = s->first;
	s->begun = now();
	trials_run(&(struct trial_source){
		.next = next_trial, .seen = trial_seen, .over = trial_over, .show = show,
		.most = s->guests, .arg = s,
	});
	s->wall = now() - s->begun;
	leads_free(&s->leads);
	free(s->like);
	s->like = NULL;
}

/**
 * seeds_stop - begin no further seed
 * @s: a search, told by one that it was told of
 */
void seeds_stop(struct seeds *s)
{
	s->over = true;
}
