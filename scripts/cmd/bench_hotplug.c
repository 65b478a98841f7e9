// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many times a second of the host's a CPU goes and comes back: the stress
 * driver with nothing but that to do, in virtual time and in real time, and the
 * kernel's own torture_onoff beside it; see kunit/bench/.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd/bench.h"
#include "lib/ui.h"
#include "record/trial.h"
#include "report/report.h"
#include "run/accel.h"
#include "run/events_file.h"
#include "run/pool.h"
#include "run/qemu.h"

static unsigned int count_stress(const struct record *rec);
static unsigned int count_onoff(const struct record *rec);

/**
 * struct way - something that takes CPUs offline and online
 * @name: what it is called
 * @timing: TIMING= of its guests
 * @step: what they do
 * @full: there are as many of them at once as the host has CPUs, not one alone
 * @part: what divides CYCLES=: in real time a cycle takes so much longer that
 *	fewer have to do
 * @count: reads out of a record how often a CPU came back
 *
 * A guest in virtual time uses one CPU of the host, and one in real time as many
 * as there are. So it is the whole machine that is compared.
 */
static const struct way {
	const char *name;
	const char *timing;
	const char *step;
	bool full;
	unsigned int part;
	unsigned int (*count)(const struct record *rec);
} ways[] = {
	{ "stress", "virtual", "stress", false, 1, count_stress },
	{ "stress", "virtual", "stress", true, 1, count_stress },
	{ "stress", "real", "stress", false, 10, count_stress },
	{ "stress", "real", "stress", true, 10, count_stress },
	{ "torture_onoff", "real", "bench_onoff", false, 1, count_onoff },
};

/**
 * struct speed - one architecture in one way
 * @accel: "virtual", "kvm" or "tcg"
 * @guests: how many ran at once
 * @cycles: CPUs that came back online, in all of them
 * @seconds: of the host, from the first guest's boot to the last one's end
 */
struct speed {
	const char *accel;
	size_t guests;
	unsigned int cycles;
	double seconds;
};

static double rate(const struct speed *s)
{
	return s->seconds > 0 ? s->cycles / s->seconds : 0;
}

static unsigned int count_stress(const struct record *rec)
{
	return events_count(rec->dir, "online");
}

static unsigned int count_onoff(const struct record *rec)
{
	__auto_free char *text = record_console(rec);
	const char *at = strstr(text, "onoff: cycles=");
	unsigned int cycles;

	if (!at || sscanf(at, "onoff: cycles=%u", &cycles) != 1)
		die("%s does not say what torture_onoff did, though the guest passed", rec->dir);
	return cycles;
}

/* All guests of one way, at once; each has an order of its own. */
static int measure(const struct options *o, const struct image *image, const struct way *w,
		   struct speed *s)
{
	struct trial *t = calloc(s->guests, sizeof(*t));
	struct trial **all = calloc(s->guests, sizeof(*all));
	double boot = 0, wall = 0;
	int status = EXIT_PASS;

	if (!t || !all)
		die("out of memory");
	for (size_t i = 0; i < s->guests; i++) {
		all[i] = &t[i];
		t[i] = (struct trial){ .image = image, .req = image->kernel.req, .out = o->out };
		t[i].req.timing = w->timing;
		t[i].req.plan = w->step;
		t[i].req.seed += i;
		t[i].req.cycles = t[i].req.cycles / w->part ?: 1;
		t[i].accel = accel_choose(image, &t[i].req);
		trial_choose(&t[i].req, image);
	}
	s->accel = t[0].accel;
	ui_stage(image->kernel.arch->name, w->name);
	trials_run_all(all, s->guests, s->guests);
	for (size_t i = 0; i < s->guests; i++) {
		const struct record *rec = &t[i].record;
		int bad = verdict_exit_status(record_verdict(rec));

		status = bad > status ? bad : status;
		report_failure(rec, stdout);
		if (!bad)
			s->cycles += w->count(rec);
		boot = !i || t[i].guest.boot < boot ? t[i].guest.boot : boot;
		wall = t[i].guest.wall > wall ? t[i].guest.wall : wall;
		trial_free(&t[i]);
	}
	free(all);
	free(t);
	s->seconds = wall - boot;
	ui_done("%s, %u cycles", s->accel, s->cycles);
	return status;
}

static json_t *speed_json(const struct way *w, const struct speed *s)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:f, s:f}", "what", w->name, "accelerator",
			 s->accel, "guests", (int)s->guests, "cycles", s->cycles,
			 "seconds", s->seconds, "cycles_per_second", rate(s));
}

/* The best rate of a way by its name and timing, however many guests that takes */
static double best(const struct speed *s, const char *name, const char *timing)
{
	double most = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(ways[i].name, name) && !strcmp(ways[i].timing, timing) &&
		    rate(&s[i]) > most)
			most = rate(&s[i]);
	return most;
}

static void table(const struct arch *a, const struct speed *s)
{
	double ours = best(s, "stress", "virtual");

	printf("\n%s%-8s %-14s %-8s %6s %7s %8s %9s%s\n", ui_on(stdout, UI_BOLD), "arch", "",
	       "time", "guests", "cycles", "seconds", "cycles/s", ui_off(stdout));
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (s[i].guests)
			printf("%-8s %-14s %-8s %6zu %7u %8.2f %9.1f\n", a->name, ways[i].name,
			       s[i].accel, s[i].guests, s[i].cycles, s[i].seconds, rate(&s[i]));
	printf("%s%-8s virtual time has %.1f times the cycles a second of real time, %.0f times torture_onoff's%s\n",
	       ui_on(stdout, UI_BOLD), a->name, ours / best(s, "stress", "real"),
	       ours / best(s, "torture_onoff", "real"), ui_off(stdout));
}

/* All ways once; of each, @s keeps what was its best so far. */
static int one_round(const struct options *o, const struct image *image, struct speed *s)
{
	size_t most = pool_host.places();
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct speed new = { .guests = ways[i].full ? most : 1 };

		if (ways[i].full && most == 1)
			continue;
		status = measure(o, image, &ways[i], &new);
		if (status)
			return status;
		if (!new.cycles)
			die("no CPU came back while %s ran: CYCLES=%llu is too few", ways[i].name,
			    (unsigned long long)o->request.cycles);
		if (rate(&new) > rate(&s[i]))
			s[i] = new;
	}
	return EXIT_PASS;
}

static int bench_image(const struct options *o, const struct image *image, json_t *results)
{
	struct speed s[ARRAY_SIZE(ways)] = { 0 };
	json_t *list = json_array();

	for (uint64_t n = 0; n < o->count; n++) {
		int status = one_round(o, image, s);

		if (status)
			return status;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (s[i].guests)
			json_array_append_new(list, speed_json(&ways[i], &s[i]));
	table(image->kernel.arch, s);
	json_object_set_new(results, image->kernel.arch->name, list);
	return EXIT_PASS;
}

static void ask(struct request *r)
{
	/* None of the ways has more to do than the others. */
	r->kcmdline = fmt("%s %s", QEMU_FEWER_FILES, r->kcmdline);
}

/**
 * cmd_bench_hotplug - hotplug cycles per second, in virtual and in real time
 * @o: what the user asked for
 *
 * One way after the other, so that none disturbs another, N= times, of which the
 * best counts: what else the host does makes each slower now and then, and none
 * faster. Results also go to O=/bench-hotplug.json.
 *
 * Return: an exit status
 */
int cmd_bench_hotplug(const struct options *o)
{
	return bench_each(o, "bench-hotplug", ask, bench_image);
}
