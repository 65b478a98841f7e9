// SPDX-License-Identifier: GPL-2.0-only
/* A case that passes, and takes a lock that sleeps under PREEMPT_RT where one must not. */
#include <kunit/test.h>

#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(lock);

static void sleeps_where_it_must_not(struct kunit *test)
{
	preempt_disable();
	spin_lock(&lock);
	spin_unlock(&lock);
	preempt_enable();
	KUNIT_SUCCEED(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(sleeps_where_it_must_not),
	{}
};

static struct kunit_suite planted_sleeping_lock_suite = {
	.name = "planted_sleeping_lock",
	.test_cases = cases,
};

kunit_test_suite(planted_sleeping_lock_suite);

MODULE_DESCRIPTION("planted: a lock that sleeps with preemption off");
MODULE_LICENSE("GPL");
