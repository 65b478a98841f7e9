// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stress run as a picture: time downwards, a column for each CPU, and in it the
 * operations and the places where it had the others go first. What is known of these is
 * below.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "report/picture.h"

/* What fits into a terminal beside the times, for all CPUs */
#define WIDTH		112

/* Of a long run, so many rows before its end are shown. */
#define ROWS_MAX	200

/* Of so many switches at most, the lines of the source are said. */
#define SWITCHES_MAX	40

/**
 * struct row - something that a CPU did
 * @time: when, in ns of the guest's clock
 * @number: of the event, to tell apart what is at one time
 * @cpu: the CPU
 * @text: what
 */
struct row {
	uint64_t time;
	uint64_t number;
	unsigned int cpu;
	char *text;
};

static int by_time(const void *a, const void *b)
{
	const struct row *one = a, *two = b;

	if (one->time != two->time)
		return one->time < two->time ? -1 : 1;
	return one->number < two->number ? -1 : one->number > two->number;
}

static void add(struct row **rows, size_t *n, struct row row)
{
	*rows = reallocarray(*rows, *n + 1, sizeof(**rows));
	if (!*rows)
		die("out of memory");
	(*rows)[(*n)++] = row;
}

/* An operation has a row where it begins, and one where it is over. */
static size_t read_rows(const struct events *e, const struct debuginfo *d, struct row **rows)
{
	size_t n = 0, switches = 0;

	*rows = NULL;
	for (uint64_t i = e->first; i < e->count; i++) {
		struct row row = { .number = 2 * i + 1 };
		struct moment m;

		events_moment(e, i, &m);
		row.time = m.time;
		row.cpu = m.cpu;
		if (m.is_switch) {
			__auto_free char *where = debuginfo_function(d, m.arg);

			row.text = fmt("~%zu %s", ++switches, where);
		} else if (m.is_failure) {
			row.text = fmt("! %s", e->failure);
		} else {
			struct row begin = row;

			begin.time -= m.latency;
			begin.number--;
			begin.text = fmt("%u: %s %u", m.actor, m.what, m.slot);
			add(rows, &n, begin);
			row.text = m.result ? fmt("%u: = %d", m.actor, m.result) :
					      fmt("%u: done", m.actor);
		}
		add(rows, &n, row);
	}
	qsort(*rows, n, sizeof(**rows), by_time);
	return n;
}

static void print_row(const struct row *r, unsigned int cpus, FILE *f)
{
	int width = WIDTH / cpus;

	fprintf(f, "%12.6f ", r->time / 1e9);
	for (unsigned int cpu = 0; cpu < r->cpu && cpu < cpus; cpu++)
		fprintf(f, " %-*s", width - 1, ".");
	/* What went wrong is said to its end. */
	if (*r->text == '!')
		fprintf(f, " %s\n", r->text);
	else
		fprintf(f, " %.*s\n", width - 1, r->text);
}

/*
 * The line of the source of each switch, if there are not many. Of those that somebody
 * counted it is known who was there, and how it was. The yield point is a call; its
 * address is where that returns to.
 */
static void print_switches(const struct events *e, const struct debuginfo *d, FILE *f)
{
	struct gave_way *all;
	size_t n = events_switches(e, &all);

	for (size_t i = 0; i < n; i++) {
		const struct gave_way *w = &all[i];
		__auto_free char *line = n <= SWITCHES_MAX ? debuginfo_line(d, w->ip - 1) : NULL;

		if (line)
			fprintf(f, "~%zu: at %s%s", i + 1, line, w->nth ? ", " : "\n");
		else if (w->nth)
			fprintf(f, "~%zu: ", i + 1);
		if (!w->nth)
			continue;
		fprintf(f, "in draw %u of actor %u, the %s%s comes by for time %u, gives way %u times%s\n",
			w->draw, w->actor, strcmp(w->task, "actor") ? "task " : "", w->task,
			w->nth, w->times, w->resched ? ", and asks for another task" : "");
	}
	free(all);
}

/**
 * report_picture - draw a run
 * @e: its events
 * @d: what its kernel says of addresses
 * @cpus: how many CPUs the guest had
 * @f: where to
 */
void report_picture(const struct events *e, const struct debuginfo *d, unsigned int cpus,
		    FILE *f)
{
	struct row *rows;
	size_t n = read_rows(e, d, &rows), from = n > ROWS_MAX ? n - ROWS_MAX : 0;

	fprintf(f, "%12s ", "seconds");
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		fprintf(f, " CPU %-*u", (int)(WIDTH / cpus) - 5, cpu);
	fprintf(f, "\n");
	if (from)
		fprintf(f, "%12s  %zu rows before\n", "...", from);
	for (size_t i = 0; i < n; i++) {
		if (i >= from)
			print_row(&rows[i], cpus, f);
		free(rows[i].text);
	}
	free(rows);
	print_switches(e, d, f);
}
