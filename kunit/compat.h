/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KUNIT_COMPAT_H
#define RESPAWN_KUNIT_COMPAT_H
/*
 * What modules use and some kernel from 6.1 on does not have. It is looked for,
 * here and in Kbuild: the number of a version says little of a tree.
 */
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#ifndef HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

#ifndef HAVE_TIMER_DELETE_SYNC
#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif

/* A timer that only its own function arms is not armed after this either. */
#ifndef HAVE_TIMER_SHUTDOWN_SYNC
#define timer_shutdown_sync(timer)	timer_delete_sync(timer)
#endif

#ifndef HAVE_KTHREAD_STOP_PUT
static inline int kthread_stop_put(struct task_struct *k)
{
	int result = kthread_stop(k);

	put_task_struct(k);
	return result;
}
#endif

/* Where there is no other, a worker that is created runs at once. */
#ifndef kthread_run_worker
#define kthread_run_worker		kthread_create_worker
#define kthread_run_worker_on_cpu(cpu, flags, namefmt) \
	kthread_create_worker_on_cpu(cpu, flags, namefmt, cpu)
#endif

/* A cache that is merged with others is not missed: less is seen then. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE			0
#endif

/* A workqueue that is not said to be unbound is of each CPU. */
#ifndef HAVE_WQ_PERCPU
#define WQ_PERCPU			0
#endif

#ifndef HAVE_SYSTEM_DFL_WQ
#define system_dfl_wq			system_unbound_wq
#define system_percpu_wq		system_wq
#endif

#endif /* RESPAWN_KUNIT_COMPAT_H */
