// SPDX-License-Identifier: GPL-2.0-only
/* A module that does not let itself be loaded. */
#include <linux/module.h>

static int __init planted_refuse_init(void)
{
	return -ENODEV;
}
module_init(planted_refuse_init);

MODULE_DESCRIPTION("planted: a module that refuses to be loaded");
MODULE_LICENSE("GPL");
