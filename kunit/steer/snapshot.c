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
#include <linux/console.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "pvpanic.h"

static char words[PAGE_SIZE / 2];
module_param_string(words, words, sizeof(words), 0444);
MODULE_PARM_DESC(words, "what the host has to say to this run");

#define MEETING_NS	(50 * NSEC_PER_MSEC)

/*
 * The host has to read where the words go before the machine stands still. Where
 * a thread prints what is logged, a console that is suspended has printed all.
 */
static void see_it_printed(void)
{
#ifdef HAVE_CONSOLE_SUSPEND
	struct console *con, *first = NULL;
	int cookie = console_srcu_read_lock();

	for_each_console_srcu(con)
		first = first ?: con;
	console_srcu_read_unlock(cookie);
	if (first) {
		console_suspend(first);
		console_resume(first);
	}
#endif
}

static int stop_machine_here(void)
{
	struct pvpanic p;
	int err = pvpanic_open(&p);

	if (err)
		return err;
	pvpanic_write(&p);
	pvpanic_close(&p);
	return 0;
}

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
	see_it_printed();
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
