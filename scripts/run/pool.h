/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_POOL_H
#define RESPAWN_POOL_H

#include "run/guest.h"

/**
 * struct pool_ops - a kind of places that guests run in
 * @places: how many there are
 * @start: start a prepared guest
 * @fds: what it is waited for with
 * @poll: see how it is; true once it is over
 * @kill: end it, without a verdict
 * @fetch: have all that it left, and its verdict
 */
struct pool_ops {
	size_t (*places)(void);
	void (*start)(struct guest *g);
	void (*fds)(const struct guest *g, struct pollfd fds[GUEST_FDS]);
	bool (*poll)(struct guest *g, const struct pollfd fds[GUEST_FDS]);
	void (*kill)(struct guest *g);
	void (*fetch)(struct guest *g);
};

extern const struct pool_ops pool_host;

/**
 * struct pool_source - where guests come from and go to
 * @next: the next one, from guest_prepare(), or NULL if there is none for now
 * @over: takes one that is over and judged
 * @show: shows progress; may be NULL
 * @most: how many may run at once, 0 for as many as there are places
 * @arg: first argument of all of them
 */
struct pool_source {
	struct guest *(*next)(void *arg);
	void (*over)(void *arg, struct guest *g);
	void (*show)(void *arg);
	size_t most;
	void *arg;
};

void pool_run(const struct pool_source *source);
void pool_run_all(struct guest *g, size_t n);

#endif /* RESPAWN_POOL_H */
