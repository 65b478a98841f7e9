// SPDX-License-Identifier: GPL-2.0-only
/* A case that passes, and reads memory that it has freed. */
#include <kunit/test.h>

#include <linux/module.h>
#include <linux/slab.h>

static void uses_what_it_freed(struct kunit *test)
{
	u8 *memory = kmalloc(96, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	kfree(memory);
	OPTIMIZER_HIDE_VAR(memory);
	READ_ONCE(*memory);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(uses_what_it_freed),
	{}
};

static struct kunit_suite planted_use_after_free_suite = {
	.name = "planted_use_after_free",
	.test_cases = cases,
};

kunit_test_suite(planted_use_after_free_suite);

MODULE_DESCRIPTION("planted: memory that is used after it was freed");
MODULE_LICENSE("GPL");
