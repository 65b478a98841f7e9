/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CMD_H
#define RESPAWN_CMD_H

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
 * @format: of a report
 * @matrix: file of cells, empty for configs/matrix
 * @cells: patterns of names of cells, comma separated; empty for all
 * @good: commit that a bisect takes for good
 * @bad: and the one that is bad, HEAD if empty
 * @test: command that a bisect runs in the place of a guest, or empty
 * @signature: failure that is looked for; empty for the first one at @bad
 * @prior: "paths" or "uniform": what a bisect thinks of commits beforehand
 * @runs: runs after which a bisect ends, 0 for no end
 * @mutants: names of the mutants to run, comma separated; empty for all
 * @mutants_dir: folder of their tables, empty for respawn's own
 * @bugs: names of the planted bugs to look for, comma separated; empty for all
 * @bugs_dir: folder of their patches, empty for respawn's own
 * @out: folder for records and other products
 * @cache_max: GB that the cache may have
 * @time: seconds of host time after which no further seed is begun, 0 for no end
 * @count: how often to do it again
 * @confidence: probability at which a bisect answers
 * @guests: guests at once, 0 for as many as the host has CPUs
 * @real: bugs runs them in real time, too
 * @minimise: bugs makes what it found small
 * @neighbour: a patch on top of the bug, with which that is tried again; or empty
 * @gdb: replay opens a debugger at the end of the run
 * @keep_going: explore goes on after a failure
 * @leads: runs that show something new of the focus lead to more of their kind
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
	const char *format;
	const char *matrix;
	const char *cells;
	const char *good;
	const char *bad;
	const char *test;
	const char *signature;
	const char *prior;
	uint64_t runs;
	const char *mutants;
	const char *mutants_dir;
	const char *bugs;
	const char *bugs_dir;
	const char *out;
	uint64_t cache_max;
	uint64_t time;
	uint64_t count;
	double confidence;
	uint64_t guests;
	bool real;
	bool minimise;
	const char *neighbour;
	bool gdb;
	bool keep_going;
	bool leads;
	bool verbose;
};

/**
 * options_request - what is asked of runs on one architecture
 * @o: what the user asked for
 * @a: the architecture
 *
 * Return: the request
 */
static inline struct request options_request(const struct options *o, const struct arch *a)
{
	struct request r = o->request;

	r.arch = a;
	return r;
}

#define CHECK_DEFAULTS	"CYCLES=60"
#define STRESS_DEFAULTS	"PLAN=stress STRATEGY=mix CYCLES=100"

/*
 * The subcommands: X(kind, word, function, defaults, help). "make WORD" does what
 * "respawn WORD" does, and make reads its targets here: a line begins with X and the
 * kind. Of a CHECK the exit status says what came of it, a JOB is done or it is not, a
 * LOOK changes nothing; a STEP and what is INNER are no targets. @defaults are the
 * variables that have another default for the command.
 */
#define COMMANDS(X)								\
	X(CHECK, "check", cmd_check, CHECK_DEFAULTS,				\
	  "build, boot and judge, on x86_64 and arm64")				\
	X(CHECK, "stress", cmd_check, STRESS_DEFAULTS,				\
	  "one stress run: SEED= names the order of events and the schedule")	\
	X(CHECK, "explore", cmd_explore, STRESS_DEFAULTS,			\
	  "many of them, SEEDS=1..500, until one fails")			\
	X(CHECK, "replay", cmd_replay, NULL,					\
	  "one again, RUN=<record>: reproduced, or where it diverged")		\
	X(CHECK, "minimise", cmd_minimise, NULL,				\
	  "the fewest operations, CPUs, switches that fail as RUN=<record> did")	\
	X(LOOK, "picture", cmd_picture, NULL,					\
	  "what each CPU did in a stress run, RUN=<record>")			\
	X(CHECK, "matrix", cmd_matrix, NULL,					\
	  "check the cells of configs/matrix, all or CELLS=")			\
	X(LOOK, "matrix-list", cmd_matrix_list, NULL,				\
	  "list them, FORMAT=text, json or gitlab")					\
	X(LOOK, "report", cmd_report, NULL,					\
	  "RUN=<record, or folder of records> as FORMAT=")			\
	X(JOB, "bundle", cmd_bundle, NULL,					\
	  "RUN=<record> and all its replay needs, in one file; of a folder what failed") \
	X(CHECK, "check-determinism", cmd_check_determinism,			\
	  "PLAN=stress STRATEGY=random CYCLES=20",				\
	  "passing and failing runs, N= times each: the same every time?")	\
	X(CHECK, "bugs", cmd_bugs, STRESS_DEFAULTS " ARCH=arm64 SEEDS=1..300",	\
	  "plant known bugs: does explore find them, does replay repeat them?")	\
	X(JOB, "build", cmd_build, CHECK_DEFAULTS,				\
	  "build all that check boots")						\
	X(CHECK, "mutate", cmd_mutate, "ARCH=arm64 STALL=10 TIMEOUT=60",	\
	  "break the primitives line by line: does a test notice?")		\
	X(CHECK, "check-series", cmd_check_series, NULL,			\
	  "each patch by itself: message, style, builds, boots")		\
	X(CHECK, "bench-primitives", cmd_bench_primitives, "TIMING=real",	\
	  "what a thread costs, beside mainline")				\
	X(CHECK, "bench-hotplug", cmd_bench_hotplug,				\
	  "OPS=offline,online ACTORS=0 CYCLES=2000 SMPBOOT=park N=3",		\
	  "how fast CPUs go and come back, in virtual and in real time")	\
	X(CHECK, "bench-strategies", cmd_bench_strategies,			\
	  STRESS_DEFAULTS " ARCH=arm64 SEEDS=1..40 N=10",			\
	  "how many seeds each strategy takes for each planted bug")		\
	X(CHECK, "judge", cmd_judge, NULL,					\
	  "what the judge says of any console, LOG=<file>")			\
	X(LOOK, "doctor", cmd_doctor, NULL,					\
	  "what this host has and lacks, each problem with its remedy")		\
	X(LOOK, "cache", cmd_cache, NULL,					\
	  "show what is in the cache, and what of it is in use")		\
	X(JOB, "shell", cmd_shell, NULL,					\
	  "boot into a shell on the terminal (ARCH=)")				\
	X(CHECK, "bisect", cmd_bisect, STRESS_DEFAULTS " ARCH=arm64 SERIES=none",	\
	  "find the commit that broke it: TREE=, GOOD=, or RUN= too")		\
	X(LOOK, "bisect-status", cmd_bisect_status, NULL,			\
	  "where the bisect of O= stands")					\
	X(LOOK, "bisect-log", cmd_bisect_log, NULL,				\
	  "what it has seen, for 'git bisect replay'")				\
	X(LOOK, "bisect-skip", cmd_bisect_skip, NULL,				\
	  "leave COMMIT= out of it")						\
	X(LOOK, "bisect-undo", cmd_bisect_undo, NULL,				\
	  "forget what it has seen last")					\
	X(LOOK, "bisect-prior", cmd_bisect_prior, NULL,				\
	  "which commits it would suspect, TREE=, GOOD=, BAD=")			\
	X(CHECK, "bisect-sim", cmd_bisect_sim, "N=20",				\
	  "is bisect right as often as it says? Histories that are made up")	\
	X(CHECK, "check-bisect", cmd_check_bisect,				\
	  STRESS_DEFAULTS " ARCH=arm64 SERIES=none CYCLES=40 FOCUS=none",	\
	  "does bisect name the commit in histories that are made up?")		\
	X(STEP, "bisect-step", cmd_bisect_step, CHECK_DEFAULTS " SERIES=auto N=1 TREE=.", \
	  "check the commit that git bisect run is at")				\
	X(JOB, "repin", cmd_repin, NULL,					\
	  "move to the newest kernel package of the pinned series")		\
	X(JOB, "kernel-edit", cmd_kernel_edit, NULL,				\
	  "open the patched kernel as git commits in O=/kernel")		\
	X(JOB, "kernel-export", cmd_kernel_export, NULL,			\
	  "write those commits back as the series")				\
	X(INNER, "targets", cmd_targets, NULL,					\
	  "list what make can be asked for")					\
	X(INNER, "variables", cmd_variables, NULL,				\
	  "list the variables")							\
	X(INNER, "reference", cmd_reference, NULL,				\
	  "print docs/reference.md")						\
	X(INNER, "man", cmd_man, NULL,						\
	  "print docs/respawn.1")						\
	X(INNER, "completion", cmd_completion, NULL,				\
	  "print bash's completion of respawn and of make")			\
	X(INNER, "complete", cmd_complete, NULL,				\
	  "print how a word may go on, for that")

#define DECLARE(kind, word, fn, defaults, help)	int fn(const struct options *o);

COMMANDS(DECLARE)

#undef DECLARE

#endif /* RESPAWN_CMD_H */
