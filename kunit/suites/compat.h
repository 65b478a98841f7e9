/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_COMPAT_H
#define RESPAWN_COMPAT_H
/*
 * What the suites use of KUnit and some kernel from 6.1 on does not have.
 */
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/slab.h>

#include "../compat.h"

#ifndef HAVE_KUNIT_ACTION

/* @res comes first: KUnit frees the whole by its address. */
struct compat_action {
	struct kunit_resource res;
	void (*fn)(void *ctx);
	void *ctx;
};

static inline void compat_action_run(struct kunit_resource *res)
{
	struct compat_action *a = container_of(res, struct compat_action, res);

	a->fn(a->ctx);
}

static inline int kunit_add_action(struct kunit *test, void (*fn)(void *), void *ctx)
{
	struct compat_action *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return -ENOMEM;
	a->fn = fn;
	a->ctx = ctx;
	a->res.should_kfree = true;
	return __kunit_add_resource(test, NULL, compat_action_run, &a->res, a);
}

static inline int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *),
					    void *ctx)
{
	int err = kunit_add_action(test, fn, ctx);

	if (err)
		fn(ctx);
	return err;
}

static inline bool compat_action_is(struct kunit *test, struct kunit_resource *res,
				    void *wanted)
{
	const struct compat_action *a = container_of(res, struct compat_action, res);
	const struct compat_action *w = wanted;

	return res->free == compat_action_run && a->fn == w->fn && a->ctx == w->ctx;
}

/* Do it now, and not at the end of the case. */
static inline void kunit_release_action(struct kunit *test, void (*fn)(void *), void *ctx)
{
	struct compat_action wanted = { .fn = fn, .ctx = ctx };

	kunit_destroy_resource(test, compat_action_is, &wanted);
}

#endif

#ifndef KUNIT_CASE_SLOW
#define KUNIT_CASE_SLOW(name)	KUNIT_CASE(name)
#endif

#endif /* RESPAWN_COMPAT_H */
