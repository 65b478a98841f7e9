// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cases of the suite kthread_lifecycle: operations at once, inside each other
 * and against each other.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "lifecycle_kunit.h"

#define CALLERS		8
#define SLOW		32
#define ROUNDS		50
#define RACES		200
#define WAKEUPS		300

/**
 * struct caller - a work item that works on threads
 * @work: what that one does
 * @l: thread it is about
 * @k: task of @l, with a reference
 * @answer: what the operation returned
 * @failures: answers that were not the right ones
 */
struct caller {
	struct work_struct work;
	struct life *l;
	struct task_struct *k;
	void *answer;
	int failures;
};

static struct caller *callers_new(struct kunit *test, unsigned int n, work_func_t fn)
{
	struct caller *c = kunit_kcalloc(test, n, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (unsigned int i = 0; i < n; i++)
		INIT_WORK(&c[i].work, fn);
	return c;
}

static void call_all(struct caller *c, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		queue_work(system_unbound_wq, &c[i].work);
}

static void await_all(struct kunit *test, struct caller *c, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		flush_work(&c[i].work);
	for (unsigned int i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, c[i].failures, 0);
}

static void many_lives(struct work_struct *work)
{
	struct caller *c = container_of(work, struct caller, work);

	for (int i = 0; i < ROUNDS; i++) {
		struct task_struct *k = kthread_launch(NULL, NULL, NULL, "many/%d", i);

		if (IS_ERR(k) || kthread_destroy(k))
			c->failures++;
	}
}

void callers_at_once_from_work_items(struct kunit *test)
{
	struct caller *c = callers_new(test, CALLERS, many_lives);

	call_all(c, CALLERS);
	await_all(test, c, CALLERS);
}

/* Each gets its own answers, not those of another one. */
static int many_answers(void *data)
{
	struct life *l = data;
	int failures = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct task_struct *k = kthread_launch(life_init, life_core, l, "answers");

		if (IS_ERR(k)) {
			failures++;
			continue;
		}
		wake_up_process(k);
		wait_for_completion(&l->ran);
		if (kthread_destroy(k) != l->core_result)
			failures++;
	}
	if (atomic_read(&l->inits) != ROUNDS || atomic_read(&l->cores) != ROUNDS)
		failures++;
	return failures;
}

void callers_at_once_from_threads(struct kunit *test)
{
	struct task_struct *k[CALLERS];

	for (int i = 0; i < CALLERS; i++) {
		struct life *l = life_new(test);

		l->core_result = -1 - i;
		k[i] = kthread_create(many_answers, l, "caller/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(k[i]));
		get_task_struct(k[i]);
	}
	for (int i = 0; i < CALLERS; i++)
		wake_up_process(k[i]);
	for (int i = 0; i < CALLERS; i++) {
		/* A stop before it ran would keep it from running. */
		while (!(READ_ONCE(k[i]->flags) & PF_EXITING))
			schedule_timeout_uninterruptible(1);
		KUNIT_EXPECT_EQ(test, kthread_stop_put(k[i]), 0);
	}
	/* Reaped all of them, whichever worker it was that had to. */
	KUNIT_EXPECT_EQ(test, life_count_tasks("answers"), 0U);
}

static void call_start(struct work_struct *work)
{
	struct caller *c = container_of(work, struct caller, work);

	c->answer = kthread_start(c->k);
}

static void call_destroy(struct work_struct *work)
{
	struct caller *c = container_of(work, struct caller, work);

	c->failures = life_destroy(c->l);
}

static void expect_others_to_live(struct kunit *test)
{
	for (int i = 0; i < 10; i++) {
		struct life *l = life_new(test);

		life_launch(test, l);
		life_run(test, l);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
	}
}

void slow_initfns_hold_up_nobody(struct kunit *test)
{
	struct caller *c = callers_new(test, SLOW, call_start);

	for (int i = 0; i < SLOW; i++) {
		c[i].l = life_new(test);
		c[i].l->slow = true;
		life_spawn(test, c[i].l);
		c[i].k = c[i].l->k;
	}
	call_all(c, SLOW);
	expect_others_to_live(test);
	for (int i = 0; i < SLOW; i++) {
		KUNIT_EXPECT_FALSE(test, c[i].l->inited);
		complete(&c[i].l->release);
	}
	await_all(test, c, SLOW);
	for (int i = 0; i < SLOW; i++)
		KUNIT_EXPECT_PTR_EQ(test, c[i].answer, (void *)c[i].k);
}

static int slow_core(void *data)
{
	struct life *l = data;

	complete(&l->ran);
	wait_for_completion(&l->release);
	return 0;
}

void slow_corefns_hold_up_nobody(struct kunit *test)
{
	struct caller *c = callers_new(test, SLOW, call_destroy);

	for (int i = 0; i < SLOW; i++) {
		struct life *l = life_new(test);

		l->k = kthread_launch(NULL, slow_core, l, "slow/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
		life_run(test, l);
		c[i].l = l;
	}
	call_all(c, SLOW);
	expect_others_to_live(test);
	for (int i = 0; i < SLOW; i++)
		complete(&c[i].l->release);
	await_all(test, c, SLOW);
}

static int nested(void *data)
{
	int *depth = data;
	struct task_struct *k;

	if (--*depth == 0)
		return 0;
	k = kthread_launch(nested, NULL, depth, "nested/%d", *depth);
	return IS_ERR(k) ? PTR_ERR(k) : kthread_destroy(k);
}

void nested_from_initfn(struct kunit *test)
{
	struct life *l = life_new(test);
	int depth = 10;

	l->k = kthread_launch(nested, NULL, &depth, "nested");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	KUNIT_EXPECT_EQ(test, depth, 0);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static int nested_core(void *data)
{
	struct life *l = data;
	struct task_struct *k = kthread_launch(NULL, NULL, NULL, "inner");

	l->core_result = IS_ERR(k) ? PTR_ERR(k) : kthread_destroy(k);
	complete(&l->ran);
	return l->core_result;
}

void nested_from_corefn(struct kunit *test)
{
	struct life *l = life_new(test);

	l->core_result = -EPROTO;
	l->k = kthread_launch(NULL, nested_core, l, "outer");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, l->core_result, 0);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/**
 * struct storm - wake-ups from everywhere
 * @k: the thread that is woken
 * @posted: how much there is to do so far
 * @served: how much of that the thread has seen
 * @all: served all there will ever be
 */
struct storm {
	struct task_struct *k;
	atomic_t posted;
	int served;
	struct completion all;
};

static int serve(void *data)
{
	struct storm *s = data;

	s->served = atomic_read(&s->posted);
	if (s->served == CALLERS * WAKEUPS)
		complete(&s->all);
	return 0;
}

static void post(struct work_struct *work)
{
	struct storm *s = container_of(work, struct caller, work)->answer;

	for (int i = 0; i < WAKEUPS; i++) {
		atomic_inc(&s->posted);
		wake_up_process(s->k);
		if (i % 7 == 0)
			cond_resched();
	}
}

void wakeup_storm_loses_nothing(struct kunit *test)
{
	struct caller *c = callers_new(test, CALLERS, post);
	struct life *l = life_new(test);
	struct storm s = { .posted = ATOMIC_INIT(0) };

	init_completion(&s.all);
	l->k = kthread_launch(NULL, serve, &s, "storm");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	s.k = l->k;
	for (int i = 0; i < CALLERS; i++)
		c[i].answer = &s;
	call_all(c, CALLERS);
	await_all(test, c, CALLERS);
	/* No wake-up follows: what the thread has not seen by now, it never sees. */
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&s.all, BOUND), 0);
	KUNIT_EXPECT_EQ(test, s.served, CALLERS * WAKEUPS);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/* A thread that two are after, each with a reference */
static void life_share(struct kunit *test, struct life *l, struct caller *c, unsigned int n)
{
	life_spawn(test, l);
	for (unsigned int i = 0; i < n; i++) {
		c[i].k = get_task_struct(l->k);
		c[i].answer = NULL;
	}
}

void destroy_races_with_start(struct kunit *test)
{
	struct caller *c = callers_new(test, 1, call_start);
	unsigned int inits = 0;

	for (int i = 0; i < RACES; i++) {
		struct life *l = life_new(test);
		int result;

		life_share(test, l, c, 1);
		call_all(c, 1);
		udelay(i % 40);
		result = life_destroy(l);
		await_all(test, c, 1);
		KUNIT_EXPECT_EQ(test, c->k->exit_state, EXIT_DEAD);
		inits += atomic_read(&l->inits);
		if (atomic_read(&l->inits)) {
			KUNIT_ASSERT_EQ(test, result, 0);
			KUNIT_ASSERT_PTR_EQ(test, c->answer, (void *)c->k);
		} else {
			KUNIT_ASSERT_EQ(test, result, -EINTR);
			KUNIT_ASSERT_PTR_EQ(test, c->answer, ERR_PTR(-EINTR));
		}
		put_task_struct(c->k);
	}
	kunit_info(test, "the start came first %u times of %d\n", inits, RACES);
}

void start_races_with_start(struct kunit *test)
{
	struct caller *c = callers_new(test, 2, call_start);

	for (int i = 0; i < RACES; i++) {
		struct life *l = life_new(test);
		bool first;

		life_share(test, l, c, 2);
		call_all(c, 2);
		await_all(test, c, 2);
		first = c[0].answer == c[0].k;
		KUNIT_ASSERT_PTR_EQ(test, c[first ? 0 : 1].answer, (void *)c[0].k);
		KUNIT_ASSERT_PTR_EQ(test, c[first ? 1 : 0].answer,
				    ERR_PTR(-KTHREAD_NOT_STARTED));
		KUNIT_ASSERT_EQ(test, atomic_read(&l->inits), 1);
		KUNIT_ASSERT_EQ(test, life_destroy(l), 0);
		put_task_struct(c[0].k);
		put_task_struct(c[1].k);
	}
}

static void call_destroy_shared(struct work_struct *work)
{
	struct caller *c = container_of(work, struct caller, work);

	c->answer = ERR_PTR(kthread_destroy(c->k));
}

/* Both hear what initfn returned, and one of them reaps. */
void destroy_comes_while_a_start_fails(struct kunit *test)
{
	struct caller *starter = callers_new(test, 1, call_start);
	struct caller *ender = callers_new(test, 1, call_destroy_shared);
	struct life *l = life_new(test);

	l->slow = true;
	l->init_result = -ENOSPC;
	life_share(test, l, starter, 1);
	ender->k = starter->k;
	l->k = NULL;
	call_all(starter, 1);
	while (!atomic_read(&l->inits))
		schedule_timeout_uninterruptible(1);
	call_all(ender, 1);
	while (!signal_pending(starter->k))
		schedule_timeout_uninterruptible(1);
	complete(&l->release);
	await_all(test, starter, 1);
	await_all(test, ender, 1);
	KUNIT_EXPECT_PTR_EQ(test, starter->answer, ERR_PTR(-ENOSPC));
	KUNIT_EXPECT_PTR_EQ(test, ender->answer, ERR_PTR(-ENOSPC));
	KUNIT_EXPECT_EQ(test, starter->k->exit_state, EXIT_DEAD);
	put_task_struct(starter->k);
}

void destroy_races_with_end_of_corefn(struct kunit *test)
{
	for (int i = 0; i < RACES; i++) {
		struct life *l = life_new(test);
		int result;

		l->core_result = -EIO;
		life_launch(test, l);
		wake_up_process(l->k);
		udelay(i % 40);
		result = life_destroy(l);
		KUNIT_ASSERT_LE(test, atomic_read(&l->cores), 1);
		KUNIT_ASSERT_EQ(test, result, atomic_read(&l->cores) ? -EIO : 0);
	}
}

static void wake_until_released(struct work_struct *work)
{
	struct caller *c = container_of(work, struct caller, work);

	while (!try_wait_for_completion(&c->l->release)) {
		wake_up_process(c->k);
		cond_resched();
		cpu_relax();
	}
}

void destroy_races_with_wakeups(struct kunit *test)
{
	struct caller *c = callers_new(test, 2, wake_until_released);

	for (int i = 0; i < ROUNDS; i++) {
		struct life *l = life_new(test);
		int cores;

		life_launch(test, l);
		for (int j = 0; j < 2; j++) {
			c[j].l = l;
			c[j].k = get_task_struct(l->k);
		}
		call_all(c, 2);
		udelay(i % 40);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
		cores = atomic_read(&l->cores);
		complete_all(&l->release);
		await_all(test, c, 2);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->cores), cores);
		KUNIT_ASSERT_EQ(test, c->k->exit_state, EXIT_DEAD);
		put_task_struct(c[0].k);
		put_task_struct(c[1].k);
	}
}
