// SPDX-License-Identifier: GPL-2.0-only
/*
 * Yield points: a call at every basic block of the files that the Makefile
 * compiles with -fsanitize-coverage=trace-pc. A test module that is attached
 * here can let another CPU go first at any of them.
 *
 * That is coverage turned round: not which code ran is asked, but which of the
 * orders that it may run in.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/jump_label.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/yield_points.h>

static DEFINE_STATIC_KEY_FALSE(yield_points_on);
static DEFINE_MUTEX(yield_points_mutex);
static yield_point_fn yield_points_fn;

/* Is a CPU in yield_points_fn? An interrupt that finds it there keeps out. */
static DEFINE_PER_CPU(bool, yield_points_inside);

/*
 * The compiler calls it. It may be in the middle of going idle, or offline, or
 * coming up, so there is no RCU to tell that no CPU is in the function.
 *
 * Much of what a run executes is this. An interrupt that nests in here leaves all as it
 * found it, so that what is the CPU's own is read and written without more ado.
 */
void notrace __sanitizer_cov_trace_pc(void)
{
	unsigned long access;
	yield_point_fn fn;

	if (!static_branch_unlikely(&yield_points_on) || in_nmi())
		return;
	/* One that is not may be killed in here, and wake with our counts raised. */
	if (!cpu_online(raw_smp_processor_id()))
		return;
	/* The way into the scheduler may have points, and must not begin anew at each. */
	if (!preempt_count() && need_resched())
		return;

	/* By its name, objtool takes this to run with user access allowed. */
	access = user_access_save();
	preempt_disable_notrace();
	if (!raw_cpu_read(yield_points_inside)) {
		raw_cpu_write(yield_points_inside, true);
		/* Pairs with the one in yield_points_detach(). */
		smp_mb();
		fn = READ_ONCE(yield_points_fn);
		if (fn)
			fn(_RET_IP_);
		/* All that fn did comes before it is said to be left. */
		smp_mb();
		raw_cpu_write(yield_points_inside, false);
	}
	preempt_enable_notrace();
	user_access_restore(access);
}

/**
 * yield_points_attach - have a function called at every yield point
 * @fn: what is called, with the address of the point. It must not sleep, take a
 *	lock that the instrumented code takes, or call such code. It finds
 *	preemption off, interrupts on or off, locks held, RCU not watching.
 *	Where it interrupted itself it is not called.
 *
 * Context: Process context, of a test module. May sleep.
 * Return: 0, or -EBUSY if there is one already
 */
int yield_points_attach(yield_point_fn fn)
{
	int err = -EBUSY;

	mutex_lock(&yield_points_mutex);
	if (!yield_points_fn) {
		WRITE_ONCE(yield_points_fn, fn);
		static_branch_enable(&yield_points_on);
		err = 0;
	}
	mutex_unlock(&yield_points_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(yield_points_attach);

/**
 * yield_points_detach - undo yield_points_attach()
 * @fn: what was attached; nothing happens if that is another one
 *
 * No CPU runs @fn on return, and none will.
 *
 * Context: Process context, of a test module. May sleep.
 */
void yield_points_detach(yield_point_fn fn)
{
	int cpu;

	mutex_lock(&yield_points_mutex);
	if (yield_points_fn == fn) {
		WRITE_ONCE(yield_points_fn, NULL);
		static_branch_disable(&yield_points_on);
		/* A CPU that does not see the NULL is seen inside. */
		smp_mb();
		for_each_possible_cpu(cpu)
			while (READ_ONCE(per_cpu(yield_points_inside, cpu)))
				fsleep(10);
	}
	mutex_unlock(&yield_points_mutex);
}
EXPORT_SYMBOL_GPL(yield_points_detach);
