/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_OPTIONS_H
#define RESPAWN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "build/arch.h"

/**
 * struct options - what the user asked for
 * @arch: the architectures, NULL-terminated
 * @config: flavour of the kernel configuration
 * @pin: which pinned kernel, empty for the one the series is made for
 * @tree: a git tree to test instead of the pinned kernel, or NULL
 * @tarball: a kernel source package or tarball to use as the pinned one, or NULL
 * @series: "full", or "none" for a kernel without the series; "part" is not the
 *	user's to say, but that of who looks at its patches one by one
 * @patches: patches to apply after the series, space separated
 * @suites: folders with suites of the user's own, space separated
 * @plan: steps of the guest's plan, comma separated; empty for all
 * @timing: "virtual" or "real"
 * @accel: "auto", "kvm" or "tcg"
 * @smpboot: "respawn", "park", or empty for both, one after the other
 * @strategy: where CPUs give way to each other; empty is "none"
 * @steer: parameters of the strategy, comma separated
 * @ops: what the stress driver does, comma separated, empty for all it can
 * @seeds: the seeds to explore, "from..to"
 * @run: folder of the record to replay
 * @bundle: the same in one file, from somebody else
 * @kcmdline: more words for the kernel's command line
 * @mutants: names of the mutants to run, comma separated; empty for all
 * @mutants_dir: folder of their tables, empty for respawn's own
 * @bugs: names of the planted bugs to look for, comma separated; empty for all
 * @bugs_dir: folder of their patches, empty for respawn's own
 * @out: folder for records and other products
 * @cache: what is kept between runs and clones
 * @seed: of everything random
 * @smp: CPUs of the guest
 * @cycles: rounds of the stress driver
 * @actors: processes of the stress driver that work on threads
 * @timeout: seconds of host time that a guest may take in all
 * @stall: seconds of host time that a guest's console may be silent
 * @time: seconds of host time after which no further seed is begun, 0 for no end
 * @count: how often to do it again
 * @explore_jobs: guests at once, 0 for as many as the host has CPUs
 * @gdb: replay opens a debugger at the end of the run
 * @snapshot: explore boots a guest for all to go on from
 * @keep_going: explore goes on after a failure
 * @jobs: of make
 */
struct options {
	const struct arch **arch;
	const char *config;
	const char *pin;
	const char *tree;
	const char *tarball;
	const char *series;
	const char *patches;
	const char *suites;
	const char *plan;
	const char *timing;
	const char *accel;
	const char *smpboot;
	const char *strategy;
	const char *steer;
	const char *ops;
	const char *seeds;
	const char *run;
	const char *bundle;
	const char *kcmdline;
	const char *mutants;
	const char *mutants_dir;
	const char *bugs;
	const char *bugs_dir;
	const char *out;
	const char *cache;
	uint64_t seed;
	unsigned int smp;
	unsigned int cycles;
	unsigned int actors;
	unsigned int timeout;
	unsigned int stall;
	unsigned int time;
	unsigned int count;
	unsigned int explore_jobs;
	bool gdb;
	bool snapshot;
	bool keep_going;
	unsigned int jobs;
};

extern struct options opt;

void options_defaults(const char *words);
void options_parse(int argc, char **argv);
void options_help(void);
bool options_series(void);
bool options_whole_series(void);
const char *source_dir(void);

#endif /* RESPAWN_OPTIONS_H */
