// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cases of the suite kthread_lifecycle_guest: what fails, what is left over, and what
 * the kernel tells of it.
 */
#include <kunit/static_stub.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/tracepoint.h>
#include <linux/vmstat.h>

#include "knob.h"
#include "lifecycle_guest.h"

#define GENERATIONS	500		/* in a batch */
#define BATCHES		10
#define FAILURES	1000
/*
 * Objects that others have taken meanwhile, and those of slabs that a CPU holds, which
 * all count as in use: some hundred, by what ran before. A leak in a case of many
 * rounds is of more.
 */
#define SPARE		500
/* A fork takes fewer allocations. */
#define STEPS_MAX	200

/**
 * struct stock - what there is of all that a thread is made of
 * @tasks: processes and threads
 * @alive: threads of kthread_spawn()
 * @objects: in caches that have no name of their own
 * @task_structs: in their cache
 * @stacks: kernel stacks, in KiB
 */
struct stock {
	unsigned int tasks;
	long alive;
	long objects;
	long task_structs;
	long stacks;
};

/*
 * A dead task is freed by an RCU callback, and one of its parts by a second one
 * that the first has queued.
 */
static struct stock take_stock(struct kunit *test)
{
	rcu_barrier();
	rcu_barrier();
	return (struct stock){
		.tasks = life_count_tasks(NULL),
		.alive = knob_counter(test, LIFECYCLE_STATS, "alive"),
		.objects = slab_objects(test, "kmalloc-"),
		.task_structs = slab_objects(test, "task_struct "),
		.stacks = global_node_page_state(NR_KERNEL_STACK_KB),
	};
}

/* Workers come and go as they like, so a few tasks more are no leak. */
static void expect_no_growth(struct kunit *test, const struct stock *was)
{
	struct stock is = take_stock(test);

	KUNIT_EXPECT_EQ(test, is.alive, was->alive);
	KUNIT_EXPECT_LT(test, is.tasks, was->tasks + 10);
	if (!slab_is_exact())
		return;
	KUNIT_EXPECT_LT(test, is.objects, was->objects + SPARE);
	KUNIT_EXPECT_LT(test, is.task_structs, was->task_structs + SPARE / 10);
	KUNIT_EXPECT_LT(test, is.stacks, was->stacks + 10 * (long)(THREAD_SIZE / 1024));
}

/*
 * Spawn @n threads where no fork succeeds. KUnit itself has to fork before it
 * can clean up, so nothing ends the case in between.
 */
static void spawn_at_the_limit(struct kunit *test, const char *name, unsigned int n)
{
	struct knob *limit = knob_keep(test, "/proc/sys/kernel/threads-max");
	struct task_struct *k = NULL;
	unsigned int i;

	knob_set(test, limit->path, 1);
	for (i = 0; i < n; i++) {
		k = kthread_launch(life_init, life_core, NULL, "%s", name);
		if (k != ERR_PTR(-EAGAIN))
			break;
	}
	knob_restore(limit);
	KUNIT_EXPECT_PTR_EQ(test, k, ERR_PTR(-EAGAIN));
	KUNIT_EXPECT_EQ(test, i, n);
}

void failed_fork_is_reported(struct kunit *test)
{
	struct stock was = take_stock(test);

	spawn_at_the_limit(test, "unborn", 1);
	KUNIT_EXPECT_EQ(test, life_count_tasks("unborn"), 0U);
	expect_no_growth(test, &was);
}

/* Spawn with the @nth allocation of this task failing; says whether it came to it */
static struct task_struct *spawn_failing(unsigned int nth, bool *failed)
{
	struct task_struct *k;

	current->fail_nth = nth;
	k = kthread_spawn(NULL, NULL, NULL, "unborn");
	*failed = !current->fail_nth;
	current->fail_nth = 0;
	return k;
}

void failed_allocation_is_reported(struct kunit *test)
{
	struct stock was = take_stock(test);
	struct task_struct *k;
	bool failed;
	int i;

	knob_arm_failslab(test);
	for (i = 0; i < 3; i++) {
		k = spawn_failing(1, &failed);
		if (IS_ERR(k) || !knob_may_miss())
			break;
		kthread_destroy(k);
	}
	KUNIT_EXPECT_PTR_EQ(test, k, ERR_PTR(-ENOMEM));
	KUNIT_EXPECT_TRUE(test, failed);
	expect_no_growth(test, &was);
}

static bool no_workers(void)
{
	return false;
}

/* The caller does it all itself, so all allocations are its own. */
void every_failing_step_leaves_nothing(struct kunit *test)
{
	struct stock was = take_stock(test);
	unsigned int nth, errors = 0;
	struct task_struct *k;
	bool failed;

	knob_arm_failslab(test);
	kunit_activate_static_stub(test, lifecycle_has_workers, no_workers);
	for (nth = 1; nth < STEPS_MAX; nth++) {
		k = spawn_failing(nth, &failed);
		if (IS_ERR(k)) {
			KUNIT_EXPECT_TRUE(test, k == ERR_PTR(-ENOMEM) || k == ERR_PTR(-EAGAIN));
			errors++;
		} else {
			KUNIT_EXPECT_EQ(test, kthread_destroy(k), -EINTR);
		}
		if (!failed)
			break;
	}
	KUNIT_EXPECT_LT(test, nth, (unsigned int)STEPS_MAX);
	KUNIT_EXPECT_GT(test, errors, 3U);
	KUNIT_EXPECT_EQ(test, life_count_tasks("unborn"), 0U);
	expect_no_growth(test, &was);
}

/* In batches, as nobody may wait for a case for as long as all of them take */
const void *batch_gen_params(const void *prev, char *desc)
{
	static unsigned int batch;

	batch = prev ? batch + 1 : 1;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "batch %u", batch);
	return batch <= BATCHES ? &batch : NULL;
}

void nothing_is_left_over(struct kunit *test)
{
	static struct stock was;

	if (*(const unsigned int *)test->param_value == 1)
		was = take_stock(test);
	for (int i = 0; i < GENERATIONS; i++) {
		struct task_struct *k = kthread_spawn(NULL, NULL, NULL, "leftover");

		KUNIT_ASSERT_FALSE(test, IS_ERR(k));
		if (i % 3)
			KUNIT_ASSERT_PTR_EQ(test, kthread_start(k), k);
		KUNIT_ASSERT_EQ(test, kthread_destroy(k), i % 3 ? 0 : -EINTR);
	}
	KUNIT_EXPECT_EQ(test, life_count_tasks("leftover"), 0U);
	expect_no_growth(test, &was);
}

void nothing_is_left_over_after_failures(struct kunit *test)
{
	struct life *l = life_new(test);
	struct stock was = take_stock(test);

	l->init_result = -EBADMSG;
	for (int i = 0; i < FAILURES; i++)
		KUNIT_ASSERT_PTR_EQ(test, kthread_launch(life_init, life_core, l, "failed"),
				    ERR_PTR(-EBADMSG));
	KUNIT_EXPECT_EQ(test, life_count_tasks("failed"), 0U);
	expect_no_growth(test, &was);

	spawn_at_the_limit(test, "unborn", FAILURES);
	expect_no_growth(test, &was);
}

static void expect_counts(struct kunit *test, long spawned, long started,
			  long destroyed, long failed, long alive)
{
	KUNIT_EXPECT_EQ(test, knob_counter(test, LIFECYCLE_STATS, "spawned"), spawned);
	KUNIT_EXPECT_EQ(test, knob_counter(test, LIFECYCLE_STATS, "started"), started);
	KUNIT_EXPECT_EQ(test, knob_counter(test, LIFECYCLE_STATS, "destroyed"), destroyed);
	KUNIT_EXPECT_EQ(test, knob_counter(test, LIFECYCLE_STATS, "failed"), failed);
	KUNIT_EXPECT_EQ(test, knob_counter(test, LIFECYCLE_STATS, "alive"), alive);
}

void operations_are_counted(struct kunit *test)
{
	long spawned = knob_counter(test, LIFECYCLE_STATS, "spawned");
	long started = knob_counter(test, LIFECYCLE_STATS, "started");
	long destroyed = knob_counter(test, LIFECYCLE_STATS, "destroyed");
	long failed = knob_counter(test, LIFECYCLE_STATS, "failed");
	long alive = knob_counter(test, LIFECYCLE_STATS, "alive");
	struct life *l = life_new(test);

	life_spawn(test, l);
	expect_counts(test, spawned + 1, started, destroyed, failed, alive + 1);
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(l->k), l->k);
	expect_counts(test, spawned + 1, started + 1, destroyed, failed, alive + 1);
	life_destroy(l);
	expect_counts(test, spawned + 1, started + 1, destroyed + 1, failed, alive);

	l->init_result = -EIO;
	KUNIT_EXPECT_TRUE(test, IS_ERR(kthread_launch(life_init, NULL, l, "fails")));
	expect_counts(test, spawned + 2, started + 1, destroyed + 1, failed + 1, alive);

	spawn_at_the_limit(test, "unborn", 1);
	expect_counts(test, spawned + 2, started + 1, destroyed + 1, failed + 2, alive);
}

/**
 * struct traced - a tracepoint, and the last event of it
 * @name: its name
 * @tp: the tracepoint
 * @events: how many events there were
 * @pid: and the other fields as in the event
 */
struct traced {
	const char *name;
	struct tracepoint *tp;
	unsigned int events;
	pid_t pid;
	int result;
	u64 latency;
	char comm[TASK_COMM_LEN];
};

static struct traced traced[] = {
	{ .name = "kthread_spawn" }, { .name = "kthread_start" },
	{ .name = "kthread_destroy" },
};

static void traced_event(void *data, pid_t pid, const char *comm, int result,
			 u64 latency)
{
	struct traced *t = data;

	if (strcmp(comm, "traced"))
		return;
	t->events++;
	t->pid = pid;
	t->result = result;
	t->latency = latency;
	strscpy(t->comm, comm, sizeof(t->comm));
}

static void traced_find(struct tracepoint *tp, void *unused)
{
	for (int i = 0; i < ARRAY_SIZE(traced); i++)
		if (!strcmp(tp->name, traced[i].name))
			traced[i].tp = tp;
}

static void traced_off(void *unused)
{
	for (int i = 0; i < ARRAY_SIZE(traced); i++)
		if (traced[i].tp)
			tracepoint_probe_unregister(traced[i].tp, traced_event, &traced[i]);
	tracepoint_synchronize_unregister();
}

static void expect_event(struct kunit *test, int i, unsigned int events, pid_t pid,
			 int result)
{
	KUNIT_EXPECT_EQ_MSG(test, traced[i].events, events, "%s", traced[i].name);
	KUNIT_EXPECT_EQ(test, traced[i].pid, pid);
	KUNIT_EXPECT_EQ(test, traced[i].result, result);
	KUNIT_EXPECT_STREQ(test, traced[i].comm, "traced");
	/* Where time goes by in ticks, an operation may take none. */
	if (hrtimer_resolution == 1)
		KUNIT_EXPECT_GT(test, traced[i].latency, 0ULL);
}

void operations_are_traced(struct kunit *test)
{
	struct life *l = life_new(test);
	pid_t pid;

	for_each_kernel_tracepoint(traced_find, NULL);
	for (int i = 0; i < ARRAY_SIZE(traced); i++) {
		KUNIT_ASSERT_NOT_NULL_MSG(test, traced[i].tp, "%s", traced[i].name);
		KUNIT_ASSERT_EQ(test, tracepoint_probe_register(traced[i].tp, traced_event,
								&traced[i]), 0);
	}
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, traced_off, NULL), 0);

	l->init_result = 3;
	l->core_result = -EDOM;
	l->k = kthread_spawn(life_init, life_core, l, "traced");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	pid = task_pid_nr(l->k);
	expect_event(test, 0, 1, pid, 0);
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
	expect_event(test, 1, 1, pid, 3);
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EDOM);
	expect_event(test, 2, 1, pid, -EDOM);

	l->init_result = -ENODATA;
	KUNIT_EXPECT_PTR_EQ(test, kthread_launch(life_init, NULL, l, "traced"),
			    ERR_PTR(-ENODATA));
	expect_event(test, 1, 2, traced[0].pid, -ENODATA);
	spawn_at_the_limit(test, "traced", 1);
	expect_event(test, 0, 3, 0, -EAGAIN);
}
