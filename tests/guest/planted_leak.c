// SPDX-License-Identifier: GPL-2.0-only
/* A case that passes, and forgets memory that it has allocated. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>

static void leaks(struct kunit *test)
{
	for (int i = 0; i < 8; i++)
		KUNIT_EXPECT_NOT_NULL(test, kmalloc(96, GFP_KERNEL));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(leaks),
	{}
};

static struct kunit_suite planted_leak_suite = {
	.name = "planted_leak",
	.test_cases = cases,
};

kunit_test_suite(planted_leak_suite);

MODULE_DESCRIPTION("planted: memory that nobody frees");
MODULE_LICENSE("GPL");
