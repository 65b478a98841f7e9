/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SEEDS_H
#define RESPAWN_SEEDS_H

#include "cmd/leads.h"
#include "record/trial.h"

/**
 * struct finding - what a seed showed
 * @seed: the seed
 * @walk: of where CPUs give way, 0 for that of the seed
 * @pairs: what it showed of the focus; NULL if that is not asked
 * @verdict: what the run was judged to be
 * @signature: what went wrong and where, as far as it is the same in other runs
 *	of the same bug; NULL if nothing did
 * @record: folder of the run's record; NULL if it left none
 * @guest: seconds of guest time
 * @wall: host seconds
 * @events: operations and other events of the stress driver
 */
struct finding {
	uint64_t seed;
	uint64_t walk;
	const struct pairs *pairs;
	enum verdict verdict;
	const char *signature;
	const char *record;
	double guest;
	double wall;
	uint64_t events;
};

/**
 * struct seeds - one request with many seeds
 * @image: what is run
 * @req: what is asked, but for the seed
 * @accel: "virtual", "kvm" or "tcg"
 * @out: O=
 * @first: first seed
 * @last: last seed
 * @list: seeds to run in this order, instead of all from @first to @last; the range is
 *	that of its indices then
 * @guests: how many guests at once, 0 for as many as the host has CPUs
 * @seconds: host time after which no further seed begins, 0 for no limit
 * @keep_going: go on after a failure
 * @forget: runs that fail leave no records either
 * @keep_all: those that pass leave records, too
 * @walks: the seeds are those of where CPUs give way, and @req has that of the run
 * @feedback: runs that show something new of the focus lead to more of their kind; then
 *	the range is one of runs, and seeds are tried from @first on
 * @known: is this seed done with, as far as this trial goes, and what did it show? May be
 *	NULL
 * @found: told of each seed that is over; may be NULL
 * @arg: first argument of both
 * @tried: seeds that are over
 * @failed: those of them that went wrong
 * @error: a run said nothing, as the host was at fault; the search has ended
 * @wall: host seconds it took
 *
 * What follows is for seeds.c alone.
 */
struct seeds {
	const struct image *image;
	struct request req;
	const char *accel;
	const char *out;
	uint64_t first;
	uint64_t last;
	const uint64_t *list;
	size_t guests;
	double seconds;
	bool keep_going;
	bool forget;
	bool keep_all;
	bool walks;
	bool feedback;
	bool (*known)(void *arg, const struct trial *t, struct pairs *pairs);
	void (*found)(void *arg, const struct trial *t, const struct finding *f);
	void *arg;
	size_t tried;
	size_t failed;
	char *error;
	double wall;

	struct trial *like;
	struct leads leads;
	uint64_t next;
	double begun;
	bool over;
};

bool seeds_has_walks(const struct request *r);
uint64_t seeds_walk(const char *steer);
char *seeds_with_walk(const char *steer, uint64_t walk);
void seeds_range(const char *text, uint64_t *first, uint64_t *last);
struct finding seeds_finding(const struct record *rec);
void seeds_run(struct seeds *s);
void seeds_stop(struct seeds *s);

#endif /* RESPAWN_SEEDS_H */
