// SPDX-License-Identifier: GPL-2.0-only
/* A case that announces a warning, which then does not come. */
#include <kunit/test.h>
#include <linux/module.h>

static void announces(struct kunit *test)
{
	pr_info("respawn: expect planted_unmet\n");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(announces),
	{}
};

static struct kunit_suite planted_unmet_suite = {
	.name = "planted_unmet",
	.test_cases = cases,
};

kunit_test_suite(planted_unmet_suite);

MODULE_DESCRIPTION("planted: a warning that does not come");
MODULE_LICENSE("GPL");
