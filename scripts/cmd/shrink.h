/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SHRINK_H
#define RESPAWN_SHRINK_H

#include "record/trial.h"

/**
 * struct shrunk - the least that fails as a trial did
 * @req: what it is asked
 * @record: folder of its record
 * @operations: those that its actors may do
 * @of: how many there were
 * @places: where CPUs give way by a script, 0 if there is none
 * @tries: runs that it took
 * @wall: host seconds it took
 * @out_of_time: there was no time to see if less will do
 */
struct shrunk {
	struct request req;
	char *record;
	size_t operations;
	size_t of;
	size_t places;
	unsigned int tries;
	double wall;
	bool out_of_time;
};

/* TIME=, unless it is set: most of what can be left out is by then. */
#define SHRINK_SECONDS	180

bool shrink_trial(struct shrunk *small, const struct trial *past, const char *dir,
		  const char *signature, const char *out, double seconds);

#endif /* RESPAWN_SHRINK_H */
