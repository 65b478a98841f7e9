// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for kthread_spawn(), kthread_start() and kthread_destroy().
 *
 * Each case is named for what must hold. A thread that a case leaves behind,
 * because an assertion ended it early, is destroyed by an action.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/kthread_lifecycle.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>
#include <uapi/linux/sched/types.h>

#define BOUND		(10 * HZ)	/* no operation here takes nearly as long */
#define CALLERS		8
#define GENERATIONS	500

/**
 * struct life - what a thread of a case does and what it saw
 * @k: the thread while it lives, else NULL
 * @init_result: what initfn returns
 * @core_result: what corefn returns
 * @inits: times that initfn ran
 * @cores: times that corefn ran
 * @core_early: times that corefn ran before initfn was over
 * @ran: completed by each run of corefn
 * @release: initfn and corefn wait for it if @slow
 * @looping: corefn loops by itself until a signal is pending
 */
struct life {
	struct task_struct *k;
	int init_result;
	int core_result;
	atomic_t inits;
	atomic_t cores;
	atomic_t core_early;
	struct completion ran;
	struct completion release;
	bool slow;
	bool looping;
	bool inited;
};

static int life_init(void *data)
{
	struct life *l = data;

	atomic_inc(&l->inits);
	if (l->slow)
		wait_for_completion(&l->release);
	l->inited = true;
	return l->init_result;
}

static int life_core(void *data)
{
	struct life *l = data;

	if (!l->inited)
		atomic_inc(&l->core_early);
	atomic_inc(&l->cores);
	complete(&l->ran);
	while (l->looping && !signal_pending(current))
		schedule_timeout_interruptible(10 * HZ);
	return l->core_result;
}

static void life_end(void *data)
{
	struct life *l = data;

	complete_all(&l->release);
	if (l->k)
		kthread_destroy(l->k);
}

static struct life *life_new(struct kunit *test)
{
	struct life *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	init_completion(&l->ran);
	init_completion(&l->release);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, life_end, l), 0);
	return l;
}

static void life_spawn(struct kunit *test, struct life *l)
{
	struct task_struct *k = kthread_spawn(life_init, life_core, l, "life/%d", 7);

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(k));
	l->k = k;
}

static void life_launch(struct kunit *test, struct life *l)
{
	life_spawn(test, l);
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
}

static int life_destroy(struct life *l)
{
	struct task_struct *k = l->k;

	l->k = NULL;
	return kthread_destroy(k);
}

/* See the thread asleep in @state: off its CPU, and not about to be on one. */
static void life_sleeps(struct kunit *test, struct life *l, unsigned int state)
{
	unsigned long end = jiffies + BOUND;

	while (time_before(jiffies, end)) {
		if ((READ_ONCE(l->k->__state) & state) &&
		    !READ_ONCE(l->k->on_rq) && !READ_ONCE(l->k->on_cpu))
			return;
		schedule_timeout_uninterruptible(1);
	}
	KUNIT_ASSERT_TRUE_MSG(test, false, "%s does not sleep", l->k->comm);
}

/* A wake-up, and corefn's answer to it */
static void life_run(struct kunit *test, struct life *l)
{
	wake_up_process(l->k);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
}

/* What a thread has of its environment, as it sees it itself */
struct environment {
	const struct cred *cred;
	struct nsproxy *nsproxy;
	struct fs_struct *fs;
	struct files_struct *files;
	struct mm_struct *mm;
	struct task_struct *parent;
	sigset_t blocked;
	int nice;
	unsigned int policy;
	bool pending;
	cpumask_t cpus;
	struct completion seen;
};

static int look_around(void *data)
{
	struct environment *e = data;

	e->cred = current_cred();
	e->nsproxy = current->nsproxy;
	e->fs = current->fs;
	e->files = current->files;
	e->mm = current->mm;
	e->parent = rcu_dereference_protected(current->real_parent, true);
	e->blocked = current->blocked;
	e->nice = task_nice(current);
	e->policy = current->policy;
	e->pending = signal_pending(current);
	cpumask_copy(&e->cpus, current->cpus_ptr);
	return 0;
}

/* A caller that has everything a thread must not inherit */
static int odd_caller(void *data)
{
	struct environment *e = data;
	struct cred *cred = prepare_creds();
	struct task_struct *k;
	sigset_t all;

	if (!cred)
		return -ENOMEM;
	cred->uid = KUIDT_INIT(1000);
	cred->fsuid = cred->uid;
	commit_creds(cred);
	set_user_nice(current, 7);
	set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));
	siginitsetinv(&all, sigmask(SIGUSR1));
	current->blocked = all;
	allow_signal(SIGUSR1);
	send_sig(SIGUSR1, current, 1);

	k = kthread_launch(look_around, NULL, e, "clean");
	if (!IS_ERR(k))
		kthread_destroy(k);
	complete(&e->seen);
	return PTR_ERR_OR_ZERO(k);
}

static void clean_environment(struct kunit *test)
{
	struct environment *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct task_struct *caller;
	sigset_t want;

	KUNIT_ASSERT_NOT_NULL(test, e);
	init_completion(&e->seen);
	caller = kthread_create(odd_caller, e, "odd_caller");
	KUNIT_ASSERT_FALSE(test, IS_ERR(caller));
	get_task_struct(caller);
	wake_up_process(caller);
	wait_for_completion(&e->seen);
	KUNIT_EXPECT_EQ(test, kthread_stop_put(caller), 0);

	KUNIT_EXPECT_TRUE(test, uid_eq(e->cred->uid, GLOBAL_ROOT_UID));
	KUNIT_EXPECT_TRUE(test, uid_eq(e->cred->fsuid, GLOBAL_ROOT_UID));
	KUNIT_EXPECT_PTR_EQ(test, e->nsproxy, e->parent->nsproxy);
	KUNIT_EXPECT_PTR_EQ(test, e->fs, e->parent->fs);
	KUNIT_EXPECT_PTR_EQ(test, e->files, e->parent->files);
	KUNIT_EXPECT_NULL(test, e->mm);
	KUNIT_EXPECT_STREQ(test, e->parent->comm, "kthreadd");
	KUNIT_EXPECT_EQ(test, e->nice, 0);
	KUNIT_EXPECT_EQ(test, e->policy, (unsigned int)SCHED_NORMAL);
	KUNIT_EXPECT_FALSE(test, e->pending);
	KUNIT_EXPECT_TRUE(test, cpumask_subset(cpu_online_mask, &e->cpus));
	siginitsetinv(&want, sigmask(SIGTERM));
	KUNIT_EXPECT_MEMEQ(test, &e->blocked, &want, sizeof(want));
}

static void spawned_thread_sleeps(struct kunit *test)
{
	struct life *l = life_new(test);

	life_spawn(test, l);
	/* A stray wake-up is no start either. */
	wake_up_process(l->k);
	life_sleeps(test, l, TASK_IDLE);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
	KUNIT_EXPECT_STREQ(test, l->k->comm, "life/7");
}

static void signals_of_users_do_nothing(struct kunit *test)
{
	static const int signals[] = { SIGKILL, SIGSTOP, SIGTERM, SIGINT, SIGUSR1 };
	struct life *l = life_new(test);

	life_launch(test, l);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	for (int i = 0; i < ARRAY_SIZE(signals); i++)
		send_sig_info(signals[i], SEND_SIG_NOINFO, l->k);
	/* Had one of them woken it, corefn would run. */
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
	KUNIT_EXPECT_FALSE(test, signal_pending(l->k));
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void start_runs_initfn_once(struct kunit *test)
{
	struct life *l = life_new(test);

	l->init_result = 42;
	life_launch(test, l);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 1);
	KUNIT_EXPECT_TRUE(test, l->inited);
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->core_early), 0);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void failed_start_reaps(struct kunit *test)
{
	struct life *l = life_new(test);
	struct task_struct *k;

	l->init_result = -ENODEV;
	life_spawn(test, l);
	k = get_task_struct(l->k);
	l->k = NULL;
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(k), ERR_PTR(-ENODEV));
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
	KUNIT_EXPECT_EQ(test, k->exit_state, EXIT_DEAD);
	put_task_struct(k);
}

static void every_wakeup_runs_corefn(struct kunit *test)
{
	struct life *l = life_new(test);

	life_launch(test, l);
	for (int i = 1; i <= 100; i++) {
		life_run(test, l);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->cores), i);
	}
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static int wait_in_core(void *data)
{
	struct life *l = data;

	atomic_inc(&l->cores);
	complete(&l->ran);
	/* Not a sleep: a wake-up must find this thread running. */
	while (!try_wait_for_completion(&l->release) && !signal_pending(current))
		cond_resched();
	return 0;
}

static void wakeup_during_corefn_is_kept(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, wait_in_core, l, "kept");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	for (int i = 1; i <= 50; i++) {
		life_run(test, l);
		/* corefn runs and has seen all there was: wake it once more. */
		wake_up_process(l->k);
		complete(&l->release);
		KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&l->ran, BOUND), 0);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->cores), 2 * i);
		complete(&l->release);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
	}
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void idle_thread_uses_no_cpu(struct kunit *test)
{
	struct life *l = life_new(test);
	unsigned long switches;
	u64 ran;

	life_launch(test, l);
	life_run(test, l);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	switches = l->k->nvcsw + l->k->nivcsw;
	ran = l->k->se.sum_exec_runtime;
	msleep(200);
	KUNIT_EXPECT_EQ(test, l->k->nvcsw + l->k->nivcsw, switches);
	KUNIT_EXPECT_EQ(test, l->k->se.sum_exec_runtime, ran);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void no_corefn_sleeps_until_destroyed(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, NULL, NULL, "nothing");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	for (int i = 0; i < 10; i++)
		wake_up_process(l->k);
	life_sleeps(test, l, TASK_INTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void looping_corefn_sees_the_signal(struct kunit *test)
{
	struct life *l = life_new(test);
	ktime_t begun;

	l->looping = true;
	l->core_result = 5;
	life_launch(test, l);
	life_run(test, l);
	begun = ktime_get();
	KUNIT_EXPECT_EQ(test, life_destroy(l), 5);
	/* Far less than the ten seconds it sleeps for at a time. */
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), begun), 5000);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
}

static void failed_corefn_is_not_called_again(struct kunit *test)
{
	struct life *l = life_new(test);

	l->core_result = -EIO;
	life_launch(test, l);
	life_run(test, l);
	for (int i = 0; i < 10; i++) {
		wake_up_process(l->k);
		life_sleeps(test, l, TASK_INTERRUPTIBLE);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 1);
	KUNIT_EXPECT_EQ(test, l->k->exit_state, 0);
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EIO);
}

static void destroy_returns_last_result(struct kunit *test)
{
	static const int results[] = {
		0, 1, 255, 256, -1, -EINTR, -255, -256, -ERESTARTSYS, -MAX_ERRNO,
	};

	for (int i = 0; i < ARRAY_SIZE(results); i++) {
		struct life *l = life_new(test);

		l->core_result = results[i];
		life_launch(test, l);
		life_run(test, l);
		KUNIT_EXPECT_EQ(test, life_destroy(l), results[i]);
	}
}

static void start_returns_full_range(struct kunit *test)
{
	static const int results[] = {
		-1, -EINTR, -255, -256, -ERESTARTSYS, -MAX_ERRNO,
	};

	for (int i = 0; i < ARRAY_SIZE(results); i++) {
		struct life *l = life_new(test);

		l->init_result = results[i];
		KUNIT_EXPECT_PTR_EQ(test, kthread_launch(life_init, life_core, l, "range"),
				    ERR_PTR(results[i]));
	}
}

static void destroyed_thread_is_dead(struct kunit *test)
{
	for (int i = 0; i < 50; i++) {
		struct life *l = life_new(test);
		struct task_struct *k;

		life_launch(test, l);
		k = get_task_struct(l->k);
		wake_up_process(k);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
		/* Reaped: no longer to be found, by pid or as a child. */
		KUNIT_EXPECT_EQ(test, k->exit_state, EXIT_DEAD);
		KUNIT_EXPECT_FALSE(test, pid_alive(k));
		KUNIT_EXPECT_TRUE(test, list_empty(&k->sibling));
		put_task_struct(k);
	}
}

static void destroy_before_start_runs_nothing(struct kunit *test)
{
	struct life *l = life_new(test);

	life_spawn(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EINTR);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->inits), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->cores), 0);
}

static void started_means_initfn_has_run(struct kunit *test)
{
	for (int i = 0; i < 100; i++) {
		struct life *l = life_new(test);

		life_launch(test, l);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
		KUNIT_ASSERT_EQ(test, atomic_read(&l->inits), 1);
	}
}

/* A caller of every operation who is being killed meanwhile */
static int killed_caller(void *data)
{
	struct life *l = data;
	struct task_struct *k;
	int ret;

	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	if (!fatal_signal_pending(current) && !signal_pending(current))
		return -EPROTO;
	k = kthread_launch(life_init, life_core, l, "uninterrupted");
	if (IS_ERR(k))
		return PTR_ERR(k);
	wake_up_process(k);
	wait_for_completion(&l->ran);
	ret = kthread_destroy(k);
	complete(&l->release);
	return ret;
}

static void killed_caller_gets_the_result(struct kunit *test)
{
	struct life *l = life_new(test);
	struct task_struct *caller;

	l->core_result = -ENOTTY;
	caller = kthread_create(killed_caller, l, "killed_caller");
	KUNIT_ASSERT_FALSE(test, IS_ERR(caller));
	get_task_struct(caller);
	wake_up_process(caller);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&l->release, BOUND), 0);
	KUNIT_EXPECT_EQ(test, kthread_stop_put(caller), -ENOTTY);
}

struct caller {
	struct work_struct work;
	struct life *l;
	int failures;
};

static void many_lives(struct work_struct *work)
{
	struct caller *c = container_of(work, struct caller, work);

	for (int i = 0; i < 50; i++) {
		struct task_struct *k = kthread_launch(NULL, NULL, NULL, "many/%d", i);

		if (IS_ERR(k) || kthread_destroy(k))
			c->failures++;
	}
}

static void callers_at_once_from_work_items(struct kunit *test)
{
	struct caller *c = kunit_kcalloc(test, CALLERS, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (int i = 0; i < CALLERS; i++) {
		INIT_WORK(&c[i].work, many_lives);
		queue_work(system_unbound_wq, &c[i].work);
	}
	for (int i = 0; i < CALLERS; i++) {
		flush_work(&c[i].work);
		KUNIT_EXPECT_EQ(test, c[i].failures, 0);
	}
}

static void slow_start(struct work_struct *work)
{
	struct caller *c = container_of(work, struct caller, work);

	c->failures = kthread_start(c->l->k) != c->l->k;
}

static void slow_initfn_holds_up_nobody(struct kunit *test)
{
	struct caller *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct life *l;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->l = life_new(test);
	c->l->slow = true;
	life_spawn(test, c->l);
	INIT_WORK(&c->work, slow_start);
	queue_work(system_unbound_wq, &c->work);

	for (int i = 0; i < 10; i++) {
		l = life_new(test);
		life_launch(test, l);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
	}
	KUNIT_EXPECT_FALSE(test, c->l->inited);
	complete(&c->l->release);
	flush_work(&c->work);
	KUNIT_EXPECT_EQ(test, c->failures, 0);
}

static int nested(void *data)
{
	int *depth = data, ret;
	struct task_struct *k;

	if (--*depth == 0)
		return 0;
	k = kthread_launch(nested, NULL, depth, "nested/%d", *depth);
	if (IS_ERR(k))
		return PTR_ERR(k);
	ret = kthread_destroy(k);
	return ret;
}

static void nested_from_initfn(struct kunit *test)
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

static void nested_from_corefn(struct kunit *test)
{
	struct life *l = life_new(test);

	l->core_result = -EPROTO;
	l->k = kthread_launch(NULL, nested_core, l, "outer");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, l->core_result, 0);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static int where(void *data)
{
	*(int *)data = raw_smp_processor_id();
	return 0;
}

static void bound_thread_runs_on_its_cpu(struct kunit *test)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct life *l = life_new(test);
		int at = -1;

		l->k = kthread_spawn(where, NULL, &at, "bound/%u", cpu);
		KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
		kthread_bind(l->k, cpu);
		KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
		KUNIT_EXPECT_EQ(test, at, (int)cpu);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
	}
}

static void name_is_formatted_and_cut(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_spawn(NULL, NULL, NULL, "%s-%d-%s", "abc", 12, "defghijklmnopq");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	KUNIT_EXPECT_STREQ(test, l->k->comm, "abc-12-defghijk");
	KUNIT_EXPECT_EQ(test, life_destroy(l), -EINTR);
}

static unsigned int count_tasks(const char *name)
{
	struct task_struct *p;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_process(p)
		n += !strcmp(p->comm, name);
	rcu_read_unlock();
	return n;
}

static void nothing_is_left_over(struct kunit *test)
{
	for (int i = 0; i < GENERATIONS; i++) {
		struct task_struct *k = kthread_spawn(NULL, NULL, NULL, "leftover");

		KUNIT_ASSERT_FALSE(test, IS_ERR(k));
		if (i % 3)
			KUNIT_ASSERT_PTR_EQ(test, kthread_start(k), k);
		KUNIT_ASSERT_EQ(test, kthread_destroy(k), i % 3 ? 0 : -EINTR);
	}
	KUNIT_EXPECT_EQ(test, count_tasks("leftover"), 0U);
}

/* The host takes the next trouble with that text for what it is: meant. */
static void expect_warning(const char *text)
{
	pr_info("respawn: expect %s\n", text);
}

static void misuse_warns_and_fails(struct kunit *test)
{
	struct life *l = life_new(test);

	life_launch(test, l);
	expect_warning("kthread_start");
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(l->k), ERR_PTR(-EINVAL));
	expect_warning("lifecycle_of");
	KUNIT_EXPECT_EQ(test, kthread_destroy(NULL), -EINVAL);
	/* Once is enough: no more warnings of that kind, the same results. */
	KUNIT_EXPECT_EQ(test, kthread_destroy(ERR_PTR(-ENOMEM)), -EINVAL);
	KUNIT_EXPECT_EQ(test, kthread_destroy(current), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, kthread_start(ERR_PTR(-ENOMEM)), ERR_PTR(-EINVAL));
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static int destroy_self(void *data)
{
	struct life *l = data;

	l->core_result = kthread_destroy(current);
	complete(&l->ran);
	return 0;
}

static void destroy_of_oneself_is_refused(struct kunit *test)
{
	struct life *l = life_new(test);

	l->k = kthread_launch(NULL, destroy_self, l, "self");
	KUNIT_ASSERT_FALSE(test, IS_ERR(l->k));
	expect_warning("kthread_destroy");
	life_run(test, l);
	KUNIT_EXPECT_EQ(test, l->core_result, -EDEADLK);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

static void workers_are_up(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, keventd_up());
}

static struct kunit_case cases[] = {
	KUNIT_CASE(workers_are_up),
	KUNIT_CASE(clean_environment),
	KUNIT_CASE(spawned_thread_sleeps),
	KUNIT_CASE(signals_of_users_do_nothing),
	KUNIT_CASE(start_runs_initfn_once),
	KUNIT_CASE(failed_start_reaps),
	KUNIT_CASE(every_wakeup_runs_corefn),
	KUNIT_CASE(wakeup_during_corefn_is_kept),
	KUNIT_CASE(idle_thread_uses_no_cpu),
	KUNIT_CASE(no_corefn_sleeps_until_destroyed),
	KUNIT_CASE(looping_corefn_sees_the_signal),
	KUNIT_CASE(failed_corefn_is_not_called_again),
	KUNIT_CASE(destroy_returns_last_result),
	KUNIT_CASE(start_returns_full_range),
	KUNIT_CASE(destroyed_thread_is_dead),
	KUNIT_CASE(destroy_before_start_runs_nothing),
	KUNIT_CASE(started_means_initfn_has_run),
	KUNIT_CASE(killed_caller_gets_the_result),
	KUNIT_CASE(callers_at_once_from_work_items),
	KUNIT_CASE(slow_initfn_holds_up_nobody),
	KUNIT_CASE(nested_from_initfn),
	KUNIT_CASE(nested_from_corefn),
	KUNIT_CASE(bound_thread_runs_on_its_cpu),
	KUNIT_CASE(name_is_formatted_and_cut),
	KUNIT_CASE_SLOW(nothing_is_left_over),
	KUNIT_CASE(misuse_warns_and_fails),
	KUNIT_CASE(destroy_of_oneself_is_refused),
	{}
};

static struct kunit_suite kthread_lifecycle_suite = {
	.name = "kthread_lifecycle",
	.test_cases = cases,
};

kunit_test_suite(kthread_lifecycle_suite);

MODULE_DESCRIPTION("KUnit suite for kthread_spawn(), kthread_start() and kthread_destroy()");
MODULE_LICENSE("GPL");
