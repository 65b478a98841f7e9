// SPDX-License-Identifier: GPL-2.0-only
/*
 * How little does it take to fail as RUN= did? See shrink.c for how that is found out;
 * here is what the user sees of it.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/picture.h"
#include "cmd/shrink.h"
#include "lib/ui.h"
#include "record/aim.h"

/* How a trial failed; dies if it did not, or another judge says so. */
static const char *failure_of(const struct record *rec)
{
	if (record_is_good(rec))
		die("%s: the run passes, there is nothing to make smaller", rec->dir);
	if (aim_is_calibration(rec))
		die("%s: each operation was tried alone there, which can't be made smaller; 'make explore' finds a run that can",
		    rec->dir);
	if (strcmp(record_text(rec, "respawn.judge"), judge_version()))
		die("%s was judged by another respawn; 'make replay' makes a record of this one's",
		    rec->dir);
	return record_text(rec, "signature");
}

/**
 * cmd_minimise - find the least that fails as RUN= did
 * @o: what the user asked for
 *
 * Return: EXIT_PASS if there is such a run, EXIT_BAD if not even RUN= fails again
 */
int cmd_minimise(const struct options *o)
{
	__auto_free char *words = NULL;
	const char *signature;
	struct record rec;
	struct image image;
	struct trial past;
	struct shrunk s;

	record_read(&rec, o->run);
	signature = failure_of(&rec);
	trial_again(&past, &rec, &image, o->out);
	ui_stage(past.req.arch->name, "minimise");
	if (!shrink_trial(&s, &past, rec.dir, signature, o->out, o->time ?: SHRINK_SECONDS)) {
		printf("%s does not fail again; 'make replay' says where it diverges\n", rec.dir);
		return EXIT_BAD;
	}
	ui_note("%-10s %zu of %zu: %s", "operations", s.operations, s.of, s.req.keep);
	ui_note("%-10s %s %s%s", "steering", s.req.strategy, s.req.steer, s.req.script);
	if (s.out_of_time)
		ui_note("%-10s there was no time to see if less will do: TIME= has more", "end");
	ui_done("%u runs", s.tries);
	picture_of(s.record, &image, s.req.smp);
	words = request_words(&s.req);
	printf("%s\n%s\nmake replay RUN=%s\n", signature, words, s.record);
	return EXIT_PASS;
}
