/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SEEDS_H
#define RESPAWN_SEEDS_H

#include "run/guest.h"

/**
 * struct finding - what a seed showed
 * @seed: the seed
 * @verdict: what the run was judged to be
 * @signature: what went wrong and where, as far as it is the same in other runs
 *	of the same bug; NULL if nothing did
 * @record: folder of the run's record; NULL if nothing went wrong
 * @guest: seconds of guest time
 * @wall: host seconds
 * @events: operations and other events of the stress driver
 */
struct finding {
	uint64_t seed;
	enum verdict verdict;
	char *signature;
	char *record;
	double guest;
	double wall;
	uint64_t events;
};

/**
 * struct hunt - many runs of one kernel that differ in their seed
 * @kernel: what is run
 * @initramfs: what it boots into
 * @tree: source of the kernel
 * @plan: all steps there are
 * @steps: those to do
 * @accel: "virtual", "kvm" or "tcg"
 * @first: first seed
 * @last: last seed
 * @jobs: how many guests at once, 0 for as many as the host has CPUs
 * @seconds: host time after which no further seed begins, 0 for no limit
 * @keep_going: go on after a failure
 * @known: is this seed done with? May be NULL
 * @found: told of each seed that is over; may be NULL
 * @arg: first argument of both
 * @tried: seeds that are over
 * @failed: those of them that went wrong
 * @error: a run said nothing, as the host was at fault; the hunt has ended
 * @wall: host seconds it took
 *
 * What follows is for hunt.c alone.
 */
struct hunt {
	const struct kernel *kernel;
	const char *initramfs;
	const struct tree *tree;
	const struct plan *plan;
	const struct strv *steps;
	const char *accel;
	uint64_t first;
	uint64_t last;
	size_t jobs;
	double seconds;
	bool keep_going;
	bool (*known)(void *arg, uint64_t seed);
	void (*found)(void *arg, const struct finding *f);
	void *arg;
	size_t tried;
	size_t failed;
	char *error;
	double wall;

	struct snapshot *snapshots;
	uint64_t next;
	double begun;
	bool over;
};

void hunt_seeds(const char *text, uint64_t *first, uint64_t *last);
char *hunt_signature(const struct judge *j);
void hunt_run(struct hunt *h);

#endif /* RESPAWN_SEEDS_H */
