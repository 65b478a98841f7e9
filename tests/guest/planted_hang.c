// SPDX-License-Identifier: GPL-2.0-only
/* A case that waits for what never comes. */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/module.h>

static void never_ends(struct kunit *test)
{
	static DECLARE_COMPLETION(never);

	wait_for_completion(&never);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(never_ends),
	{}
};

static struct kunit_suite planted_hang_suite = {
	.name = "planted_hang",
	.test_cases = cases,
};

kunit_test_suite(planted_hang_suite);

MODULE_DESCRIPTION("planted: a case that hangs");
MODULE_LICENSE("GPL");
