/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BISECTION_H
#define RESPAWN_BISECTION_H

#include <jansson.h>

#include "bisect/bisect.h"
#include "build/history.h"
#include "cmd/cmd.h"

/* What became of a run or a build; the words of the state file */
enum bisection_what {
	BISECTION_PASS,
	BISECTION_FAIL,
	BISECTION_OTHER,	/* it failed, but not as it is looked for */
	BISECTION_UNTESTABLE,
	BISECTION_BUILT,
	BISECTION_SKIPPED,	/* the user said so */
	BISECTION_UNFIT,	/* it passed, but did nothing of what it was to */
};

#define BISECTION_WHATS	(BISECTION_UNFIT + 1)

/**
 * struct bisection_counts - how often what happened
 * @of: each kind
 */
struct bisection_counts {
	size_t of[BISECTION_WHATS];
};

/* All commits, where one can be named */
#define BISECTION_ALL	SIZE_MAX
/* The run that RUN= brought; all others have a number from 1 on. */
#define BISECTION_BROUGHT	0

/**
 * struct bisection_entry - something that happened, once
 * @commit: index of it in the history
 * @what: kind of it
 * @seed: of a run
 * @seconds: host seconds that it took
 * @signature: of a run that failed; or why a commit can't be tested; or NULL
 * @record: of a run that failed, or NULL
 * @image: of a build: hash of all that guests see of it, or NULL
 * @distance: of a build: how far from the one before, in commits
 */
struct bisection_entry {
	size_t commit;
	enum bisection_what what;
	uint64_t seed;
	double seconds;
	char *signature;
	char *record;
	char *image;
	size_t distance;
};

/**
 * struct bisection - a question, and all that is known of the answer
 * @o: what the user asked for
 * @history: the commits
 * @graph: the same, for the engine
 * @prior: of each of them
 * @engine: what it has been told
 * @path: the state file
 * @question: what it is about, as the state file has it
 * @signature: the failure that is looked for; NULL until it is known
 * @log: what happened, in order
 * @n: how many entries
 * @build: seconds that a build of each commit is thought to take
 * @run: seconds that a run takes
 */
struct bisection {
	const struct options *o;
	struct history history;
	struct graph *graph;
	double *prior;
	struct bisect *engine;
	char *path;
	json_t *question;
	char *signature;
	struct bisection_entry *log;
	size_t n;
	double *build;
	double run;
};

void bisection_open(struct bisection *b, const struct options *o, const struct request *r);
void bisection_suspect(struct bisection *b, const struct options *o);
void bisection_load(struct bisection *b, const struct options *o, bool change);
void bisection_note(struct bisection *b, const struct bisection_entry *e);
void bisection_record(struct bisection *b, size_t entry, const char *record);
void bisection_undo(struct bisection *b);
void bisection_costs(struct bisection *b);
struct bisect *bisection_guess(const struct bisection *b, const struct bisect_step *step,
			       enum bisect_outcome outcome);
struct bisection_counts bisection_counts(const struct bisection *b, size_t commit);
size_t bisection_runs(const struct bisection *b);
bool bisection_is_run(enum bisection_what what);
const char *bisection_what_name(enum bisection_what what);

struct bisect_step bisection_search(const struct options *o, struct bisection *b);
void bisection_show(const struct bisection *b, FILE *f);
void bisection_report(const struct bisection *b, const struct bisect_step *end, FILE *f);
json_t *bisection_json(const struct bisection *b, const struct bisect_step *end);

#endif /* RESPAWN_BISECTION_H */
