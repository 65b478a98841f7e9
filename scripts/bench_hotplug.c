// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many times a second of the host's a CPU goes and comes back: the stress
 * driver with nothing but that to do, in virtual time and in real time.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "accel.h"
#include "bench.h"
#include "events.h"
#include "guest.h"
#include "initramfs.h"
#include "options.h"
#include "record.h"
#include "report.h"
#include "ui.h"

/* In real time a cycle takes so much longer that fewer have to do. */
static const struct way {
	const char *name;
	const char *timing;
	unsigned int part;
} ways[] = {
	{ "virtual", "virtual", 1 },
	{ "real", "real", 10 },
};

/**
 * struct speed - one architecture in one way
 * @accel: "virtual", "kvm" or "tcg"
 * @cycles: CPUs that came back online
 * @wall: host seconds, without the boot
 * @boot: host seconds of the boot
 */
struct speed {
	const char *accel;
	unsigned int cycles;
	double wall;
	double boot;
};

static double rate(const struct speed *s)
{
	return s->wall > 0 ? s->cycles / s->wall : 0;
}

static int measure(const struct kernel *k, const char *initramfs, struct tree *t,
		   const struct plan *plan, const struct strv *steps, const struct way *w,
		   struct speed *s)
{
	struct guest g = {
		.kernel = k, .initramfs = initramfs, .steps = steps,
		.smpboot = smpboot_next(NULL),
	};
	__auto_free char *record = NULL;
	int status;

	opt.timing = w->timing;
	g.accel = accel_choose(k, initramfs, plan);
	workload_from_options(&g.work, opt.seed);
	g.work.cycles = opt.cycles / w->part ?: 1;
	guest_prepare(&g, plan);
	g.dir = record_begin(&g);
	ui_stage(k->arch->name, w->name);
	guests_run(&g, 1);
	record = record_finish(&g, t);
	status = verdict_exit_status(judge_verdict(g.judge));
	report_failure(&g, record);
	*s = (struct speed){
		.accel = g.accel, .cycles = events_count(record, "online"),
		.wall = g.wall - g.boot, .boot = g.boot,
	};
	ui_done("%u cycles", s->cycles);
	guest_free(&g);
	return status;
}

static json_t *speed_json(const struct speed *s)
{
	return json_pack("{s:s, s:i, s:f, s:f, s:f}", "accelerator", s->accel,
			 "cycles", s->cycles, "seconds", s->wall, "boot_seconds", s->boot,
			 "cycles_per_second", rate(s));
}

static int bench_arch(const struct arch *a, struct tree *t, const struct plan *plan,
		      const struct strv *steps, json_t *results)
{
	struct speed s[ARRAY_SIZE(ways)];
	struct kernel k = { 0 };
	json_t *o = json_object();
	char *initramfs;
	int status;

	kernel_build(&k, a, t);
	initramfs = initramfs_build(&k, t, plan);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		status = measure(&k, initramfs, t, plan, steps, &ways[i], &s[i]);
		if (status)
			return status;
		json_object_set_new(o, ways[i].name, speed_json(&s[i]));
		printf("%-8s %-8s %5u cycles in %7.2f s: %8.2f a second; boot %.2f s\n", a->name,
		       s[i].accel, s[i].cycles, s[i].wall, rate(&s[i]), s[i].boot);
	}
	printf("%s%-8s virtual time has %.1f times the cycles a second of real time%s\n",
	       ui_on(stdout, UI_BOLD), a->name, rate(&s[0]) / rate(&s[1]), ui_off(stdout));
	json_object_set_new(results, a->name, o);
	return EXIT_PASS;
}

/**
 * bench_hotplug - hotplug cycles per second, in virtual and in real time
 *
 * One guest after the other, so that none disturbs another. Results also go to
 * O=/bench-hotplug.json.
 *
 * Return: an exit status
 */
int bench_hotplug(void)
{
	__auto_free char *path = fmt("%s/bench-hotplug.json", opt.out), *text = NULL;
	__auto_strv struct strv steps = { 0 };
	json_t *results = json_object();
	int status = EXIT_PASS;
	struct plan plan;
	struct tree t;

	plan_read(&plan);
	plan_chosen(&plan, &steps);
	tree_open(&t);
	for (size_t i = 0; opt.arch[i]; i++) {
		int s = bench_arch(opt.arch[i], &t, &plan, &steps, results);

		status = s > status ? s : status;
	}
	text = json_dumps(results, JSON_INDENT(2));
	write_file(path, text, strlen(text));
	json_decref(results);
	return status;
}
