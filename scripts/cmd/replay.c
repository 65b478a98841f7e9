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

/**
 * cmd_replay - run RUN= or BUNDLE= again
 * @o: what the user asked for
 *
 * Return: EXIT_PASS if it was reproduced, EXIT_BAD if it was not
 */
int cmd_replay(const struct options *o)
{
	__auto_free char *what = NULL;
	struct record rec;
	struct image image;
	struct trial t;

	record_read(&rec, *o->bundle ? bundle_open(o->bundle, o->out) : o->run);
	trial_again(&t, &rec, &image, o->request.suites, o->out);
	if (o->gdb)
		return debug_trial(&t, &rec, o->request.stall);
	ui_stage(t.req.arch->name, "replay");
	trial_run(&t);
	ui_done("%s", record_text(&t.record, "verdict"));
	trial_must_say(&t);
	what = record_difference(&rec, &t.record);
	report_failure(&t.record, stdout);
	if (what)
		printf("diverged at %s\n  record of this run: %s\n", what, t.record.dir);
	else
		printf("reproduced: %s, seed %llu, to the last digit of %.6f s\n",
		       record_text(&t.record, "verdict"), (unsigned long long)t.req.seed,
		       record_real(&t.record, "times.guest"));
	return what ? EXIT_BAD : EXIT_PASS;
}
