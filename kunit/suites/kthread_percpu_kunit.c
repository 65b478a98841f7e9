// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for threads that belong to a CPU, across that CPU's hotplug: bound
 * ones of the suite's own, hotplug threads that it registers, and the kernel's.
 *
 * The CPU that goes and comes is the last one. Every case leaves it online.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/kthread.h>
#include <linux/kthread_lifecycle.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/smpboot.h>
#include <linux/stop_machine.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "knob.h"

#define BOUND		(10 * HZ)
#define CYCLES		10
#define ROUNDS		100
#define LEAKY_CYCLES	20	/* a CPU has three threads at least */
#define RESPAWN		"/sys/module/smpboot/parameters/respawn"

/* The host takes the next trouble with that text for what it is: meant. */
#define expect_warning(text)	pr_info("respawn: expect %s\n", text)

static unsigned int cpu;

/**
 * struct bound - a thread bound to the CPU
 * @k: the thread while it lives, else NULL
 * @inits: times that initfn ran
 * @cores: times that corefn ran
 * @astray: runs of either on another CPU
 * @ran: completed by each run of corefn
 */
struct bound {
	struct task_struct *k;
	atomic_t inits;
	atomic_t cores;
	atomic_t astray;
	struct completion ran;
};

static int bound_init(void *data)
{
	struct bound *b = data;

	atomic_inc(&b->inits);
	if (raw_smp_processor_id() != cpu)
		atomic_inc(&b->astray);
	return 0;
}

static int bound_core(void *data)
{
	struct bound *b = data;

	atomic_inc(&b->cores);
	if (raw_smp_processor_id() != cpu)
		atomic_inc(&b->astray);
	complete(&b->ran);
	return 0;
}

static int bound_destroy(struct bound *b)
{
	struct task_struct *k = b->k;

	b->k = NULL;
	return kthread_destroy(k);
}

static void bound_end(void *data)
{
	struct bound *b = data;

	if (b->k)
		kthread_destroy(b->k);
}

static struct bound *bound_spawn(struct kunit *test)
{
	struct bound *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct task_struct *k;

	KUNIT_ASSERT_NOT_NULL(test, b);
	init_completion(&b->ran);
	k = kthread_spawn(bound_init, bound_core, b, "bound/%u", cpu);
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	b->k = k;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, bound_end, b), 0);
	kthread_bind(k, cpu);
	return b;
}

static struct bound *bound_launch(struct kunit *test)
{
	struct bound *b = bound_spawn(test);

	KUNIT_ASSERT_PTR_EQ(test, kthread_start(b->k), b->k);
	return b;
}

static void bound_run(struct kunit *test, struct bound *b)
{
	wake_up_process(b->k);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&b->ran, BOUND), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->astray), 0);
}

/* See the thread off its CPU, and not about to be on one. */
static void bound_sleeps(struct kunit *test, struct bound *b)
{
	unsigned long end = jiffies + BOUND;

	while (!(READ_ONCE(b->k->__state) & TASK_INTERRUPTIBLE) ||
	       READ_ONCE(b->k->on_rq) || READ_ONCE(b->k->on_cpu)) {
		KUNIT_ASSERT_TRUE(test, time_before(jiffies, end));
		schedule_timeout_uninterruptible(1);
	}
}

static void offline(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_ASSERT_FALSE(test, cpu_online(cpu));
}

static void online(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
	KUNIT_ASSERT_TRUE(test, cpu_online(cpu));
}

static void started_when_its_cpu_comes(struct kunit *test)
{
	struct bound *b;

	offline(test);
	b = bound_spawn(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 0);
	online(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 0);
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(b->k), b->k);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 1);
	bound_run(test, b);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
}

/* Where nothing else runs on the CPU in between */
static int unpark_and_park(void *data)
{
	struct bound *b = data;

	kthread_unpark(b->k);
	kthread_park(b->k);
	complete(&b->ran);
	return 0;
}

/* A rollback does that: it parks what it has just unparked. */
static void parked_again_before_it_gets_going(struct kunit *test)
{
	struct bound *b = bound_spawn(test);
	struct task_struct *k;

	k = kthread_create_on_cpu(unpark_and_park, b, cpu, "parker/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	sched_set_fifo(k);
	wake_up_process(k);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&b->ran, BOUND), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(b->k->__state), (unsigned int)TASK_PARKED);
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(b->k), b->k);
	bound_run(test, b);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
}

/**
 * struct crossing - a start, a park and a destroy of one thread
 * @b: the thread
 * @k: its task, with a reference for each of them
 * @started: what the start returned
 * @destroyed: what the destroy returned
 * @start: works on the start
 * @destroy: and on the destroy
 * @over: the destroy has returned
 */
struct crossing {
	struct bound *b;
	struct task_struct *k;
	struct task_struct *started;
	int destroyed;
	struct work_struct start;
	struct work_struct destroy;
	struct completion over;
};

static void cross_start(struct work_struct *work)
{
	struct crossing *c = container_of(work, struct crossing, start);

	c->started = kthread_start(c->k);
}

static void cross_destroy(struct work_struct *work)
{
	struct crossing *c = container_of(work, struct crossing, destroy);

	c->destroyed = kthread_destroy(c->k);
	complete(&c->over);
}

/* While this runs the thread can't: it is woken, and does not get to see why. */
static int await_start_and_park(void *data)
{
	struct crossing *c = data;

	queue_work_on(cpumask_any_but(cpu_online_mask, cpu), system_percpu_wq, &c->start);
	while (READ_ONCE(c->k->__state) & TASK_PARKED)
		cpu_relax();
	kthread_park(c->k);
	complete(&c->b->ran);
	return 0;
}

/* The start waits for a thread that somebody has parked; a destroy does not. */
static void destroyed_although_parked_as_it_starts(struct kunit *test)
{
	struct crossing *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct task_struct *k;

	KUNIT_ASSERT_NOT_NULL(test, c);
	init_completion(&c->over);
	INIT_WORK(&c->start, cross_start);
	INIT_WORK(&c->destroy, cross_destroy);
	c->b = bound_spawn(test);
	c->k = c->b->k;
	k = kthread_create_on_cpu(await_start_and_park, c, cpu, "parker/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	get_task_struct(c->k);
	sched_set_fifo(k);
	wake_up_process(k);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&c->b->ran, BOUND), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->b->inits), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(c->k->__state), (unsigned int)TASK_PARKED);

	c->b->k = NULL;
	queue_work(system_dfl_wq, &c->destroy);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&c->over, BOUND), 0);
	/* What waits for good has to be let go. */
	kthread_unpark(c->k);
	flush_work(&c->destroy);
	flush_work(&c->start);
	KUNIT_EXPECT_EQ(test, c->destroyed, 0);
	KUNIT_EXPECT_PTR_EQ(test, c->started, c->k);
	KUNIT_EXPECT_EQ(test, atomic_read(&c->b->inits), 1);
	put_task_struct(c->k);
}

/* No wake-up has it run anywhere, before or after it starts. */
static void stray_wakeups_do_not_unbind_it(struct kunit *test)
{
	struct bound *b;

	offline(test);
	b = bound_spawn(test);
	for (int i = 0; i < 10; i++)
		wake_up_process(b->k);
	online(test);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(b->k->cpus_ptr, cpumask_of(cpu)));
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(b->k), b->k);
	for (int i = 0; i < 10; i++)
		bound_run(test, b);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
}

static void start_on_an_offline_cpu_is_refused(struct kunit *test)
{
	struct bound *b;

	offline(test);
	b = bound_spawn(test);
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(b->k), ERR_PTR(-KTHREAD_NOT_STARTED));
	KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 0);
	online(test);
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(b->k), b->k);
	bound_run(test, b);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
}

/* Whoever cannot wait may start it, and it is bound all the same. */
static void started_by_unpark_it_keeps_its_cpu(struct kunit *test)
{
	for (int i = 0; i < CYCLES; i++) {
		struct bound *b = bound_spawn(test);

		kthread_unpark(b->k);
		KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&b->ran, BOUND), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&b->astray), 0);
		KUNIT_EXPECT_TRUE(test, cpumask_equal(b->k->cpus_ptr, cpumask_of(cpu)));
		bound_sleeps(test, b);
		offline(test);
		online(test);
		bound_run(test, b);
		KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 1);
		KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
	}
}

/* Its CPU is away: it ends, having run nothing, and whoever destroys it is told. */
static void unpark_on_an_offline_cpu_runs_nothing(struct kunit *test)
{
	struct bound *b;

	offline(test);
	b = bound_spawn(test);
	kthread_unpark(b->k);
	while (READ_ONCE(b->k->exit_state) != EXIT_ZOMBIE)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), -ENODEV);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->cores), 0);
	online(test);
}

/* The last binding counts; once it was started there is no other one. */
static void bound_anew_until_it_is_started(struct kunit *test)
{
	struct bound *b = bound_spawn(test);

	kthread_bind(b->k, 0);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(b->k->cpus_ptr, cpumask_of(0)));
	kthread_bind(b->k, cpu);
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(b->k), b->k);
	bound_run(test, b);
	bound_sleeps(test, b);
	KUNIT_ASSERT_EQ(test, kthread_park(b->k), 0);
	expect_warning("kernel/kthread.c");
	kthread_bind(b->k, 0);
	kthread_unpark(b->k);
	bound_run(test, b);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
}

static void destroyed_on_an_offline_cpu_before_start(struct kunit *test)
{
	struct bound *b;

	offline(test);
	b = bound_spawn(test);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), -EINTR);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->cores), 0);
	online(test);
}

static void sleeps_while_its_cpu_is_away(struct kunit *test)
{
	struct bound *b = bound_launch(test);

	for (int i = 0; i < CYCLES; i++) {
		bound_run(test, b);
		bound_sleeps(test, b);
		offline(test);
		online(test);
	}
	bound_run(test, b);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->inits), 1);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
}

static void woken_on_an_offline_cpu_does_not_run(struct kunit *test)
{
	struct bound *b = bound_launch(test);

	bound_run(test, b);
	bound_sleeps(test, b);
	offline(test);
	expect_warning("kernel/kthread_lifecycle.c");
	wake_up_process(b->k);
	bound_sleeps(test, b);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->cores), 1);
	online(test);
	/* And it finds its way back. */
	for (int i = 0; i < 10; i++)
		bound_run(test, b);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->cores), 11);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
}

static void destroyed_while_its_cpu_is_away(struct kunit *test)
{
	struct bound *b = bound_launch(test);

	bound_run(test, b);
	bound_sleeps(test, b);
	offline(test);
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&b->cores), 1);
	online(test);
}

static void users_cannot_move_it(struct kunit *test)
{
	struct bound *b = bound_launch(test);

	KUNIT_EXPECT_TRUE(test, b->k->flags & PF_NO_SETAFFINITY);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(b->k->cpus_ptr, cpumask_of(cpu)));
	KUNIT_EXPECT_EQ(test, bound_destroy(b), 0);
}

/**
 * struct comer - a thread that comes and goes with the CPU, by its callbacks
 * @b: the thread
 * @state: of the callbacks
 * @ran: whether it ran when it was woken for the last time
 * @result: what the last destroy returned
 * @goings: how often it was destroyed
 */
static struct comer {
	struct bound b;
	enum cpuhp_state state;
	bool ran;
	int result;
	unsigned int goings;
} comer;

static int comer_online(unsigned int which)
{
	struct task_struct *k;

	if (which != cpu)
		return 0;
	k = kthread_spawn(bound_init, bound_core, &comer.b, "comer/%u", which);
	if (IS_ERR(k))
		return PTR_ERR(k);
	kthread_bind(k, which);
	comer.b.k = kthread_start(k);
	return PTR_ERR_OR_ZERO(comer.b.k);
}

static int comer_offline(unsigned int which)
{
	if (which != cpu)
		return 0;
	/* The CPU is on its way down, and still the one that it runs on. */
	wake_up_process(comer.b.k);
	comer.ran = wait_for_completion_timeout(&comer.b.ran, BOUND);
	comer.result = bound_destroy(&comer.b);
	comer.goings++;
	return 0;
}

static void comer_remove(void *data)
{
	cpuhp_remove_state(comer.state);
}

static void spawned_and_destroyed_as_it_comes_and_goes(struct kunit *test)
{
	int state;

	comer = (struct comer){ .result = -EPROTO };
	init_completion(&comer.b.ran);
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kunit/comer:online",
				  comer_online, comer_offline);
	KUNIT_ASSERT_GT(test, state, 0);
	comer.state = state;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, comer_remove, NULL), 0);
	for (int i = 1; i <= CYCLES; i++) {
		bound_run(test, &comer.b);
		offline(test);
		KUNIT_EXPECT_NULL(test, comer.b.k);
		KUNIT_EXPECT_TRUE(test, comer.ran);
		KUNIT_EXPECT_EQ(test, atomic_read(&comer.b.astray), 0);
		KUNIT_EXPECT_EQ(test, comer.result, 0);
		KUNIT_EXPECT_EQ(test, comer.goings, (unsigned int)i);
		online(test);
		KUNIT_EXPECT_EQ(test, atomic_read(&comer.b.inits), i + 1);
	}
	bound_run(test, &comer.b);
}

/* --- The kernel's own threads --- */

/* Those of the kernel that are there in a configuration; the first three are in all. */
static const char *const kernel_threads[] = {
	"ksoftirqd/%u", "migration/%u", "cpuhp/%u", "rcuc/%u",
};

#define NR_ALWAYS	3

/* The thread of that name: its pid, or 0 if there is none */
static pid_t find_thread(const char *format)
{
	char name[TASK_COMM_LEN];
	struct task_struct *p;
	pid_t pid = 0;

	snprintf(name, sizeof(name), format, cpu);
	rcu_read_lock();
	for_each_process(p)
		if (!strcmp(p->comm, name))
			pid = task_pid_nr(p);
	rcu_read_unlock();
	return pid;
}

/* Any thread whose name ends in "/" and our CPU, worker pools apart */
static bool has_any_thread(void)
{
	char end[16];
	struct task_struct *p;
	bool found = false;

	snprintf(end, sizeof(end), "/%u", cpu);
	rcu_read_lock();
	for_each_process(p) {
		const char *slash = strchr(p->comm, '/');

		if (slash && !strcmp(slash, end) && (p->flags & PF_KTHREAD))
			found = true;
	}
	rcu_read_unlock();
	return found;
}

static void set_respawn(struct kunit *test, bool on)
{
	struct knob *respawn = knob_keep(test, RESPAWN);

	KUNIT_ASSERT_EQ(test, knob_write(respawn->path, on ? "Y" : "N"), 0);
}

/*
 * Threads that respawn from now on. One that was made to park is only stopped,
 * and nobody waits until it is reaped: it may be seen for a while.
 */
static void all_respawn(struct kunit *test)
{
	set_respawn(test, true);
	offline(test);
	online(test);
}

static void kernel_threads_respawn(struct kunit *test)
{
	pid_t was[ARRAY_SIZE(kernel_threads)], is;

	all_respawn(test);
	for (int cycle = 0; cycle < CYCLES; cycle++) {
		for (int i = 0; i < ARRAY_SIZE(kernel_threads); i++) {
			was[i] = find_thread(kernel_threads[i]);
			if (i < NR_ALWAYS)
				KUNIT_ASSERT_NE_MSG(test, was[i], 0, "%s", kernel_threads[i]);
		}
		offline(test);
		KUNIT_EXPECT_FALSE(test, has_any_thread());
		online(test);
		for (int i = 0; i < ARRAY_SIZE(kernel_threads); i++) {
			is = find_thread(kernel_threads[i]);
			KUNIT_EXPECT_EQ_MSG(test, !is, !was[i], "%s", kernel_threads[i]);
			if (is)
				KUNIT_EXPECT_NE_MSG(test, is, was[i], "%s", kernel_threads[i]);
		}
	}
}

static void kernel_threads_park(struct kunit *test)
{
	pid_t was[ARRAY_SIZE(kernel_threads)];

	set_respawn(test, false);
	for (int i = 0; i < ARRAY_SIZE(kernel_threads); i++)
		was[i] = find_thread(kernel_threads[i]);
	for (int cycle = 0; cycle < CYCLES; cycle++) {
		offline(test);
		for (int i = 0; i < ARRAY_SIZE(kernel_threads); i++)
			KUNIT_EXPECT_EQ_MSG(test, find_thread(kernel_threads[i]), was[i],
					    "%s", kernel_threads[i]);
		online(test);
		for (int i = 0; i < ARRAY_SIZE(kernel_threads); i++)
			KUNIT_EXPECT_EQ_MSG(test, find_thread(kernel_threads[i]), was[i],
					    "%s", kernel_threads[i]);
	}
}

/* A thread of one kind goes on, and ends, whatever the setting is by then. */
static void setting_may_change_at_any_time(struct kunit *test)
{
	static const bool before[] = { true, true, false, false, true };
	static const bool while_away[] = { true, false, true, false, true };

	knob_keep(test, RESPAWN);
	for (int i = 0; i < ARRAY_SIZE(before); i++) {
		set_respawn(test, before[i]);
		offline(test);
		set_respawn(test, while_away[i]);
		online(test);
		for (int j = 0; j < NR_ALWAYS; j++)
			KUNIT_EXPECT_NE(test, find_thread(kernel_threads[j]), 0);
	}
}

/*
 * The limit on threads ends the way up at each of the CPU's threads in turn. One
 * more or less may have come or gone meanwhile, so which it is is not asked.
 */
static unsigned int count_threads(void)
{
	struct task_struct *p, *t;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_process_thread(p, t)
		n++;
	rcu_read_unlock();
	return n;
}

static void failed_respawn_rolls_back(struct kunit *test)
{
	unsigned int failures = 0;
	struct knob *limit;

	all_respawn(test);
	limit = knob_keep(test, "/proc/sys/kernel/threads-max");
	offline(test);
	for (unsigned int spare = 0; spare < ARRAY_SIZE(kernel_threads); spare++) {
		int err;

		knob_set(test, limit->path, count_threads() + spare);
		err = add_cpu(cpu);
		knob_restore(limit);
		if (!err)
			break;
		failures++;
		KUNIT_EXPECT_EQ(test, err, -EAGAIN);
		KUNIT_EXPECT_FALSE(test, cpu_online(cpu));
		KUNIT_EXPECT_FALSE(test, has_any_thread());
	}
	KUNIT_EXPECT_GE(test, failures, 1U);
	if (!cpu_online(cpu))
		online(test);
	for (int i = 0; i < NR_ALWAYS; i++)
		KUNIT_EXPECT_NE(test, find_thread(kernel_threads[i]), 0);
}

/*
 * The task that brings a CPU up does two allocations for each of the CPU's threads.
 * If one fails, others that succeed must not hide that.
 */
static void failed_allocation_rolls_back(struct kunit *test)
{
	int failed = 0, err;

	knob_arm_failslab(test);
	all_respawn(test);
	offline(test);
	for (unsigned int nth = 1; nth <= 2 * NR_ALWAYS; nth++) {
		current->fail_nth = knob_nth(nth);
		err = add_cpu(cpu);
		current->fail_nth = 0;
		if (!err && knob_may_miss()) {
			offline(test);
			continue;
		}
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_FALSE(test, cpu_online(cpu));
		KUNIT_EXPECT_FALSE(test, has_any_thread());
		failed++;
	}
	KUNIT_EXPECT_GT(test, failed, NR_ALWAYS);
	online(test);
	for (int i = 0; i < NR_ALWAYS; i++)
		KUNIT_EXPECT_NE(test, find_thread(kernel_threads[i]), 0);
}

/* Of the CPU's threads all but the last are there already, or all but two. */
static void respawn_and_fail(struct kunit *test)
{
	int failed = 0;

	for (int i = 0; i < 2 * ROUNDS; i++) {
		int err;

		current->fail_nth = knob_nth(2 * NR_ALWAYS - i % 2);
		err = add_cpu(cpu);
		current->fail_nth = 0;
		if (!err && knob_may_miss()) {
			offline(test);
			continue;
		}
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		failed++;
	}
	KUNIT_ASSERT_GT(test, failed, ROUNDS);
	rcu_barrier();
	rcu_barrier();
}

/* The first time, slabs are made, whose objects count as in use. */
static void failed_respawns_leave_nothing(struct kunit *test)
{
	long objects, task_structs;

	knob_arm_failslab(test);
	all_respawn(test);
	offline(test);
	respawn_and_fail(test);
	objects = slab_objects(test, "kmalloc-");
	task_structs = slab_objects(test, "task_struct ");
	respawn_and_fail(test);
	if (slab_is_exact()) {
		KUNIT_EXPECT_LT(test, slab_objects(test, "kmalloc-"), objects + ROUNDS);
		KUNIT_EXPECT_LT(test, slab_objects(test, "task_struct "),
				task_structs + ROUNDS / 10);
	}
	online(test);
}

/* --- Hotplug threads of a module --- */

static DEFINE_PER_CPU(struct task_struct *, plug_task);

/* What was called for the CPU's thread, a letter each */
static char calls[64];
static atomic_t plug_astray;

static void call(unsigned int which, char c)
{
	size_t len = strlen(calls);

	if (which != cpu || len + 1 >= sizeof(calls))
		return;
	calls[len] = c;
	calls[len + 1] = '\0';
}

static void call_at_home(unsigned int which, char c)
{
	if (raw_smp_processor_id() != which)
		atomic_inc(&plug_astray);
	call(which, c);
}

static void plug_create(unsigned int which)
{
	call(which, 'c');
}

static void plug_destroy(unsigned int which)
{
	call(which, 'd');
}

static void plug_setup(unsigned int which)
{
	call_at_home(which, 's');
}

static void plug_cleanup(unsigned int which, bool is_online)
{
	call(which, is_online ? 'X' : 'x');
}

static void plug_park(unsigned int which)
{
	call_at_home(which, 'p');
}

static void plug_unpark(unsigned int which)
{
	call_at_home(which, 'u');
}

static int plug_should_run(unsigned int which)
{
	return 0;
}

static void plug_fn(unsigned int which)
{
}

static struct smp_hotplug_thread plug = {
	.store			= &plug_task,
	.thread_should_run	= plug_should_run,
	.thread_fn		= plug_fn,
	.create			= plug_create,
	.destroy		= plug_destroy,
	.setup			= plug_setup,
	.cleanup		= plug_cleanup,
	.park			= plug_park,
	.unpark			= plug_unpark,
	.thread_comm		= "plug/%u",
};

static void plug_unregister(void *unused)
{
	smpboot_unregister_percpu_thread(&plug);
}

/* The thread of the CPU has nothing to do any more, so it has done it all. */
static void plug_settles(struct kunit *test)
{
	struct bound b = { .k = per_cpu(plug_task, cpu) };

	if (b.k)
		bound_sleeps(test, &b);
}

/* A thread of kthread_spawn() blocks signals that others ignore. */
static bool is_spawned(void)
{
	return sigismember(&per_cpu(plug_task, cpu)->blocked, SIGINT);
}

static void expect_calls(struct kunit *test, bool respawn, const char *cycle)
{
	set_respawn(test, respawn);
	calls[0] = '\0';
	atomic_set(&plug_astray, 0);
	KUNIT_ASSERT_EQ(test, smpboot_register_percpu_thread(&plug), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, plug_unregister, NULL), 0);
	plug_settles(test);
	KUNIT_EXPECT_STREQ(test, calls, "cs");

	for (int i = 0; i < 3; i++) {
		calls[0] = '\0';
		offline(test);
		online(test);
		plug_settles(test);
		KUNIT_EXPECT_STREQ(test, calls, cycle);
		KUNIT_EXPECT_EQ(test, is_spawned(), respawn);
	}
	calls[0] = '\0';
	kunit_release_action(test, plug_unregister, NULL);
	KUNIT_EXPECT_STREQ(test, calls, "X");
	KUNIT_EXPECT_EQ(test, atomic_read(&plug_astray), 0);
	KUNIT_EXPECT_NULL(test, per_cpu(plug_task, cpu));
}

static void callbacks_of_a_respawned_thread(struct kunit *test)
{
	expect_calls(test, true, "pdxcs");
}

static void callbacks_of_a_parked_thread(struct kunit *test)
{
	expect_calls(test, false, "pu");
}

static void unregistered_while_its_cpu_is_away(struct kunit *test)
{
	set_respawn(test, true);
	KUNIT_ASSERT_EQ(test, smpboot_register_percpu_thread(&plug), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, plug_unregister, NULL), 0);
	offline(test);
	/* Its user may still wake it, and finds nobody. */
	KUNIT_ASSERT_NOT_NULL(test, per_cpu(plug_task, cpu));
	KUNIT_EXPECT_EQ(test, per_cpu(plug_task, cpu)->exit_state, EXIT_DEAD);
	KUNIT_EXPECT_EQ(test, wake_up_process(per_cpu(plug_task, cpu)), 0);
	KUNIT_EXPECT_EQ(test, find_thread("plug/%u"), 0);
	kunit_release_action(test, plug_unregister, NULL);
	online(test);
	KUNIT_EXPECT_NULL(test, per_cpu(plug_task, cpu));
	KUNIT_EXPECT_EQ(test, find_thread("plug/%u"), 0);
}

/*
 * The first allocation is smpboot's, the second one that of kthread_spawn(). Returns in
 * how many rounds it failed.
 */
static int register_and_fail(unsigned int rounds)
{
	int err = -ENOMEM, failed = 0;

	for (unsigned int i = 0; err == -ENOMEM && i < rounds; i++) {
		current->fail_nth = knob_nth(2);
		err = smpboot_register_percpu_thread(&plug);
		current->fail_nth = 0;
		failed += err == -ENOMEM;
		if (!err && knob_may_miss()) {
			smpboot_unregister_percpu_thread(&plug);
			err = -ENOMEM;
		}
	}
	return failed;
}

/* Each round leaks an object per CPU, if any. */
static void register_often(struct kunit *test)
{
	for (int i = 0; i < ROUNDS; i++) {
		KUNIT_ASSERT_EQ(test, smpboot_register_percpu_thread(&plug), 0);
		smpboot_unregister_percpu_thread(&plug);
	}
	KUNIT_EXPECT_GT(test, register_and_fail(2 * ROUNDS),
			knob_may_miss() ? ROUNDS : 2 * ROUNDS - 1);
	rcu_barrier();
	rcu_barrier();
}

/* The first time, slabs are made for each CPU, whose objects count as in use. */
static void registering_leaves_nothing(struct kunit *test)
{
	long objects, task_structs;

	knob_arm_failslab(test);
	set_respawn(test, true);
	register_often(test);
	objects = slab_objects(test, "kmalloc-");
	task_structs = slab_objects(test, "task_struct ");
	register_often(test);
	if (!slab_is_exact())
		return;
	KUNIT_EXPECT_LT(test, slab_objects(test, "kmalloc-"), objects + ROUNDS);
	KUNIT_EXPECT_LT(test, slab_objects(test, "task_struct "), task_structs + ROUNDS / 10);
}

/* Each thread of the CPU has many predecessors then, and all but one are gone. */
static void cycles_leave_no_task(struct kunit *test)
{
	long task_structs = 0;

	knob_arm_failslab(test);
	set_respawn(test, true);
	for (int i = -2; i < LEAKY_CYCLES; i++) {
		if (!i) {
			rcu_barrier();
			task_structs = slab_objects(test, "task_struct ");
		}
		offline(test);
		online(test);
	}
	rcu_barrier();
	if (slab_is_exact())
		KUNIT_EXPECT_LT(test, slab_objects(test, "task_struct "),
				task_structs + LEAKY_CYCLES);
}

/* The stopper works for a CPU that came back. */
static int where(void *data)
{
	*(int *)data = raw_smp_processor_id();
	return 0;
}

static void respawned_stopper_works(struct kunit *test)
{
	int at = -1;

	set_respawn(test, true);
	offline(test);
	online(test);
	KUNIT_EXPECT_EQ(test, stop_machine(where, &at, cpumask_of(cpu)), 0);
	KUNIT_EXPECT_EQ(test, at, (int)cpu);
}

static void back_online(void *unused)
{
	if (!cpu_online(cpu) && add_cpu(cpu))
		pr_err("CPU %u does not come back\n", cpu);
}

static int kthread_percpu_init(struct kunit *test)
{
	return kunit_add_action(test, back_online, NULL);
}

static int kthread_percpu_suite_init(struct kunit_suite *suite)
{
	cpu = cpumask_last(cpu_online_mask);
	return cpu ? 0 : -ENODEV;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(started_when_its_cpu_comes),
	KUNIT_CASE(parked_again_before_it_gets_going),
	KUNIT_CASE(destroyed_although_parked_as_it_starts),
	KUNIT_CASE(stray_wakeups_do_not_unbind_it),
	KUNIT_CASE(start_on_an_offline_cpu_is_refused),
	KUNIT_CASE(started_by_unpark_it_keeps_its_cpu),
	KUNIT_CASE(unpark_on_an_offline_cpu_runs_nothing),
	KUNIT_CASE(bound_anew_until_it_is_started),
	KUNIT_CASE(destroyed_on_an_offline_cpu_before_start),
	KUNIT_CASE(sleeps_while_its_cpu_is_away),
	KUNIT_CASE(woken_on_an_offline_cpu_does_not_run),
	KUNIT_CASE(destroyed_while_its_cpu_is_away),
	KUNIT_CASE(users_cannot_move_it),
	KUNIT_CASE(spawned_and_destroyed_as_it_comes_and_goes),
	KUNIT_CASE(kernel_threads_respawn),
	KUNIT_CASE(kernel_threads_park),
	KUNIT_CASE(setting_may_change_at_any_time),
	KUNIT_CASE(failed_respawn_rolls_back),
	KUNIT_CASE(failed_allocation_rolls_back),
	KUNIT_CASE(failed_respawns_leave_nothing),
	KUNIT_CASE(callbacks_of_a_respawned_thread),
	KUNIT_CASE(callbacks_of_a_parked_thread),
	KUNIT_CASE(unregistered_while_its_cpu_is_away),
	KUNIT_CASE(registering_leaves_nothing),
	KUNIT_CASE(cycles_leave_no_task),
	KUNIT_CASE(respawned_stopper_works),
	{}
};

static struct kunit_suite kthread_percpu_suite = {
	.name = "kthread_percpu",
	.suite_init = kthread_percpu_suite_init,
	.init = kthread_percpu_init,
	.test_cases = cases,
};

kunit_test_suite(kthread_percpu_suite);

MODULE_DESCRIPTION("KUnit suite for threads of a CPU that goes and comes");
MODULE_LICENSE("GPL");
