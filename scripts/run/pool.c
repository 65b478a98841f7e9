// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests side by side, in the places that there are for them: here the CPUs of
 * this host.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/ui.h"
#include "run/pool.h"

/* How often the consoles are looked at */
#define POLL_MS		20

/* More guests than CPUs would only wait for each other. */
static size_t host_places(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

const struct pool_ops pool_host = {
	.places = host_places,
	.start = guest_start,
	.fds = guest_fds,
	.poll = guest_poll,
	.kill = guest_kill,
	.fetch = guest_fetch,
};

/**
 * struct running - the guests that run side by side
 * @ops: what they run in
 * @source: where they come from and go to
 * @g: those that run now
 * @n: how many
 * @most: how many there may be
 */
struct running {
	const struct pool_ops *ops;
	const struct pool_source *source;
	struct guest **g;
	size_t n;
	size_t most;
};

/* Ctrl-C: no guest is left, and the caller's atexit() removes their records. */
static void __noreturn interrupted(struct running *r, int sig)
{
	for (size_t i = 0; i < r->n; i++)
		r->ops->kill(r->g[i]);
	ui_interrupt();
	fprintf(stderr, "respawn: interrupted; the guests are ended, no record is kept of them\n");
	exit(128 + sig);
}

static void look_at(struct running *r, const struct pollfd *fds)
{
	size_t left = 0, n = r->n;

	for (size_t i = 0; i < n; i++) {
		struct guest *g = r->g[i];

		if (!r->ops->poll(g, &fds[i * GUEST_FDS])) {
			r->g[left++] = g;
			continue;
		}
		r->ops->fetch(g);
		r->source->over(r->source->arg, g);
	}
	r->n = left;
}

static void start_more(struct running *r)
{
	while (r->n < r->most) {
		struct guest *g = r->source->next(r->source->arg);

		if (!g)
			return;
		r->ops->start(g);
		r->g[r->n++] = g;
	}
}

static int catch_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/**
 * pool_run - run guests side by side until there are no more
 * @source: where they come from
 *
 * Does not return from Ctrl-C.
 */
void pool_run(const struct pool_source *source)
{
	struct running r = { .ops = &pool_host, .source = source };
	struct signalfd_siginfo info;
	struct pollfd *fds;
	sigset_t old;
	int sigfd;

	r.most = source->most ?: r.ops->places();
	r.g = calloc(r.most, sizeof(*r.g));
	fds = calloc(GUEST_FDS * r.most + 1, sizeof(*fds));
	if (!r.g || !fds)
		die("out of memory");
	sigfd = catch_signals(&old);
	for (start_more(&r); r.n; start_more(&r)) {
		struct pollfd *signalled = &fds[GUEST_FDS * r.n];

		for (size_t i = 0; i < r.n; i++)
			r.ops->fds(r.g[i], &fds[i * GUEST_FDS]);
		*signalled = (struct pollfd){ .fd = sigfd, .events = POLLIN };
		poll(fds, GUEST_FDS * r.n + 1, POLL_MS);
		if (signalled->revents && read(sigfd, &info, sizeof(info)) > 0)
			interrupted(&r, info.ssi_signo);
		look_at(&r, fds);
		if (source->show)
			source->show(source->arg);
	}
	close(sigfd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(r.g);
	free(fds);
}

/* All guests of an array, in its order */
struct row {
	struct guest *g;
	size_t n;
	size_t begun;
	size_t done;
};

static struct guest *row_next(void *arg)
{
	struct row *r = arg;

	return r->begun < r->n ? &r->g[r->begun++] : NULL;
}

static void row_over(void *arg, struct guest *g)
{
	struct row *r = arg;

	(void)g;
	r->done++;
}

static void row_show(void *arg)
{
	const struct row *r = arg;

	ui_progress(r->done, r->n, "");
}

/**
 * pool_run_all - run guests side by side until the last one is over and judged
 * @g: guests from guest_prepare()
 * @n: how many
 *
 * Does not return from Ctrl-C.
 */
void pool_run_all(struct guest *g, size_t n)
{
	struct row row = { .g = g, .n = n };

	pool_run(&(struct pool_source){
		.next = row_next, .over = row_over, .show = row_show, .arg = &row,
	});
}
