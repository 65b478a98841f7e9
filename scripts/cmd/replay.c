// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run again, as its record tells it: the same kernel, initramfs and arguments.
 * It is reproduced if it says the same to the last digit, and not otherwise.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cmd/bundle.h"
#include "cmd/cmd.h"
#include "cmd/debug.h"
#include "lib/ui.h"
#include "record/compare.h"
#include "record/trial.h"
#include "report/report.h"

/* What came of it, and the exit status that says so */
static int show(const struct record *rec, const struct record *now, const char *what)
{
	__auto_free char *others = what ? record_other_tools(rec, now) : NULL;

	report_failure(now, stdout);
	if (!what)
		printf("reproduced: %s, seed %llu, to the last digit of %.6f s\n",
		       record_text(now, "verdict"),
		       (unsigned long long)json_integer_value(record_member(now, "request.seed")),
		       record_real(now, "times.guest"));
	else
		printf("diverged at %s\n  record of this run: %s\n", what, now->dir);
	if (others)
		printf("%s: that may be why, so this says nothing of the kernel; a replay takes the same ones\n",
		       others);
	return others ? EXIT_ERROR : what ? EXIT_BAD : EXIT_PASS;
}

/**
 * cmd_replay - run RUN= or BUNDLE= again
 * @o: what the user asked for
 *
 * Return: EXIT_PASS if it was reproduced, EXIT_BAD if it was not, EXIT_ERROR if it was not and
 * QEMU or the judge is another one
 */
int cmd_replay(const struct options *o)
{
	__auto_free char *what = NULL;
	struct record rec;
	struct image image;
	struct trial t;

	record_read(&rec, *o->bundle ? bundle_open(o->bundle, o->out) : o->run);
	trial_again(&t, &rec, &image, o->out);
	if (o->gdb)
		return debug_trial(&t, &rec, o->request.stall);
	ui_stage(t.req.arch->name, "replay");
	trial_run(&t);
	ui_done("%s", record_text(&t.record, "verdict"));
	trial_must_say(&t);
	what = record_difference(&rec, &t.record);
	return show(&rec, &t.record, what);
}
