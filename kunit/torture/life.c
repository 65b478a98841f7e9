// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads of kthread_spawn(), bound to a CPU or not.
 *
 * Locking: a slot's mutex is held while its thread changes, but not by
 * kthread_start() in a work item that races with a destroy, nor by a poke: that
 * one pins the thread under the slot's spinlock and wakes it at any time.
 *
 * A bound thread may run only while its CPU is online. Each caller that makes it
 * run holds cpus_read_lock() until it sleeps again, and does nothing that wakes it
 * later. Any CPU may go offline while an unbound thread runs on it.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/kthread_lifecycle.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "torture.h"

#define STORMERS	4
#define STORM_WAKEUPS	8

/* What distinguishes a thread */
enum life_style {
	LIFE_PLAIN,
	LIFE_LOOPS,		/* corefn sleeps by itself until it is to end */
	LIFE_NESTS_IN_INIT,	/* initfn has a thread of its own */
	LIFE_NESTS_IN_CORE,	/* corefn has, at each request */
	LIFE_STYLES,
	/* initfn goes on until there is a destroy, and then */
	LIFE_FAILS_ASKED = LIFE_STYLES,	/* fails */
	LIFE_EXITS_ASKED,	/* ends the thread */
};

/**
 * struct life - a thread and its state
 * @k: the thread
 * @slot: where it lives
 * @cpu: where it must run, or -1
 * @style: what it does
 * @init_result: what initfn returns
 * @core_result: what corefn returns
 * @started: kthread_start() has been asked for
 * @dead: kthread_destroy() has returned, or kthread_start() failed
 * @inited: initfn is about to return
 * @ended: corefn has returned a negative value
 * @inits: how often initfn ran
 * @last: what corefn returned last
 * @asked: number of the last request
 * @answered: number of the last request that a run which is over began after
 */
struct life {
	struct task_struct *k;
	struct life_slot *slot;
	int cpu;
	enum life_style style;
	int init_result;
	int core_result;
	bool started;
	bool dead;
	bool inited;
	bool ended;
	unsigned int inits;
	int last;
	atomic_t asked;
	int answered;
};

/**
 * struct life_slot - a place for a thread
 * @lock: held while the thread changes
 * @pin: held while @life changes, so that it can be looked at without @lock
 * @life: the thread, or NULL
 * @late: the one before, kept for its functions to find it, should they run
 * @answer: where to wait for an answer of @life's
 */
static struct life_slot {
	struct mutex lock;	/* see above */
	spinlock_t pin;		/* see above */
	struct life *life;
	struct life *late;
	wait_queue_head_t answer;
} life_slots[TORTURE_LIVES];

static struct kmem_cache *life_cache;

/* A planted defect: a thread that is not destroyed */
static struct task_struct *life_leaked;

static int life_number(const struct life *l)
{
	return l->slot - life_slots;
}

/* --- What the threads do --- */

static void life_look_around(struct life *l)
{
	int cpu = get_cpu();

	torture_expect(TORTURE_ORACLE_NONE_OFFLINE, cpu_online(cpu),
		       "thread %d runs on CPU %d", life_number(l), cpu);
	if (l->cpu >= 0)
		torture_expect(TORTURE_ORACLE_ON_ITS_CPU, cpu == l->cpu,
			       "thread %d of CPU %d runs on CPU %d",
			       life_number(l), l->cpu, cpu);
	put_cpu();
}

static int life_nested(void *unused)
{
	return 7;
}

static void life_nest(struct life *l)
{
	unsigned int forks = torture_forks_failed();
	struct task_struct *k = kthread_launch(life_nested, NULL, NULL,
					       "nested/%d", life_number(l));
	int result = IS_ERR(k) ? PTR_ERR(k) : kthread_destroy(k);

	if (IS_ERR(k) && torture_forks_fail(forks))
		return;
	torture_expect(TORTURE_ORACLE_RESULTS_KEPT, !result,
		       "a nested thread of thread %d ends with %d",
		       life_number(l), result);
}

/* Until then, a start that fails would reap what the destroy is about. */
static int life_end_in_init(struct life *l)
{
	while (!signal_pending(current))
		schedule_timeout_interruptible(1);
	if (l->style == LIFE_EXITS_ASKED)
		kthread_exit(0);
	return l->init_result;
}

static int life_initfn(void *data)
{
	struct life *l = data;

	l->inits++;
	torture_expect(TORTURE_ORACLE_INITFN_ONCE, l->inits == 1,
		       "initfn of thread %d runs %u times", life_number(l),
		       l->inits);
	torture_expect(TORTURE_ORACLE_INITFN_ONCE, !READ_ONCE(l->dead),
		       "initfn of thread %d runs after its end", life_number(l));
	life_look_around(l);
	if (l->style == LIFE_NESTS_IN_INIT)
		life_nest(l);
	WRITE_ONCE(l->inited, true);
	if (l->style >= LIFE_STYLES)
		return life_end_in_init(l);
	return l->init_result;
}

static void life_answer(struct life *l, int asked)
{
	WRITE_ONCE(l->answered, asked);
	wake_up(&l->slot->answer);
}

static void life_expect_order(struct life *l)
{
	torture_expect(TORTURE_ORACLE_COREFN_IN_ORDER, READ_ONCE(l->inited),
		       "corefn of thread %d runs before initfn is over",
		       life_number(l));
	torture_expect(TORTURE_ORACLE_COREFN_IN_ORDER, !READ_ONCE(l->dead),
		       "corefn of thread %d runs after the destroy",
		       life_number(l));
	torture_expect(TORTURE_ORACLE_COREFN_IN_ORDER, !l->ended,
		       "corefn of thread %d runs after it has failed",
		       life_number(l));
}

static void life_go_astray(struct life *l)
{
	unsigned int cpu;

	if (l->cpu < 0 || !torture_planted(TORTURE_ORACLE_ON_ITS_CPU))
		return;
	cpu = cpumask_any_but(cpu_active_mask, l->cpu);
	if (cpu < nr_cpu_ids)
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

/* No wake-up is missed: the state is set before the look at what it is for. */
static void life_loop(struct life *l, int asked)
{
	for (;;) {
		life_answer(l, asked);
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current))
			break;
		if (atomic_read(&l->asked) == asked)
			schedule();
		__set_current_state(TASK_RUNNING);
		asked = atomic_read(&l->asked);
		/* To end, it may run anywhere: its CPU may be offline. */
		if (!signal_pending(current))
			life_look_around(l);
	}
	__set_current_state(TASK_RUNNING);
}

/* A wake-up that finds corefn asleep ends that sleep, and no more comes of it. */
static int life_nest_for(struct life *l, int asked)
{
	int served = l->answered;

	while (served != asked) {
		life_nest(l);
		served = asked;
		asked = atomic_read(&l->asked);
	}
	return asked;
}

static int life_corefn(void *data)
{
	struct life *l = data;
	int asked = atomic_read(&l->asked);

	life_expect_order(l);
	life_go_astray(l);
	life_look_around(l);
	if (l->style == LIFE_NESTS_IN_CORE)
		asked = life_nest_for(l, asked);
	if (l->style == LIFE_LOOPS)
		life_loop(l, asked);
	WRITE_ONCE(l->ended, l->core_result < 0);
	WRITE_ONCE(l->last, l->core_result);
	life_answer(l, asked);
	if (!l->ended && torture_planted(TORTURE_ORACLE_RESULTS_KEPT)) {
		WRITE_ONCE(l->ended, true);
		return -EDOM;
	}
	return l->core_result;
}

/* --- The life of a thread; the slot's mutex is held --- */

/* What the thread is woken for, and where it goes, without a CPU in between */
static void life_lock_cpu(const struct life *l)
{
	if (l->cpu >= 0)
		cpus_read_lock();
}

static void life_unlock_cpu(const struct life *l)
{
	if (l->cpu >= 0)
		cpus_read_unlock();
}

static bool life_can_run(const struct life *l)
{
	return l->cpu < 0 || cpu_online(l->cpu);
}

static void life_publish(struct life_slot *s, struct life *l)
{
	spin_lock(&s->pin);
	s->life = l;
	spin_unlock(&s->pin);
}

static int life_draw_result(struct torture_call *call, u32 rarity)
{
	int result = torture_one_in(call, rarity) ? -1 - (int)torture_draw(call, 4000) :
						    (int)torture_draw(call, 3);

	/* No initfn may say that. */
	return result == -KTHREAD_NOT_STARTED ? -EINVAL : result;
}

static int life_draw_cpu(struct torture_call *call)
{
	unsigned int cpu = torture_draw(call, num_possible_cpus());

	if (torture_one_in(call, 2) || !cpu_possible(cpu))
		return -1;
	return cpu;
}

static struct life *life_new(struct life_slot *s, struct torture_call *call)
{
	struct life *l = kmem_cache_zalloc(life_cache, GFP_KERNEL);

	if (!l)
		return NULL;
	l->slot = s;
	l->cpu = life_draw_cpu(call);
	l->style = torture_draw(call, LIFE_STYLES);
	if (l->cpu >= 0 && l->style > LIFE_LOOPS)
		l->style = LIFE_PLAIN;
	l->init_result = life_draw_result(call, 8);
	l->core_result = life_draw_result(call, 6);
	return l;
}

/* Keep what was a thread until the next one is over. */
static void life_bury(struct life_slot *s, struct life *l)
{
	if (s->late)
		kmem_cache_free(life_cache, s->late);
	s->late = l;
}

static int life_spawn(struct life_slot *s, struct torture_call *call)
{
	struct life *l = life_new(s, call);
	struct task_struct *k;

	if (!l)
		return -ENOMEM;
	if (l->cpu >= 0)
		k = kthread_spawn(life_initfn, life_corefn, l, "life-%d/%d",
				  life_number(l), l->cpu);
	else
		k = kthread_spawn(life_initfn, life_corefn, l, "life-%d",
				  life_number(l));
	if (IS_ERR(k)) {
		kmem_cache_free(life_cache, l);
		return PTR_ERR(k);
	}
	l->k = k;
	if (l->cpu >= 0)
		kthread_bind(k, l->cpu);
	life_publish(s, l);
	/* A bound one would be found to run on another CPU before. */
	if (l->cpu < 0 && torture_planted(TORTURE_ORACLE_INITFN_ONCE))
		life_initfn(l);
	if (l->cpu < 0 && l->style == LIFE_PLAIN &&
	    torture_planted(TORTURE_ORACLE_COREFN_IN_ORDER))
		life_corefn(l);
	return 0;
}

/* No failure is injected here, so it has to succeed. */
static int life_spawn_well(struct life_slot *s, struct torture_call *call)
{
	unsigned int forks = torture_forks_failed();
	int err = life_spawn(s, call);

	torture_expect_made("thread", s - life_slots, forks, err);
	return err;
}

static void life_expect_no_run(const struct life *l)
{
	torture_expect(TORTURE_ORACLE_INITFN_ONCE, !l->inits,
		       "initfn of thread %d ran before the start",
		       life_number(l));
}

static void life_expect_start(const struct life *l, struct task_struct *answer)
{
	struct task_struct *good = l->init_result < 0 ? ERR_PTR(l->init_result) :
							l->k;

	torture_expect(TORTURE_ORACLE_RESULTS_KEPT, answer == good,
		       "start of thread %d returns %d, initfn %d",
		       life_number(l), PTR_ERR_OR_ZERO(answer), l->init_result);
	torture_expect(TORTURE_ORACLE_INITFN_ONCE, l->inits == 1,
		       "initfn of thread %d ran %u times", life_number(l),
		       l->inits);
}

static int life_start_locked(struct life_slot *s)
{
	struct life *l = s->life;
	struct task_struct *k = l->k, *answer;

	if (!life_can_run(l))
		return -EAGAIN;
	life_expect_no_run(l);
	l->started = true;
	/* A start that fails drops the last reference, and others may look at the thread. */
	get_task_struct(k);
	answer = kthread_start(k);
	life_expect_start(l, answer);
	if (IS_ERR(answer))
		life_publish(s, NULL);
	put_task_struct(k);
	if (!IS_ERR(answer))
		return 0;
	WRITE_ONCE(l->dead, true);
	life_bury(s, l);
	return PTR_ERR(answer);
}

static int life_start(struct life_slot *s)
{
	struct life *l = s->life;
	bool bound = l->cpu >= 0;
	int err;

	if (bound)
		cpus_read_lock();
	err = life_start_locked(s);
	if (bound)
		cpus_read_unlock();
	return err;
}

static void life_expect_destroy(const struct life *l, int result)
{
	int good = l->started ? l->last : -EINTR;

	torture_expect(TORTURE_ORACLE_RESULTS_KEPT, result == good,
		       "destroy of thread %d returns %d, not %d",
		       life_number(l), result, good);
	torture_expect(TORTURE_ORACLE_INITFN_ONCE, l->inits == l->started,
		       "initfn of thread %d ran %u times", life_number(l),
		       l->inits);
}

static int life_destroy(struct life_slot *s)
{
	struct life *l = s->life;
	int result;

	life_publish(s, NULL);
	if (torture_planted(TORTURE_ORACLE_NOTHING_LEFT) && !life_leaked) {
		life_leaked = l->k;
		life_bury(s, NULL);
		s->late = l;
		return 0;
	}
	life_lock_cpu(l);
	result = kthread_destroy(l->k);
	life_unlock_cpu(l);
	WRITE_ONCE(l->dead, true);
	life_expect_destroy(l, result);
	life_bury(s, l);
	return result;
}

static bool life_has_answered(const struct life *l)
{
	return READ_ONCE(l->answered) == atomic_read(&l->asked);
}

/* One that has failed answers no more, but is asleep all the same. */
static void life_await(struct life *l)
{
	long left = wait_event_timeout(l->slot->answer,
				       READ_ONCE(l->ended) ||
				       life_has_answered(l), TORTURE_BOUND);

	torture_expect(TORTURE_ORACLE_PROGRESS, left,
		       "thread %d on CPU %d is woken %d times, and %d seen",
		       life_number(l), task_cpu(l->k), atomic_read(&l->asked),
		       READ_ONCE(l->answered));
}

static void life_ask(struct life *l)
{
	atomic_inc(&l->asked);
	if (!torture_planted(TORTURE_ORACLE_PROGRESS))
		wake_up_process(l->k);
}

/* --- Operations --- */

static bool life_is_started(const struct life *l)
{
	return l && l->started;
}

int torture_life_spawn(struct torture_call *call)
{
	struct life_slot *s = &life_slots[call->slot];
	int err = -EEXIST;

	mutex_lock(&s->lock);
	if (!s->life)
		err = life_spawn_well(s, call);
	mutex_unlock(&s->lock);
	return err;
}

int torture_life_start(struct torture_call *call)
{
	struct life_slot *s = &life_slots[call->slot];
	int err = -ENOENT;

	mutex_lock(&s->lock);
	if (s->life && !s->life->started)
		err = life_start(s);
	mutex_unlock(&s->lock);
	return err;
}

int torture_life_launch(struct torture_call *call)
{
	struct life_slot *s = &life_slots[call->slot];
	int err = -EEXIST;

	mutex_lock(&s->lock);
	if (!s->life) {
		err = life_spawn_well(s, call);
		if (!err)
			err = life_start(s);
	}
	mutex_unlock(&s->lock);
	return err;
}

int torture_life_destroy(struct torture_call *call)
{
	struct life_slot *s = &life_slots[call->slot];
	int err = -ENOENT;

	mutex_lock(&s->lock);
	if (s->life)
		err = life_destroy(s);
	mutex_unlock(&s->lock);
	return err;
}

/* Have the thread do @work, if it can run, and see it answer. */
static int life_with(struct torture_call *call, void (*work)(struct life *l))
{
	struct life_slot *s = &life_slots[call->slot];
	struct life *l;
	int err = -ENOENT;

	mutex_lock(&s->lock);
	l = s->life;
	if (life_is_started(l)) {
		life_lock_cpu(l);
		err = -EAGAIN;
		if (life_can_run(l) && !READ_ONCE(l->ended)) {
			work(l);
			life_await(l);
			err = 0;
		}
		life_unlock_cpu(l);
	}
	mutex_unlock(&s->lock);
	return err;
}

int torture_life_wake(struct torture_call *call)
{
	return life_with(call, life_ask);
}

/* Wake a thread that may be about to end, or to start, or none of that. */
int torture_life_poke(struct torture_call *call)
{
	struct life_slot *s = &life_slots[call->slot];
	u32 n = 1 + torture_draw(call, 4);
	struct task_struct *k = NULL;

	spin_lock(&s->pin);
	if (s->life && s->life->cpu < 0)
		k = get_task_struct(s->life->k);
	spin_unlock(&s->pin);
	if (!k)
		return -ENOENT;
	while (n--)
		wake_up_process(k);
	put_task_struct(k);
	return 0;
}

/**
 * struct life_stormer - a work item that wakes a thread
 * @work: the work item
 * @l: the thread
 */
struct life_stormer {
	struct work_struct work;
	struct life *l;
};

static void life_storm_work(struct work_struct *work)
{
	struct life_stormer *w = container_of(work, struct life_stormer, work);
	int i;

	for (i = 0; i < STORM_WAKEUPS; i++)
		life_ask(w->l);
}

/* From several CPUs at once; a CPU that is not there has another one do it. */
static void life_storm(struct life *l)
{
	struct life_stormer w[STORMERS];
	int i;

	for (i = 0; i < STORMERS; i++) {
		w[i].l = l;
		INIT_WORK_ONSTACK(&w[i].work, life_storm_work);
		queue_work_on(i % nr_cpu_ids, system_percpu_wq, &w[i].work);
	}
	for (i = 0; i < STORMERS; i++) {
		flush_work(&w[i].work);
		destroy_work_on_stack(&w[i].work);
	}
}

int torture_life_storm(struct torture_call *call)
{
	return life_with(call, life_storm);
}

int torture_life_rebind(struct torture_call *call)
{
	struct life_slot *s = &life_slots[call->slot];
	int err = 0;

	mutex_lock(&s->lock);
	if (s->life)
		life_destroy(s);
	err = life_spawn_well(s, call);
	/* If its CPU is offline, that is left to a later start. */
	if (!err)
		err = life_start(s);
	mutex_unlock(&s->lock);
	return err;
}

/**
 * struct life_starter - a start that somebody else does
 * @k: the thread, with a reference
 * @answer: what the start returned
 */
struct life_starter {
	struct task_struct *k;
	struct task_struct *answer;
};

static void life_starter_fn(void *arg)
{
	struct life_starter *w = arg;

	w->answer = kthread_start(w->k);
}

/* Either the start comes first, and initfn has run, or neither has an effect. */
static void life_expect_race(const struct life *l, int destroyed,
			     struct task_struct *started)
{
	long answer = PTR_ERR_OR_ZERO(started);
	int init = min(l->init_result, 0);

	if (l->inits)
		torture_expect(TORTURE_ORACLE_RESULTS_KEPT, answer == init &&
			       destroyed == (init ?: l->last),
			       "thread %d started with %ld and destroyed with %d, of %d and %d",
			       life_number(l), answer, destroyed, init, l->last);
	else
		torture_expect(TORTURE_ORACLE_RESULTS_KEPT,
			       answer == -EINTR && destroyed == -EINTR,
			       "thread %d never ran, started with %ld and destroyed with %d",
			       life_number(l), answer, destroyed);
	torture_expect(TORTURE_ORACLE_INITFN_ONCE, l->inits <= 1,
		       "initfn of thread %d ran %u times", life_number(l),
		       l->inits);
}

/*
 * If the start fails before the destroy gets to the thread, it has reaped it, and
 * a destroy of what is gone is no race but a mistake. So initfn is one that
 * succeeds, or one that sees the destroy first.
 */
static void life_prepare_race(struct life *l, struct torture_call *call)
{
	l->init_result = max(l->init_result, 0);
	if (!torture_one_in(call, 2))
		return;
	l->style = torture_one_in(call, 2) ? LIFE_EXITS_ASKED : LIFE_FAILS_ASKED;
	l->init_result = l->style == LIFE_EXITS_ASKED ? -EINTR : -ENODATA;
}

static void life_race(struct life_slot *s, struct torture_call *call)
{
	struct life *l = s->life;
	struct life_starter w = { .k = get_task_struct(l->k) };
	struct torture_pair pair;
	int result;

	life_prepare_race(l, call);
	l->started = true;
	life_publish(s, NULL);
	torture_pair_begin(&pair, life_starter_fn, &w, call);
	result = kthread_destroy(l->k);
	WRITE_ONCE(l->dead, true);
	torture_pair_end(&pair);
	life_expect_race(l, result, w.answer);
	put_task_struct(w.k);
	life_bury(s, l);
}

int torture_life_destroy_start(struct torture_call *call)
{
	struct life_slot *s = &life_slots[call->slot];
	struct life *l;
	int err;

	mutex_lock(&s->lock);
	if (s->life)
		life_destroy(s);
	err = life_spawn_well(s, call);
	if (!err) {
		l = s->life;
		life_lock_cpu(l);
		if (life_can_run(l))
			life_race(s, call);
		else
			err = -EAGAIN;
		life_unlock_cpu(l);
	}
	mutex_unlock(&s->lock);
	return err;
}

#ifdef CONFIG_FAILSLAB
/* Let the @nth allocation of this task fail; returns whether it came to that. */
static int life_spawn_failing(struct life_slot *s, struct torture_call *call,
			      unsigned int nth, bool *failed)
{
	int err;

	current->fail_nth = nth;
	err = life_spawn(s, call);
	*failed = !current->fail_nth;
	current->fail_nth = 0;
	return err;
}

int torture_life_fault(struct torture_call *call)
{
	struct life_slot *s = &life_slots[call->slot];
	unsigned int forks = torture_forks_failed();
	u32 nth = 1 + torture_draw(call, 3);
	int err = -EEXIST;
	bool failed;

	mutex_lock(&s->lock);
	if (!s->life) {
		err = life_spawn_failing(s, call, nth, &failed);
		torture_expect(TORTURE_ORACLE_RESULTS_KEPT,
			       !err || (failed && err == -ENOMEM) ||
			       torture_forks_fail(forks),
			       "spawn of thread %u returns %d, allocation %u %s",
			       call->slot, err, nth,
			       failed ? "failed" : "did not come");
	}
	mutex_unlock(&s->lock);
	return err;
}
#else
int torture_life_fault(struct torture_call *call)
{
	return -EOPNOTSUPP;
}
#endif

/* --- The file's part of the module's life --- */

/**
 * torture_life_show - print the threads and their pids
 * @m: where to
 */
void torture_life_show(struct seq_file *m)
{
	struct life_slot *s;

	for (s = life_slots; s < life_slots + TORTURE_LIVES; s++) {
		spin_lock(&s->pin);
		if (s->life)
			seq_printf(m, "%d %d\n", life_number(s->life),
				   task_pid_nr(s->life->k));
		spin_unlock(&s->pin);
	}
}

/**
 * torture_life_init - be ready for threads
 *
 * Return: 0 or -ENOMEM
 */
int torture_life_init(void)
{
	struct life_slot *s;

	/* Alone in its cache, so that a record that was lost is complained of. */
	life_cache = kmem_cache_create("respawn_torture_life",
				       sizeof(struct life), 0, SLAB_NO_MERGE,
				       NULL);
	if (!life_cache)
		return -ENOMEM;
	for (s = life_slots; s < life_slots + TORTURE_LIVES; s++) {
		mutex_init(&s->lock);
		spin_lock_init(&s->pin);
		init_waitqueue_head(&s->answer);
	}
	return 0;
}

/**
 * torture_life_drain - destroy all threads
 */
void torture_life_drain(void)
{
	struct life_slot *s;

	for (s = life_slots; s < life_slots + TORTURE_LIVES; s++) {
		mutex_lock(&s->lock);
		if (s->life)
			life_destroy(s);
		mutex_unlock(&s->lock);
	}
}

/**
 * torture_life_exit - undo torture_life_init()
 */
void torture_life_exit(void)
{
	struct life_slot *s;

	if (life_leaked)
		kthread_destroy(life_leaked);
	for (s = life_slots; s < life_slots + TORTURE_LIVES; s++)
		life_bury(s, NULL);
	kmem_cache_destroy(life_cache);
}
