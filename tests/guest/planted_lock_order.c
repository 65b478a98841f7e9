// SPDX-License-Identifier: GPL-2.0-only
/* A case that passes, and takes two locks in either order. */
#include <kunit/test.h>

#include <linux/module.h>
#include <linux/mutex.h>

static DEFINE_MUTEX(one);
static DEFINE_MUTEX(other);

static void take(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(inner);
	mutex_unlock(outer);
}

static void takes_in_either_order(struct kunit *test)
{
	take(&one, &other);
	take(&other, &one);
	KUNIT_SUCCEED(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(takes_in_either_order),
	{}
};

static struct kunit_suite planted_lock_order_suite = {
	.name = "planted_lock_order",
	.test_cases = cases,
};

kunit_test_suite(planted_lock_order_suite);

MODULE_DESCRIPTION("planted: two locks that are taken in either order");
MODULE_LICENSE("GPL");
