// SPDX-License-Identifier: GPL-2.0-only
/* A module that loads and has no suite in it. */
#include <linux/module.h>

static int __init planted_nothing_init(void)
{
	return 0;
}
module_init(planted_nothing_init);

static void __exit planted_nothing_exit(void)
{
}
module_exit(planted_nothing_exit);

MODULE_DESCRIPTION("planted: a suite that never starts");
MODULE_LICENSE("GPL");
