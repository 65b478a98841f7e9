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

static inline int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *),
					    void *ctx)
{
	struct compat_action *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a) {
		fn(ctx);
		return -ENOMEM;
	}
	a->fn = fn;
	a->ctx = ctx;
	a->res.should_kfree = true;
	return __kunit_add_resource(test, NULL, compat_action_run, &a->res, a);
}

#endif

#ifndef KUNIT_CASE_SLOW
#define KUNIT_CASE_SLOW(name)	KUNIT_CASE(name)
#endif

#endif /* RESPAWN_COMPAT_H */
