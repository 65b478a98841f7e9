// SPDX-License-Identifier: GPL-2.0-only
/* The machine panics as it goes to sleep: consoles do so before other devices. */
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/platform_device.h>
#include <linux/pm.h>

static int go(struct device *dev)
{
	panic("planted: %s goes to sleep", dev_name(dev));
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(planted_pm, go, NULL);

static struct platform_driver planted_driver = {
	.driver = {
		.name = "planted_asleep",
		.pm = &planted_pm,
	},
};

static int __init planted_asleep_init(void)
{
	struct platform_device *dev;
	int err = platform_driver_register(&planted_driver);

	if (err)
		return err;
	/* The guest does not outlive it. */
	__module_get(THIS_MODULE);
	dev = platform_device_register_simple("planted_asleep", PLATFORM_DEVID_NONE, NULL, 0);
	return PTR_ERR_OR_ZERO(dev);
}
module_init(planted_asleep_init);

MODULE_DESCRIPTION("planted: a panic of a machine that goes to sleep");
MODULE_LICENSE("GPL");
