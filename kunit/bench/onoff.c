// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast the kernel's own torture_onoff takes CPUs offline and online, with
 * nothing else to do and a jiffy or two between two moves.
 */
#define pr_fmt(fmt) "respawn: " fmt

#include <kunit/test.h>
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/torture.h>

static unsigned int seconds = 5;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long it goes on");

static atomic_t onlines = ATOMIC_INIT(0);

/* The console leaves out what the stress driver has it leave out, too. */
#define LEVEL_WITHOUT_INFO	6

static int count_online(unsigned int cpu)
{
	atomic_inc(&onlines);
	return 0;
}

static void onoff(struct kunit *test)
{
	int state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "respawn/onoff:online",
					      count_online, NULL);
	int level = console_loglevel, cycles, err;

	KUNIT_ASSERT_GT(test, state, 0);
	if (!torture_init_begin("respawn", 0)) {
		cpuhp_remove_state_nocalls(state);
		KUNIT_FAIL(test, "another torture test is running");
		return;
	}
	console_loglevel = LEVEL_WITHOUT_INFO;
	err = torture_onoff_init(0, 1, NULL);
	torture_init_end();
	if (!err)
		ssleep(seconds);
	cycles = atomic_read(&onlines);
	console_loglevel = level;
	torture_cleanup_begin();
	torture_cleanup_end();
	cpuhp_remove_state_nocalls(state);

	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_GT(test, cycles, 0);
	pr_info("onoff: cycles=%d\n", cycles);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_SLOW(onoff),
	{}
};

static struct kunit_suite bench_onoff_suite = {
	.name = "bench_onoff",
	.test_cases = cases,
};

kunit_test_suite(bench_onoff_suite);

MODULE_DESCRIPTION("How fast torture_onoff takes CPUs offline and online");
MODULE_LICENSE("GPL");
