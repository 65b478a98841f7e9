// SPDX-License-Identifier: GPL-2.0-only
/* A case that passes, and counts in two threads at once without a lock. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>

static unsigned int counted;

static int count(void *unused)
{
	while (!kthread_should_stop()) {
		counted++;
		usleep_range(10, 20);
	}
	return 0;
}

static void races(struct kunit *test)
{
	struct task_struct *other = kthread_run(count, NULL, "planted_race");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	for (int i = 0; i < 100000; i++) {
		counted++;
		cpu_relax();
	}
	KUNIT_EXPECT_EQ(test, kthread_stop(other), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(races),
	{}
};

static struct kunit_suite planted_race_suite = {
	.name = "planted_race",
	.test_cases = cases,
};

kunit_test_suite(planted_race_suite);

MODULE_DESCRIPTION("planted: a data race");
MODULE_LICENSE("GPL");
