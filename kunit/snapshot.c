// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has the machine stop, as the guest is ready and nothing of a seed has been
 * seen yet. The host keeps that state, and lets one run after the other go on
 * from it, none of which has to boot.
 *
 * What tells those runs apart comes by memory: the host writes it while the
 * machine stands still, so that no event can be early or late. It is there as
 * the parameter "words" once the module is loaded.
 */
#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>

static char words[PAGE_SIZE / 2];
module_param_string(words, words, sizeof(words), 0444);
MODULE_PARM_DESC(words, "what the host has to say to this run");

#define MEETING_NS	(50 * NSEC_PER_MSEC)

/* QEMU's pvpanic: who writes this bit is taken for a guest that panicked. */
#define PANICKED	1

#ifdef CONFIG_X86
#define PVPANIC_PORT	0x505

/* On the ISA bus, where it is found by its address alone */
static int stop_machine_here(void)
{
	outb(PANICKED, PVPANIC_PORT);
	return 0;
}
#else
#define PVPANIC_DEVICE	0x0011

static int stop_machine_here(void)
{
	struct pci_dev *dev = pci_get_device(PCI_VENDOR_ID_REDHAT, PVPANIC_DEVICE, NULL);
	void __iomem *at;
	int err;

	if (!dev)
		return -ENODEV;
	err = pci_enable_device(dev);
	if (err)
		goto out;
	err = -ENOMEM;
	at = pci_iomap(dev, 0, 0);
	if (!at)
		goto out_disable;
	iowrite8(PANICKED, at);
	/* Whoever reads it has been stopped and has gone on. */
	ioread8(at);
	pci_iounmap(dev, at);
	err = 0;
out_disable:
	pci_disable_device(dev);
out:
	pci_dev_put(dev);
	return err;
}
#endif

/*
 * QEMU's clock may go on to the next timer or not while it stops. So time goes on
 * for all runs at the same moment, from whichever snapshot.
 */
static void meet(void)
{
	u64 at = roundup(ktime_get_ns() + MEETING_NS / 2, MEETING_NS);
	ktime_t expires = ns_to_ktime(at);

	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_hrtimeout(&expires, HRTIMER_MODE_ABS);
}

static int __init snapshot_init(void)
{
	char *page = (char *)get_zeroed_page(GFP_KERNEL);
	int err;

	if (!page)
		return -ENOMEM;
	pr_info("respawn: words at %#llx size %zu\n", (u64)virt_to_phys(page), sizeof(words));
	err = stop_machine_here();
	/* The compiler knows of nobody who could have written there. */
	barrier();
	strscpy(words, page, sizeof(words));
	free_page((unsigned long)page);
	meet();
	return err;
}
module_init(snapshot_init);

static void __exit snapshot_exit(void)
{
}
module_exit(snapshot_exit);

MODULE_DESCRIPTION("Stops the machine for a snapshot of it");
MODULE_LICENSE("GPL");
