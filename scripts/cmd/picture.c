// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each CPU did in a run, for those who would rather look than read.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "cmd/cmd.h"
#include "lib/util.h"
#include "record/record.h"
#include "report/picture.h"
#include "run/events_file.h"

/**
 * picture_of - draw a record
 * @dir: its folder
 * @image: what was run, for the names of its functions
 * @cpus: how many CPUs the guest had
 *
 * Dies if there is no sound log of events.
 */
void picture_of(const char *dir, const struct image *image, unsigned int cpus)
{
	__auto_free char *path = fmt("%s/events.bin", dir);
	__auto_free char *vmlinux = fmt("%s/vmlinux", image->kernel.dir);
	struct debuginfo d;
	struct events e;

	if (!events_read(&e, path))
		die("%s is missing or damaged: only stress runs have events to draw", path);
	debuginfo_open(&d, vmlinux);
	report_picture(&e, &d, cpus, stdout);
	debuginfo_close(&d);
	events_free(&e);
}

/**
 * cmd_picture - draw the record RUN=
 * @o: what the user asked for
 *
 * Nothing is run, so the record may be one of a run in real time.
 *
 * Return: EXIT_PASS
 */
int cmd_picture(const struct options *o)
{
	struct record rec;
	struct request r;
	struct image image;

	record_read(&rec, o->run);
	record_request(&rec, &r);
	record_check_files(&rec);
	record_image(&rec, &r, &image);
	picture_of(rec.dir, &image, r.smp);
	return EXIT_PASS;
}
