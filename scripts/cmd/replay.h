/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_REPLAY_H
#define RESPAWN_REPLAY_H

#include "judge/events.h"
#include "run/guest.h"

/**
 * struct past - a run that a record tells of
 * @dir: the record
 * @json: its run.json
 * @plan: all steps there are
 * @steps: those that were done
 * @tree: what the record says of the kernel's source: @name and @hash
 * @kernel: what was run
 * @snapshot: what it went on from, if it did
 * @guest: how it was run; a copy of it can be run again
 */
struct past {
	const char *dir;
	json_t *json;
	struct plan plan;
	struct strv steps;
	struct tree tree;
	struct kernel kernel;
	struct snapshot snapshot;
	struct guest guest;
};

void past_open(struct past *p, const char *dir);
void past_guest(const struct past *p, struct guest *g);
char *runs_difference(const char *a, const char *b, enum extent extent);
char *past_difference(const struct past *p, const struct guest *g);
char *past_signature(const struct past *p);
int replay(void);
int check_determinism(void);

#endif /* RESPAWN_REPLAY_H */
