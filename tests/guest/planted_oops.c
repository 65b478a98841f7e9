// SPDX-License-Identifier: GPL-2.0-only
/* All tests pass; the oops comes when the guest ends. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/reboot.h>

static int oops(struct notifier_block *nb, unsigned long action, void *data)
{
	return *(int *)READ_ONCE(nb->next);
}

static struct notifier_block last = {
	.notifier_call = oops,
	.priority = INT_MIN,
};

static void arms_the_notifier(struct kunit *test)
{
	/* The notifier has to be there when the module would be gone. */
	__module_get(THIS_MODULE);
	KUNIT_EXPECT_EQ(test, register_reboot_notifier(&last), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(arms_the_notifier),
	{}
};

static struct kunit_suite planted_oops_suite = {
	.name = "planted_oops",
	.test_cases = cases,
};

kunit_test_suite(planted_oops_suite);

MODULE_DESCRIPTION("planted: an oops after the last test");
MODULE_LICENSE("GPL");
