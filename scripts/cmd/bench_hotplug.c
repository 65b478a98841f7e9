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

#include "run/accel.h"
#include "cmd/bench.h"
#include "judge/events.h"
#include "run/guest.h"
#include "build/initramfs.h"
#include "options.h"
#include "record/record.h"
#include "report/report.h"
#include "lib/ui.h"

static unsigned int count_stress(const char *record);
static unsigned int count_onoff(const char *record);

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
	unsigned int (*count)(const char *record);
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

static unsigned int count_stress(const char *record)
{
	return events_count(record, "online");
}

static unsigned int count_onoff(const char *record)
{
	__auto_free char *path = fmt("%s/console.log", record), *text = read_file(path, NULL);
	const char *at = text ? strstr(text, "onoff: cycles=") : NULL;
	unsigned int cycles;

	if (!at || sscanf(at, "onoff: cycles=%u", &cycles) != 1)
		die("%s does not say what torture_onoff did, though the guest passed", path);
	return cycles;
}

/* All guests of one way, at once; each has an order of its own. */
static int measure(const struct kernel *k, const char *initramfs, struct tree *t,
		   const struct plan *plan, const struct way *w, struct speed *s)
{
	struct guest *g = calloc(s->guests, sizeof(*g));
	double boot = 0, wall = 0;
	__auto_strv struct strv steps = { 0 };
	int status = EXIT_PASS;

	if (!g)
		die("out of memory");
	strv_add(&steps, "%s", w->step);
	for (size_t i = 0; i < s->guests; i++) {
		g[i] = (struct guest){
			.kernel = k, .initramfs = initramfs, .steps = &steps,
			.smpboot = smpboot_next(NULL), .accel = s->accel,
		};
		workload_from_options(&g[i].work, opt.seed + i);
		g[i].work.cycles = opt.cycles / w->part ?: 1;
		guest_prepare(&g[i], plan);
		g[i].dir = record_begin(&g[i]);
	}
	ui_stage(k->arch->name, w->name);
	guests_run(g, s->guests);
	for (size_t i = 0; i < s->guests; i++) {
		__auto_free char *record = record_finish(&g[i], t);
		int bad = verdict_exit_status(judge_verdict(g[i].judge));

		status = bad > status ? bad : status;
		report_failure(&g[i], record);
		if (!bad)
			s->cycles += w->count(record);
		boot = !i || g[i].boot < boot ? g[i].boot : boot;
		wall = g[i].wall > wall ? g[i].wall : wall;
		guest_free(&g[i]);
	}
	free(g);
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
static int one_round(const struct kernel *k, const char *initramfs, struct tree *t,
		     const struct plan *plan, struct speed *s)
{
	size_t most = guests_places();
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct speed new = { .guests = ways[i].full ? most : 1 };

		if (ways[i].full && most == 1)
			continue;
		opt.timing = ways[i].timing;
		new.accel = accel_choose(k, initramfs, plan);
		status = measure(k, initramfs, t, plan, &ways[i], &new);
		if (status)
			return status;
		if (!new.cycles)
			die("no CPU came back while %s ran: CYCLES=%u is too few",
			    ways[i].name, opt.cycles);
		if (rate(&new) > rate(&s[i]))
			s[i] = new;
	}
	return EXIT_PASS;
}

static int bench_arch(const struct arch *a, struct tree *t, const struct plan *plan,
		      json_t *results)
{
	struct speed s[ARRAY_SIZE(ways)] = { 0 };
	json_t *list = json_array();
	struct kernel k = { 0 };
	char *initramfs;

	kernel_build(&k, a, t);
	initramfs = initramfs_build(&k, t, plan);
	for (unsigned int n = 0; n < opt.count; n++) {
		int status = one_round(&k, initramfs, t, plan, s);

		if (status)
			return status;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (s[i].guests)
			json_array_append_new(list, speed_json(&ways[i], &s[i]));
	table(a, s);
	json_object_set_new(results, a->name, list);
	return EXIT_PASS;
}

/**
 * bench_hotplug - hotplug cycles per second, in virtual and in real time
 *
 * One way after the other, so that none disturbs another, N= times, of which the
 * best counts: what else the host does makes each slower now and then, and none
 * faster. Results also go to O=/bench-hotplug.json.
 *
 * Return: an exit status
 */
int bench_hotplug(void)
{
	__auto_free char *path = fmt("%s/bench-hotplug.json", opt.out), *text = NULL;
	json_t *results = json_object();
	int status = EXIT_PASS;
	struct plan plan;
	struct tree t;

	opt.suites = fmt("%s/kunit/bench", source_dir());
	/* None of them has more to do than the others. */
	opt.kcmdline = fmt("%s %s", GUEST_FEWER_FILES, opt.kcmdline);
	plan_read(&plan);
	tree_open(&t);
	for (size_t i = 0; opt.arch[i]; i++) {
		int s = bench_arch(opt.arch[i], &t, &plan, results);

		status = s > status ? s : status;
	}
	if (!status) {
		text = json_dumps(results, JSON_INDENT(2));
		write_file(path, text, strlen(text));
		ui_note("\nwritten to %s", path);
	}
	json_decref(results);
	return status;
}
