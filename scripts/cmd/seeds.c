// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many runs of one kernel, each under another schedule.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/events.h"
#include "cmd/seeds.h"
#include "options.h"
#include "record/record.h"
#include "lib/ui.h"

/* Frames of a stack that a signature has */
#define FRAMES	3

/**
 * hunt_seeds - read a range of seeds
 * @text: "from..to", or one seed
 * @first: gets the first one
 * @last: gets the last one
 *
 * Dies if it is none.
 */
void hunt_seeds(const char *text, uint64_t *first, uint64_t *last)
{
	char *end;

	errno = 0;
	*first = strtoull(text, &end, 0);
	*last = *first;
	if (isdigit((unsigned char)*text) && !strncmp(end, "..", 2) &&
	    isdigit((unsigned char)end[2]))
		*last = strtoull(end + 2, &end, 0);
	if (!isdigit((unsigned char)*text) || *end || errno || *last < *first ||
	    *last == UINT64_MAX)
		die("SEEDS=%s: a range like 1..500 or a number is wanted", text);
}

/* Numbers are of a run, words are of a bug. */
static void without_numbers(char *s)
{
	char *to = s;

	while (*s) {
		if (!isdigit((unsigned char)*s)) {
			*to++ = *s++;
			continue;
		}
		s += strspn(s, "0123456789abcdefABCDEFx");
		*to++ = '#';
	}
	*to = '\0';
}

/**
 * hunt_signature - what failures of one bug have in common
 * @j: the judge of a run that failed
 *
 * Return: a line without what is of that run alone, to be freed
 */
char *hunt_signature(const struct judge *j)
{
	__auto_free char *what = copy(judge_failure(j)), *frames = judge_frames(j, FRAMES);

	without_numbers(what);
	return fmt("%s: %.120s%s%s", verdict_name(judge_verdict(j)), what,
		   *frames ? " at " : "", frames);
}

static uint64_t count_events(const struct guest *g)
{
	__auto_free char *path = fmt("%s/events.bin", g->dir);
	struct events e;
	uint64_t n;

	if (!events_read(&e, path))
		return 0;
	n = e.count;
	events_free(&e);
	return n;
}

static bool out_of_time(const struct hunt *h)
{
	return h->seconds > 0 && now() - h->begun > h->seconds;
}

static size_t modes(void)
{
	const struct smpboot *s = NULL;
	size_t n = 0;

	while ((s = smpboot_next(s)))
		n++;
	return n;
}

/* Seeds also take turns with what smpboot does, unless the user chose that. */
static void set_mode(struct guest *g, uint64_t seed)
{
	size_t n = seed % modes();

	for (g->smpboot = smpboot_next(NULL); n--; g->smpboot = smpboot_next(g->smpboot))
		;
}

static struct guest *next_guest(void *arg)
{
	struct hunt *h = arg;
	struct guest *g;

	while (h->next <= h->last && h->known && h->known(h->arg, h->next))
		h->next++;
	if (h->over || h->next > h->last || out_of_time(h))
		return NULL;
	g = calloc(1, sizeof(*g));
	if (!g)
		die("out of memory");
	*g = (struct guest){
		.kernel = h->kernel, .initramfs = h->initramfs, .steps = h->steps,
		.accel = h->accel,
	};
	set_mode(g, h->next);
	if (h->snapshots)
		g->from = &h->snapshots[h->next % modes()];
	workload_from_options(&g->work, h->next++);
	guest_prepare(g, h->plan);
	g->dir = record_begin(g);
	return g;
}

static void take_guest(void *arg, struct guest *g)
{
	struct hunt *h = arg;
	struct finding f = {
		.seed = g->work.seed, .verdict = judge_verdict(g->judge), .wall = g->wall,
		.guest = judge_guest_time(g->judge), .events = count_events(g),
	};

	if (f.verdict == VERDICT_ERROR) {
		h->error = copy(judge_failure(g->judge));
		h->over = true;
	} else if (f.verdict > VERDICT_SKIP) {
		f.signature = hunt_signature(g->judge);
		f.record = record_finish(g, h->tree);
		h->failed++;
		h->over |= !h->keep_going;
	}
	if (f.verdict != VERDICT_ERROR) {
		h->tried++;
		if (h->found)
			h->found(h->arg, &f);
	}
	if (!f.record)
		record_discard(g);
	free(f.signature);
	free(f.record);
	guest_free(g);
	free(g);
}

static void show(void *arg)
{
	const struct hunt *h = arg;
	double t = now() - h->begun;
	char text[96];

	snprintf(text, sizeof(text), "seed %llu, %.1f seeds/s, %zu failed",
		 (unsigned long long)h->next - 1, t > 0 ? h->tried / t : 0, h->failed);
	ui_progress(h->seconds > 0 ? t : (double)(h->next - h->first),
		    h->seconds > 0 ? h->seconds : (double)(h->last - h->first + 1), text);
}

static void forget_snapshots(struct hunt *h)
{
	for (size_t i = 0; h->snapshots && i < modes(); i++)
		free(h->snapshots[i].path);
	free(h->snapshots);
	h->snapshots = NULL;
}

/* One of each mode, for all of its seeds to go on from */
static void take_snapshots(struct hunt *h)
{
	size_t n = modes();
	struct guest *like;

	if (!opt.snapshot || strcmp(h->accel, "virtual"))
		return;
	like = calloc(n, sizeof(*like));
	h->snapshots = calloc(n, sizeof(*h->snapshots));
	if (!like || !h->snapshots)
		die("out of memory");
	for (size_t i = 0; i < n; i++) {
		like[i] = (struct guest){
			.kernel = h->kernel, .initramfs = h->initramfs, .steps = h->steps,
			.accel = h->accel,
		};
		set_mode(&like[i], i);
		workload_from_options(&like[i].work, 0);
	}
	if (!snapshots_take(h->snapshots, like, n, h->plan))
		forget_snapshots(h);
	free(like);
}

/**
 * hunt_run - try one seed after the other
 * @h: the hunt, with everything set that is not its result
 *
 * Does not return from Ctrl-C: runs that are over have been told of by then.
 */
void hunt_run(struct hunt *h)
{
	take_snapshots(h);
	h->next = h->first;
	h->begun = now();
	guests_run_from(&(struct guest_source){
		.next = next_guest, .over = take_guest, .show = show,
		.most = h->jobs, .arg = h,
	});
	h->wall = now() - h->begun;
	forget_snapshots(h);
}
