// SPDX-License-Identifier: GPL-2.0-only
/* A report that stops before its plan is done. */
#include <linux/module.h>

static int __init planted_cut_init(void)
{
	pr_info("KTAP version 1\n");
	pr_info("1..1\n");
	pr_info("    KTAP version 1\n");
	pr_info("    # Subtest: planted_cut\n");
	pr_info("    1..3\n");
	pr_info("    ok 1 first\n");
	pr_info("    ok 2 second\n");
	return 0;
}
module_init(planted_cut_init);

static void __exit planted_cut_exit(void)
{
}
module_exit(planted_cut_exit);

MODULE_DESCRIPTION("planted: a KTAP plan that is not fulfilled");
MODULE_LICENSE("GPL");
