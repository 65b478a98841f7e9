// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cases of the suite kthread_lifecycle_guest: what of a caller reaches a thread.
 *
 * The odd caller is a process, /bin/odd_caller, that has all a thread must not
 * inherit. It asks for a thread by writing to a file; the thread looks around.
 */
#include <kunit/static_stub.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/personality.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/umh.h>
#include <uapi/linux/sched/types.h>

#include "lifecycle_guest.h"

/**
 * struct environment - what a task has around it, as it sees it itself
 * @uid: and the other fields as in &struct task_struct and &struct cred
 */
struct environment {
	kuid_t uid;
	kuid_t fsuid;
	kernel_cap_t effective;
	struct user_namespace *user_ns;
	struct nsproxy *nsproxy;
	struct fs_struct *fs;
	struct files_struct *files;
	struct mm_struct *mm;
	struct css_set *cgroups;
	struct task_struct *parent;
	sigset_t blocked;
	sigset_t pending;
	int nice;
	unsigned int policy;
	unsigned int rt_priority;
	unsigned int personality;
	u64 timer_slack;
	short oom_score_adj;
	unsigned long nofile;
	unsigned int flags;
	int exit_signal;
	cpumask_t cpus;
};

static struct environment of_thread, of_caller;
static struct dentry *launch_file;
static int launch_result;

static void look_around(struct environment *e)
{
	e->uid = current_uid();
	e->fsuid = current_fsuid();
	e->effective = current_cred()->cap_effective;
	e->user_ns = current_user_ns();
	e->nsproxy = current->nsproxy;
	e->fs = current->fs;
	e->files = current->files;
	e->mm = current->mm;
	e->cgroups = rcu_access_pointer(current->cgroups);
	e->parent = rcu_dereference_protected(current->real_parent, true);
	e->blocked = current->blocked;
	e->pending = current->pending.signal;
	e->nice = task_nice(current);
	e->policy = current->policy;
	e->rt_priority = current->rt_priority;
	e->personality = current->personality;
	e->timer_slack = current->timer_slack_ns;
	e->oom_score_adj = current->signal->oom_score_adj;
	e->nofile = rlimit(RLIMIT_NOFILE);
	e->flags = current->flags;
	e->exit_signal = current->exit_signal;
	cpumask_copy(&e->cpus, current->cpus_ptr);
}

static int look_around_fn(void *data)
{
	look_around(data);
	return 0;
}

/* In the process that writes: its environment, then that of its thread */
static ssize_t launch_write(struct file *file, const char __user *buf,
			    size_t len, loff_t *pos)
{
	struct task_struct *k;

	look_around(&of_caller);
	k = kthread_launch(look_around_fn, NULL, &of_thread, "clean");
	launch_result = IS_ERR(k) ? PTR_ERR(k) : kthread_destroy(k);
	return len;
}

static const struct file_operations launch_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = launch_write,
};

int lifecycle_environment_init(struct kunit_suite *suite)
{
	launch_file = debugfs_create_file("respawn_launch", 0200, NULL, NULL,
					  &launch_fops);
	return PTR_ERR_OR_ZERO(launch_file);
}

void lifecycle_environment_exit(struct kunit_suite *suite)
{
	debugfs_remove(launch_file);
}

/* kthreadd's environment is the one to have: nobody can have changed it. */
static void expect_clean(struct kunit *test, struct environment *e)
{
	sigset_t only_stop;

	KUNIT_EXPECT_STREQ(test, e->parent->comm, "kthreadd");
	KUNIT_EXPECT_TRUE(test, uid_eq(e->uid, GLOBAL_ROOT_UID));
	KUNIT_EXPECT_TRUE(test, uid_eq(e->fsuid, GLOBAL_ROOT_UID));
	KUNIT_EXPECT_TRUE(test, cap_issubset(CAP_FULL_SET, e->effective));
	KUNIT_EXPECT_PTR_EQ(test, e->user_ns, &init_user_ns);
	KUNIT_EXPECT_PTR_EQ(test, e->nsproxy, e->parent->nsproxy);
	KUNIT_EXPECT_PTR_EQ(test, e->fs, e->parent->fs);
	KUNIT_EXPECT_PTR_EQ(test, e->files, e->parent->files);
	KUNIT_EXPECT_NULL(test, e->mm);
	KUNIT_EXPECT_PTR_EQ(test, e->cgroups, rcu_access_pointer(e->parent->cgroups));
	KUNIT_EXPECT_EQ(test, e->nice, 0);
	KUNIT_EXPECT_EQ(test, e->policy, (unsigned int)SCHED_NORMAL);
	KUNIT_EXPECT_EQ(test, e->rt_priority, 0U);
	KUNIT_EXPECT_EQ(test, e->personality, e->parent->personality);
	KUNIT_EXPECT_EQ(test, e->timer_slack, e->parent->timer_slack_ns);
	KUNIT_EXPECT_EQ(test, e->oom_score_adj, e->parent->signal->oom_score_adj);
	KUNIT_EXPECT_EQ(test, e->nofile,
			e->parent->signal->rlim[RLIMIT_NOFILE].rlim_cur);
	KUNIT_EXPECT_EQ(test, e->exit_signal, 0);
	KUNIT_EXPECT_TRUE(test, e->flags & PF_KTHREAD);
	KUNIT_EXPECT_TRUE(test, e->flags & PF_NOFREEZE);
	KUNIT_EXPECT_FALSE(test, e->flags & (PF_WQ_WORKER | PF_NO_SETAFFINITY));
	KUNIT_EXPECT_TRUE(test, cpumask_subset(cpu_online_mask, &e->cpus));
	KUNIT_EXPECT_TRUE(test, sigisemptyset(&e->pending));
	siginitsetinv(&only_stop, sigmask(SIGTERM));
	KUNIT_EXPECT_MEMEQ(test, &e->blocked, &only_stop, sizeof(only_stop));
}

/* A thread that has nothing of a caller with nothing proves nothing. */
static void expect_odd(struct kunit *test, struct environment *e)
{
	const struct task_struct *clean = of_thread.parent;

	KUNIT_EXPECT_FALSE(test, uid_eq(e->uid, GLOBAL_ROOT_UID));
	KUNIT_EXPECT_FALSE(test, uid_eq(e->fsuid, GLOBAL_ROOT_UID));
	KUNIT_EXPECT_FALSE(test, cap_issubset(CAP_FULL_SET, e->effective));
	KUNIT_EXPECT_PTR_NE(test, e->nsproxy, clean->nsproxy);
	KUNIT_EXPECT_PTR_NE(test, e->fs, clean->fs);
	KUNIT_EXPECT_PTR_NE(test, e->files, clean->files);
	KUNIT_EXPECT_NOT_NULL(test, e->mm);
	KUNIT_EXPECT_PTR_NE(test, e->cgroups, rcu_access_pointer(clean->cgroups));
	KUNIT_EXPECT_NE(test, e->nice, 0);
	KUNIT_EXPECT_NE(test, e->policy, (unsigned int)SCHED_NORMAL);
	KUNIT_EXPECT_NE(test, e->personality, clean->personality);
	KUNIT_EXPECT_NE(test, e->timer_slack, clean->timer_slack_ns);
	KUNIT_EXPECT_NE(test, e->oom_score_adj, clean->signal->oom_score_adj);
	KUNIT_EXPECT_NE(test, e->nofile, clean->signal->rlim[RLIMIT_NOFILE].rlim_cur);
	KUNIT_EXPECT_FALSE(test, cpumask_subset(cpu_online_mask, &e->cpus));
	KUNIT_EXPECT_TRUE(test, sigismember(&e->blocked, SIGUSR1));
	KUNIT_EXPECT_TRUE(test, sigismember(&e->pending, SIGUSR1));
}

void clean_environment(struct kunit *test)
{
	static char *argv[2] = { "/bin/odd_caller" };
	static char *envp[1];
	int status;

	memset(&of_thread, 0, sizeof(of_thread));
	launch_result = -EPROTO;
	status = call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC);
	KUNIT_ASSERT_EQ_MSG(test, status, 0, "%s: exit status %d", argv[0], status >> 8);
	KUNIT_ASSERT_EQ(test, launch_result, 0);
	expect_odd(test, &of_caller);
	expect_clean(test, &of_thread);
}

/* What a process can't be: a kernel thread with signals of its own */
static int odd_kthread(void *data)
{
	struct completion *done = data;
	struct task_struct *k;

	siginitset(&current->blocked, sigmask(SIGTERM));
	allow_signal(SIGUSR1);
	send_sig(SIGUSR1, current, 1);
	sched_set_fifo_low(current);
	set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));

	k = kthread_launch(look_around_fn, NULL, &of_thread, "clean");
	launch_result = IS_ERR(k) ? PTR_ERR(k) : kthread_destroy(k);
	complete(done);
	return 0;
}

void clean_environment_of_a_kthread(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct task_struct *caller;

	memset(&of_thread, 0, sizeof(of_thread));
	launch_result = -EPROTO;
	caller = kthread_create(odd_kthread, &done, "odd_kthread");
	KUNIT_ASSERT_FALSE(test, IS_ERR(caller));
	get_task_struct(caller);
	wake_up_process(caller);
	wait_for_completion(&done);
	KUNIT_EXPECT_EQ(test, kthread_stop_put(caller), 0);
	KUNIT_ASSERT_EQ(test, launch_result, 0);
	expect_clean(test, &of_thread);
}

static bool no_workers(void)
{
	return false;
}

/* A child inherits the timer slack of its parent as its default, which marks it. */
#define MARK	12345

/*
 * Early boot has no KUnit; so it is told that there are no workers, and this
 * task, which has all that a worker never has, does it itself.
 */
static struct task_struct *spawn_without_workers(struct life *l, bool fifo)
{
	u64 slack = current->timer_slack_ns;
	sigset_t blocked = current->blocked;
	struct task_struct *k;

	siginitset(&current->blocked, sigmask(SIGTERM) | sigmask(SIGUSR2));
	allow_signal(SIGUSR2);
	send_sig(SIGUSR2, current, 1);
	set_user_nice(current, 7);
	if (fifo)
		sched_set_fifo_low(current);
	current->timer_slack_ns = MARK;
	set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));

	k = kthread_spawn(life_init, life_core, l, "itself");

	set_cpus_allowed_ptr(current, cpu_possible_mask);
	sched_set_normal(current, 0);
	disallow_signal(SIGUSR2);
	flush_signals(current);
	current->blocked = blocked;
	current->timer_slack_ns = slack;
	return k;
}

static void expect_cleaned(struct kunit *test, struct task_struct *k)
{
	sigset_t only_stop;

	siginitsetinv(&only_stop, sigmask(SIGTERM));
	KUNIT_EXPECT_EQ(test, k->default_timer_slack_ns, (u64)MARK);
	KUNIT_EXPECT_EQ(test, task_nice(k), 0);
	KUNIT_EXPECT_EQ(test, k->policy, (unsigned int)SCHED_NORMAL);
	KUNIT_EXPECT_TRUE(test, cpumask_subset(cpu_online_mask, k->cpus_ptr));
	KUNIT_EXPECT_MEMEQ(test, &k->blocked, &only_stop, sizeof(only_stop));
	KUNIT_EXPECT_FALSE(test, signal_pending(k));
	KUNIT_EXPECT_TRUE(test, k->flags & PF_NOFREEZE);
	KUNIT_EXPECT_STREQ(test, rcu_dereference_protected(k->real_parent, true)->comm,
			   "kthreadd");
}

void caller_does_it_without_workers(struct kunit *test)
{
	kunit_activate_static_stub(test, lifecycle_has_workers, no_workers);
	for (int fifo = 0; fifo <= 1; fifo++) {
		struct life *l = life_new(test);
		struct task_struct *k = spawn_without_workers(l, fifo);

		KUNIT_ASSERT_FALSE(test, IS_ERR(k));
		l->k = k;
		expect_cleaned(test, k);
		l->core_result = -ENOTTY;
		KUNIT_EXPECT_PTR_EQ(test, kthread_start(k), k);
		life_run(test, l);
		KUNIT_EXPECT_EQ(test, life_destroy(l), -ENOTTY);

		l->init_result = -EXDEV;
		KUNIT_EXPECT_PTR_EQ(test, kthread_launch(life_init, life_core, l, "fails"),
				    ERR_PTR(-EXDEV));
		KUNIT_EXPECT_EQ(test, life_count_tasks("fails"), 0U);
	}
}

/* One that is moved before it runs would start in a cgroup that is not its own. */
void users_cannot_move_it_before_the_start(struct kunit *test)
{
	struct life *l = life_new(test);

	life_spawn(test, l);
	KUNIT_EXPECT_TRUE(test, l->k->no_cgroup_migration);
	KUNIT_ASSERT_PTR_EQ(test, kthread_start(l->k), l->k);
	KUNIT_EXPECT_FALSE(test, l->k->no_cgroup_migration);
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/* From the first thread on, which PID 1 has forked, there being no workers yet */
void threads_have_the_files_of_kthreadd(struct kunit *test)
{
	static const char *const names[] = { "ksoftirqd/0", "migration/0", "cpuhp/0", "life/7" };
	struct files_struct *files = NULL;
	struct life *l = life_new(test);
	struct task_struct *p;
	unsigned int seen = 0;

	life_launch(test, l);
	rcu_read_lock();
	p = pid_task(find_pid_ns(2, &init_pid_ns), PIDTYPE_PID);
	if (p)
		files = p->files;
	for_each_process(p) {
		if (match_string(names, ARRAY_SIZE(names), p->comm) < 0)
			continue;
		seen++;
		KUNIT_EXPECT_PTR_EQ_MSG(test, p->files, files, "%s", p->comm);
		KUNIT_EXPECT_PTR_EQ_MSG(test, p->sighand->action[SIGINT - 1].sa.sa_handler,
					SIG_IGN, "%s", p->comm);
	}
	rcu_read_unlock();
	KUNIT_EXPECT_NOT_NULL(test, files);
	KUNIT_EXPECT_EQ(test, seen, (unsigned int)ARRAY_SIZE(names));
	KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
}

/*
 * A thread is kthreadd's, also in the list of children that a parent goes
 * through when it dies: whoever forked it has no more to do with it.
 */
void who_reaps_need_not_have_forked(struct kunit *test)
{
	for (int workers_fork = 0; workers_fork <= 1; workers_fork++) {
		struct life *l = life_new(test);
		struct task_struct *k;

		if (!workers_fork)
			kunit_activate_static_stub(test, lifecycle_has_workers, no_workers);
		life_launch(test, l);
		KUNIT_EXPECT_TRUE(test, list_empty(&current->children));
		k = get_task_struct(l->k);
		if (workers_fork)
			kunit_activate_static_stub(test, lifecycle_has_workers, no_workers);
		else
			kunit_deactivate_static_stub(test, lifecycle_has_workers);
		KUNIT_EXPECT_EQ(test, life_destroy(l), 0);
		KUNIT_EXPECT_EQ(test, k->exit_state, EXIT_DEAD);
		put_task_struct(k);
	}
}
