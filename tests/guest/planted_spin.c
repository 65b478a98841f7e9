// SPDX-License-Identifier: GPL-2.0-only
/* Every CPU spins with interrupts off: no detector of the guest's is left. */
#include <linux/module.h>
#include <linux/smp.h>

static void spin(void *unused)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static int __init planted_spin_init(void)
{
	on_each_cpu(spin, NULL, 0);
	return 0;
}
module_init(planted_spin_init);

MODULE_DESCRIPTION("planted: a guest that is stuck for good");
MODULE_LICENSE("GPL");
