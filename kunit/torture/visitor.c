// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that is there for a moment only, with a thread and callbacks on each
 * CPU. What still ran when it is unloaded would run code that is gone.
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smpboot.h>

#include "torture.h"

static DEFINE_PER_CPU(struct task_struct *, visitor_threads);
static enum cpuhp_state visitor_state;

static int visitor_should_run(unsigned int cpu)
{
	return 0;
}

static void visitor_fn(unsigned int cpu)
{
}

static struct smp_hotplug_thread visitor = {
	.store = &visitor_threads,
	.thread_should_run = visitor_should_run,
	.thread_fn = visitor_fn,
	.thread_comm = "visitor/%u",
};

static int visitor_wake(unsigned int cpu)
{
	wake_up_process(per_cpu(visitor_threads, cpu));
	return 0;
}

static int __init visitor_init(void)
{
	int err;

	if (!torture_percpu_may_register())
		return -EAGAIN;
	err = smpboot_register_percpu_thread(&visitor);
	torture_percpu_release();
	if (err)
		return err;
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "respawn/visitor:online",
				visitor_wake, visitor_wake);
	if (err < 0) {
		smpboot_unregister_percpu_thread(&visitor);
		return err;
	}
	visitor_state = err;
	return 0;
}

static void __exit visitor_exit(void)
{
	cpuhp_remove_state(visitor_state);
	smpboot_unregister_percpu_thread(&visitor);
}

module_init(visitor_init);
module_exit(visitor_exit);

MODULE_DESCRIPTION("Comes and goes while CPUs do");
MODULE_LICENSE("GPL");
