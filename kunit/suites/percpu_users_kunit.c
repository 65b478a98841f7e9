// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for users of per-CPU threads that keep pointers to them: the backlog
 * of the network, and the injection of idle time. Their threads belong to a CPU
 * that goes and comes, and have to work before, after and, if need be, without it.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/idle_inject.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#define CYCLES		10
#define BOUND		(10 * HZ)
#define RUN_US		2000
#define IDLE_US		1000
/* Several periods of running and idling */
#define SOME_PERIODS	(HZ / 20)

static unsigned int cpu;

static void offline(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
}

static void online(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
}

/* How often a thread of the CPU went to sleep, 0 if there is none */
static unsigned long switches_of(const char *format)
{
	char name[TASK_COMM_LEN];
	struct task_struct *p;
	unsigned long n = 0;

	snprintf(name, sizeof(name), format, cpu);
	rcu_read_lock();
	for_each_process(p)
		if (!strcmp(p->comm, name))
			n = p->nvcsw + p->nivcsw;
	rcu_read_unlock();
	return n;
}

/* --- Idle injection: a timer wakes the threads of all CPUs --- */

static void inject_end(void *data)
{
	idle_inject_unregister(data);
}

static struct idle_inject_device *inject_begin(struct kunit *test)
{
	struct cpumask *mask = kunit_kzalloc(test, cpumask_size(), GFP_KERNEL);
	struct idle_inject_device *dev;

	KUNIT_ASSERT_NOT_NULL(test, mask);
	cpumask_copy(mask, cpu_online_mask);
	dev = idle_inject_register(mask);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, inject_end, dev), 0);
	idle_inject_set_duration(dev, RUN_US, IDLE_US);
	KUNIT_ASSERT_EQ(test, idle_inject_start(dev), 0);
	return dev;
}

static void expect_injection(struct kunit *test)
{
	unsigned long was = switches_of("idle_inject/%u");

	schedule_timeout_uninterruptible(SOME_PERIODS);
	KUNIT_EXPECT_GT(test, switches_of("idle_inject/%u"), was);
}

static void idle_is_injected_while_a_cpu_goes_and_comes(struct kunit *test)
{
	inject_begin(test);
	for (int i = 0; i < CYCLES; i++) {
		expect_injection(test);
		offline(test);
		schedule_timeout_uninterruptible(SOME_PERIODS);
		online(test);
	}
	expect_injection(test);
}

/* The end waits for all threads, those of CPUs that are offline too. */
static void injection_ends_while_a_cpu_is_offline(struct kunit *test)
{
	struct idle_inject_device *dev = inject_begin(test);

	for (int i = 0; i < CYCLES; i++) {
		expect_injection(test);
		offline(test);
		idle_inject_stop(dev);
		KUNIT_ASSERT_EQ(test, idle_inject_start(dev), 0);
		online(test);
	}
	expect_injection(test);
}

/* --- The backlog: that of a CPU which came back is worked off --- */

static DECLARE_COMPLETION(received);

static int receive(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
		   struct net_device *orig)
{
	kfree_skb(skb);
	complete(&received);
	return NET_RX_SUCCESS;
}

static struct packet_type packets = {
	.type = cpu_to_be16(ETH_P_802_EX1),
	.func = receive,
};

static void packets_end(void *unused)
{
	dev_remove_pack(&packets);
	rtnl_lock();
	dev_close(init_net.loopback_dev);
	rtnl_unlock();
}

/* A device that is down receives nothing. */
static int packets_begin(void)
{
	int err;

	dev_add_pack(&packets);
	rtnl_lock();
	err = dev_open(init_net.loopback_dev, NULL);
	rtnl_unlock();
	return err;
}

static long send_here(void *unused)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);

	if (!skb)
		return -ENOMEM;
	skb_put_zero(skb, 64);
	skb->dev = init_net.loopback_dev;
	skb->protocol = packets.type;
	skb_reset_mac_header(skb);
	return netif_rx(skb);
}

static void packets_are_received_where_a_cpu_came_back(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, packets_end, NULL), 0);
	KUNIT_ASSERT_EQ(test, packets_begin(), 0);
	for (int i = 0; i <= CYCLES; i++) {
		for (int n = 0; n < 3; n++) {
			KUNIT_ASSERT_EQ(test, work_on_cpu(cpu, send_here, NULL), NET_RX_SUCCESS);
			KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&received, BOUND), 0);
		}
		offline(test);
		online(test);
	}
}

static void back_online(void *unused)
{
	if (!cpu_online(cpu) && add_cpu(cpu))
		pr_err("CPU %u does not come back\n", cpu);
}

static int percpu_users_init(struct kunit *test)
{
	cpu = cpumask_last(cpu_online_mask);
	return cpu ? kunit_add_action(test, back_online, NULL) : -ENODEV;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(idle_is_injected_while_a_cpu_goes_and_comes),
	KUNIT_CASE(injection_ends_while_a_cpu_is_offline),
	KUNIT_CASE(packets_are_received_where_a_cpu_came_back),
	{}
};

static struct kunit_suite percpu_users_suite = {
	.name = "percpu_users",
	.init = percpu_users_init,
	.test_cases = cases,
};

kunit_test_suite(percpu_users_suite);

MODULE_DESCRIPTION("KUnit suite for users that keep pointers to per-CPU threads");
MODULE_IMPORT_NS(IDLE_INJECT);
MODULE_LICENSE("GPL");
