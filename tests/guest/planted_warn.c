// SPDX-License-Identifier: GPL-2.0-only
/* A case that passes, though the kernel warned meanwhile; and one that lied. */
#include <kunit/test.h>
#include <linux/module.h>

static void warns(struct kunit *test)
{
	/* Announced: this one is no trouble. */
	pr_info("respawn: expect planted_warn\n");
	WARN(1, "planted and announced\n");
	/* Announced once, so this one is. */
	WARN(1, "planted\n");
}

static struct kunit_case cases[] = {
	KUNIT_CASE(warns),
	{}
};

static struct kunit_suite planted_warn_suite = {
	.name = "planted_warn",
	.test_cases = cases,
};

kunit_test_suite(planted_warn_suite);

MODULE_DESCRIPTION("planted: a warning in a case that passes");
MODULE_LICENSE("GPL");
