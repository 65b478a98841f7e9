// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all benches do: one architecture after the other is built and measured, and
 * the results are written down.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "cmd/bench.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "record/trial.h"

/**
 * bench_each - measure on each architecture that was asked for
 * @o: what the user asked for
 * @name: of the bench; results go to O=/<name>.json
 * @ask: says what is asked of its runs
 * @measure: measures, and puts what it finds under the architecture's name; returns
 *	an exit status
 *
 * Nothing is written unless all went well.
 *
 * Return: an exit status
 */
int bench_each(const struct options *o, const char *name,
	       void (*ask)(struct request *r),
	       int (*measure)(const struct options *o, const struct image *image,
			      json_t *results))
{
	__auto_free char *path = fmt("%s/%s.json", o->out, name), *text = NULL;
	json_t *results = json_object();
	int status = EXIT_PASS;

	for (size_t i = 0; o->arch[i]; i++) {
		struct request r = options_request(o, o->arch[i]);
		struct image image;
		int s;

		r.suites = fmt("%s/kunit/bench", host_source());
		ask(&r);
		trial_needs(&r);
		image_open(&image, &r);
		image_build(&image);
		s = measure(o, &image, results);
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
