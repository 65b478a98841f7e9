/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TRIAL_H
#define RESPAWN_TRIAL_H

#include "record/record.h"

enum keep {
	KEEP_ALWAYS,
	KEEP_FAILED,		/* a trial that passed leaves nothing */
	KEEP_NOT,
};

/**
 * struct trial - one image, one request, one guest, from the first byte of its
 *	console to the verdict
 * @image: what is run
 * @req: what is asked; @plan, @smpboot and @strategy say one thing each, see
 *	trial_choose()
 * @accel: "virtual", "kvm" or "tcg"
 * @from: what its guest goes on from, or NULL if it boots
 * @out: O=
 * @keep: what becomes of its record
 * @expected: seconds that it may take, for the progress bar; 0 if nobody knows
 * @eager: its first failure is all that is asked for
 * @gdb: socket where a debugger finds its guest, see struct guest; @seen ends that
 * @guest: runs it
 * @record: what it left; if it is not kept, it is in memory alone
 */
struct trial {
	const struct image *image;
	struct request req;
	const char *accel;
	const struct snapshot *from;
	const char *out;
	enum keep keep;
	double expected;
	bool eager;
	const char *gdb;
	struct guest guest;
	struct record record;
};

/**
 * struct trial_source - where trials come from and go to
 * @next: the next one, or NULL if there is none for now
 * @seen: it is over, and its folder is there, but has not its name yet; may change
 *	@keep; may be NULL
 * @over: its record is written, or gone; may be NULL
 * @show: shows progress; may be NULL
 * @most: how many may run at once, 0 for as many as the host has CPUs
 * @arg: first argument of all of them
 */
struct trial_source {
	struct trial *(*next)(void *arg);
	void (*seen)(void *arg, struct trial *t);
	void (*over)(void *arg, struct trial *t);
	void (*show)(void *arg);
	size_t most;
	void *arg;
};

void trial_needs(const struct request *r);
void trial_choose(struct request *r, const struct image *image);
void trials_run(const struct trial_source *source);
void trials_run_all(struct trial *const *t, size_t n, size_t most);
void trial_run(struct trial *t);
bool trials_snapshot(struct trial *t, size_t n);
void trial_again(struct trial *t, const struct record *rec, struct image *image, const char *out);
void trial_must_say(const struct trial *t);
char *trial_key(const struct trial *t, const char *kind);
void trial_free(struct trial *t);

#endif /* RESPAWN_TRIAL_H */
