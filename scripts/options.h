/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_OPTIONS_H
#define RESPAWN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "build/request.h"

/**
 * struct options - what the user asked for
 * @request: of each run, as far as all have it in common; its architecture is the
 *	first of @arch
 * @arch: the architectures, NULL-terminated
 * @seeds: the seeds to explore, "from..to"
 * @run: folder of a record
 * @bundle: a record in one file, from somebody else
 * @log: console to judge
 * @mutants: names of the mutants to run, comma separated; empty for all
 * @mutants_dir: folder of their tables, empty for respawn's own
 * @bugs: names of the planted bugs to look for, comma separated; empty for all
 * @bugs_dir: folder of their patches, empty for respawn's own
 * @out: folder for records and other products
 * @cache_max: GB that the cache may have
 * @time: seconds of host time after which no further seed is begun, 0 for no end
 * @count: how often to do it again
 * @guests: guests at once, 0 for as many as the host has CPUs
 * @gdb: replay opens a debugger at the end of the run
 * @keep_going: explore goes on after a failure
 *
 * Filled in by options_parse(), and read by commands alone.
 */
struct options {
	struct request request;
	const struct arch **arch;
	const char *seeds;
	const char *run;
	const char *bundle;
	const char *log;
	const char *mutants;
	const char *mutants_dir;
	const char *bugs;
	const char *bugs_dir;
	const char *out;
	uint64_t cache_max;
	uint64_t time;
	uint64_t count;
	uint64_t guests;
	bool gdb;
	bool keep_going;
	bool verbose;
};

void options_parse(struct options *o, const char *defaults, int argc, char **argv);
void options_help(void);
struct request options_request(const struct options *o, const struct arch *a);

#endif /* RESPAWN_OPTIONS_H */
