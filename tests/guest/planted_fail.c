// SPDX-License-Identifier: GPL-2.0-only
/* A suite with one case that passes and one that fails. */
#include <kunit/test.h>
#include <linux/module.h>

static void good(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1, 1);
}

static void bad(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1, 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(good),
	KUNIT_CASE(bad),
	{}
};

static struct kunit_suite planted_fail_suite = {
	.name = "planted_fail",
	.test_cases = cases,
};

kunit_test_suite(planted_fail_suite);

MODULE_DESCRIPTION("planted: a case that fails");
MODULE_LICENSE("GPL");
