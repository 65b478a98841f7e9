// SPDX-License-Identifier: GPL-2.0-only
/* A case that passes, and frees a timer that is pending. */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>

static void never(struct timer_list *unused)
{
}

static void frees_a_pending_timer(struct kunit *test)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, timer);
	timer_setup(timer, never, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(frees_a_pending_timer),
	{}
};

static struct kunit_suite planted_free_active_suite = {
	.name = "planted_free_active",
	.test_cases = cases,
};

kunit_test_suite(planted_free_active_suite);

MODULE_DESCRIPTION("planted: a pending timer that is freed");
MODULE_LICENSE("GPL");
