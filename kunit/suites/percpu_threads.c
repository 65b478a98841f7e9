// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread on each online CPU, created when the CPU comes and gone when it goes,
 * that watches where and when its functions run: one of the primitives where the
 * kernel has them, else one of kthread_create().
 *
 * Locking: the thread of a CPU changes only in the CPU hotplug callbacks. Those
 * of a CPU that comes or goes hold cpu_hotplug_lock for writing; whoever looks
 * at threads has cpus_read_lock() and holds them off. Those of the module's own
 * init and exit hold it for reading only: the files are there neither before
 * nor after. Pokes are serialised by percpu_poke_mutex, which nests outside of
 * cpu_hotplug_lock.
 *
 * Of a record, the thread itself writes starts, runs and answered, and a poke
 * writes asked. The others are set before the start or after the destroy.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/debugfs.h>
#include <linux/kthread.h>
#ifdef HAVE_LIFECYCLE
#include <linux/kthread_lifecycle.h>
#endif
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/wait.h>

#include "../compat.h"

/* An idle thread answers within microseconds. */
#define POKE_TIMEOUT	(5 * HZ)

/**
 * struct percpu_thread - what is known of a thread
 * @task: the thread
 * @cpu: where it must run
 * @dead: the destroy or the stop has returned
 * @starts: how often its initfn ran
 * @runs: how often its corefn ran
 * @asked: number of the last poke
 * @answered: number of the last poke that a run began after
 * @wrong: what went wrong
 */
struct percpu_thread {
	struct task_struct *task;
	unsigned int cpu;
	bool dead;
	unsigned long starts;
	unsigned long runs;
	unsigned long asked;
	unsigned long answered;
	atomic_t wrong;
};

static DEFINE_PER_CPU(struct percpu_thread *, percpu_thread);

/*
 * The last one that was destroyed, kept until the next is: a function that
 * runs after the destroy finds its record and not freed memory.
 */
static DEFINE_PER_CPU(struct percpu_thread *, percpu_dead);

static struct kmem_cache *percpu_cache;
static struct dentry *percpu_dir;
static enum cpuhp_state percpu_state;

static DEFINE_MUTEX(percpu_poke_mutex);
static DECLARE_WAIT_QUEUE_HEAD(percpu_answer);

static atomic_t percpu_spawned = ATOMIC_INIT(0);
static atomic_t percpu_destroyed = ATOMIC_INIT(0);
static atomic_t percpu_failed = ATOMIC_INIT(0);
static atomic_t percpu_wrong = ATOMIC_INIT(0);

static void percpu_expect(struct percpu_thread *t, bool good, const char *what)
{
	if (good)
		return;
	atomic_inc(&t->wrong);
	atomic_inc(&percpu_wrong);
	pr_err_ratelimited("CPU %u: %s\n", t->cpu, what);
}

/* The thread could move only if it is not bound, and that is the question. */
static bool percpu_at_home(const struct percpu_thread *t)
{
	return raw_smp_processor_id() == t->cpu;
}

static int percpu_initfn(void *data)
{
	struct percpu_thread *t = data;

	WRITE_ONCE(t->starts, t->starts + 1);
	percpu_expect(t, t->starts == 1, "initfn runs again");
	percpu_expect(t, percpu_at_home(t), "initfn runs on another CPU");
	percpu_expect(t, !READ_ONCE(t->dead), "initfn runs after the destroy");
	return 0;
}

static int percpu_corefn(void *data)
{
	struct percpu_thread *t = data;
	unsigned long asked = READ_ONCE(t->asked);

	WRITE_ONCE(t->runs, t->runs + 1);
	percpu_expect(t, t->starts == 1, "corefn runs before initfn");
	percpu_expect(t, percpu_at_home(t), "corefn runs on another CPU");
	percpu_expect(t, !READ_ONCE(t->dead), "corefn runs after the destroy");

	WRITE_ONCE(t->answered, asked);
	wake_up(&percpu_answer);
	return 0;
}

#ifdef HAVE_LIFECYCLE
static struct task_struct *percpu_spawn(struct percpu_thread *t)
{
	struct task_struct *k;

	k = kthread_spawn(percpu_initfn, percpu_corefn, t, "percpu/%u", t->cpu);
	if (IS_ERR(k))
		return k;
	t->task = k;
	kthread_bind(k, t->cpu);
	return kthread_start(k);
}

static int percpu_destroy(struct percpu_thread *t)
{
	return kthread_destroy(t->task);
}
#else
static bool percpu_is_woken(const struct percpu_thread *t)
{
	return kthread_should_stop() || READ_ONCE(t->asked) != t->answered;
}

/* What a thread of the primitives does by itself */
static int percpu_fn(void *data)
{
	struct percpu_thread *t = data;

	percpu_initfn(t);
	wake_up(&percpu_answer);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!percpu_is_woken(t))
			schedule();
		__set_current_state(TASK_RUNNING);
		if (kthread_should_stop())
			return 0;
		percpu_corefn(t);
	}
}

static struct task_struct *percpu_spawn(struct percpu_thread *t)
{
	struct task_struct *k = kthread_create(percpu_fn, t, "percpu/%u", t->cpu);

	if (IS_ERR(k))
		return k;
	t->task = k;
	kthread_bind(k, t->cpu);
	wake_up_process(k);
	wait_event_timeout(percpu_answer, READ_ONCE(t->starts), POKE_TIMEOUT);
	return k;
}

static int percpu_destroy(struct percpu_thread *t)
{
	return kthread_stop(t->task);
}
#endif

static int percpu_online(unsigned int cpu)
{
	struct percpu_thread *t;
	struct task_struct *k;

	t = kmem_cache_zalloc(percpu_cache, GFP_KERNEL);
	if (!t) {
		atomic_inc(&percpu_failed);
		return -ENOMEM;
	}
	t->cpu = cpu;
	k = percpu_spawn(t);
	if (IS_ERR(k)) {
		kmem_cache_free(percpu_cache, t);
		atomic_inc(&percpu_failed);
		return PTR_ERR(k);
	}
	percpu_expect(t, READ_ONCE(t->starts) == 1, "started without initfn");
	atomic_inc(&percpu_spawned);
	per_cpu(percpu_thread, cpu) = t;
	return 0;
}

static void percpu_bury(unsigned int cpu, struct percpu_thread *t)
{
	if (per_cpu(percpu_dead, cpu))
		kmem_cache_free(percpu_cache, per_cpu(percpu_dead, cpu));
	per_cpu(percpu_dead, cpu) = t;
}

static int percpu_offline(unsigned int cpu)
{
	struct percpu_thread *t = per_cpu(percpu_thread, cpu);
	int result;

	per_cpu(percpu_thread, cpu) = NULL;
	result = percpu_destroy(t);
	WRITE_ONCE(t->dead, true);
	percpu_expect(t, !result, "the destroy returned an error");
	percpu_expect(t, t->starts == 1, "there was not one start");
	percpu_bury(cpu, t);
	atomic_inc(&percpu_destroyed);
	return 0;
}

static int percpu_threads_show(struct seq_file *m, void *unused)
{
	struct percpu_thread *t;
	unsigned int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		t = per_cpu(percpu_thread, cpu);
		if (t)
			seq_printf(m, "%u %d %lu %lu %d\n", cpu,
				   task_pid_nr(t->task), READ_ONCE(t->starts),
				   READ_ONCE(t->runs), atomic_read(&t->wrong));
	}
	cpus_read_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(percpu_threads);

static int percpu_stats_show(struct seq_file *m, void *unused)
{
	cpus_read_lock();
	seq_printf(m, "spawned %d\n", atomic_read(&percpu_spawned));
	seq_printf(m, "destroyed %d\n", atomic_read(&percpu_destroyed));
	seq_printf(m, "failed %d\n", atomic_read(&percpu_failed));
	seq_printf(m, "wrong %d\n", atomic_read(&percpu_wrong));
	cpus_read_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(percpu_stats);

static bool percpu_answered(const struct percpu_thread *t)
{
	return READ_ONCE(t->answered) == t->asked;
}

static int percpu_ask(void)
{
	struct percpu_thread *t;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		t = per_cpu(percpu_thread, cpu);
		if (!t)
			return -ENXIO;
		WRITE_ONCE(t->asked, t->asked + 1);
		wake_up_process(t->task);
	}
	return 0;
}

static int percpu_await_answers(void)
{
	struct percpu_thread *t;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		t = per_cpu(percpu_thread, cpu);
		if (!wait_event_timeout(percpu_answer, percpu_answered(t),
					POKE_TIMEOUT)) {
			pr_err("CPU %u: woken, but corefn does not run\n", cpu);
			return -ETIMEDOUT;
		}
	}
	return 0;
}

/* Hotplug is held off, so that a thread is not woken on a CPU that is going. */
static int percpu_poke_set(void *data, u64 val)
{
	int err;

	if (val != 1)
		return -EINVAL;
	mutex_lock(&percpu_poke_mutex);
	cpus_read_lock();
	err = percpu_ask();
	if (!err)
		err = percpu_await_answers();
	cpus_read_unlock();
	mutex_unlock(&percpu_poke_mutex);
	return err;
}
DEFINE_SIMPLE_ATTRIBUTE(percpu_poke_fops, NULL, percpu_poke_set, "%llu\n");

/*
 * A dead task is freed by an RCU callback, and one of its parts by a second
 * one that the first has queued.
 */
static int percpu_settle_set(void *data, u64 val)
{
	rcu_barrier();
	rcu_barrier();
	return 0;
}
DEFINE_SIMPLE_ATTRIBUTE(percpu_settle_fops, NULL, percpu_settle_set, "%llu\n");

static void percpu_create_files(void)
{
	struct dentry *dir;

	percpu_dir = debugfs_create_dir("respawn", NULL);
	dir = debugfs_create_dir("percpu", percpu_dir);
	debugfs_create_file("threads", 0400, dir, NULL, &percpu_threads_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &percpu_stats_fops);
	debugfs_create_file("poke", 0200, dir, NULL, &percpu_poke_fops);
	debugfs_create_file("settle", 0200, dir, NULL, &percpu_settle_fops);
}

static void percpu_free_all(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		percpu_bury(cpu, NULL);
	kmem_cache_destroy(percpu_cache);
}

static int __init percpu_init(void)
{
	int state;

	/* Alone in its cache, so that a record that was lost is complained of. */
	percpu_cache = kmem_cache_create("respawn_percpu_thread",
					 sizeof(struct percpu_thread), 0,
					 SLAB_NO_MERGE, NULL);
	if (!percpu_cache)
		return -ENOMEM;
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "respawn/percpu:online",
				  percpu_online, percpu_offline);
	if (state < 0) {
		percpu_free_all();
		return state;
	}
	percpu_state = state;
	percpu_create_files();
	return 0;
}

static void __exit percpu_exit(void)
{
	int wrong = atomic_read(&percpu_wrong);

	debugfs_remove(percpu_dir);
	cpuhp_remove_state(percpu_state);
	/* These can't be read any more. */
	WARN(wrong != atomic_read(&percpu_wrong),
	     "percpu_threads: the last threads ended badly\n");
	percpu_free_all();
}

module_init(percpu_init);
module_exit(percpu_exit);

MODULE_DESCRIPTION("One thread per online CPU, spawned and destroyed with it");
MODULE_LICENSE("GPL");
