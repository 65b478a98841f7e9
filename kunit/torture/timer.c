// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers, hrtimers and tasklets, armed on a CPU that may go before they fire:
 * they have to fire once all the same, not late, and what is bound to the CPU fires
 * there, unless it went.
 *
 * Locking: a slot's mutex is held from one arming to the next look at whether
 * it has fired.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/swait.h>
#include <linux/timer.h>

#include "../compat.h"
#include "torture.h"

struct fuse_kind;

/**
 * struct fuse - something that fires
 * @lock: held while it is armed
 * @fired: where to wait for it; a simple one, as it may be woken with interrupts off
 *	where other locks sleep
 * @kind: which kind of thing it is
 * @armed: how often it was armed
 * @shots: how often it fired
 * @delay_ns: time until it is to fire
 * @due: when that is, by ktime_get_mono_fast_ns()
 * @expires: when that is in jiffies, of what goes by them
 * @cpu: where it was armed
 * @stay: which of that CPU's times up this was, 0 if it was on its way up or down
 * @may_run: it may still run, as it is armed again
 * @repeats: how often it is to fire before that counts
 */
struct fuse {
	struct mutex lock;	/* see above */
	struct swait_queue_head fired;
	const struct fuse_kind *kind;
	int armed;
	int shots;
	u64 delay_ns;
	u64 due;
	unsigned long expires;
	int cpu;
	unsigned int stay;
	bool may_run;
	unsigned int repeats;
	union {
		struct timer_list timer;
		struct hrtimer hrtimer;
		struct tasklet_struct tasklet;
		struct work_struct work;
	};
};

/**
 * struct fuse_kind - a kind of thing that fires
 * @name: what it is called
 * @setup: makes it ready
 * @arm: has it fire on the CPU that this runs on, with interrupts off
 * @end: makes sure that it fires no more, and returns whether it was still to fire
 * @flags: of a timer, or the mode of an hrtimer
 * @clock: of an hrtimer
 * @repeats: it restarts itself, so often at most
 * @waits: it fires when its time has come, and not as soon as it can
 * @by_jiffies: its time is in jiffies, which lag behind while nobody counts them
 * @may_be_late: nothing need be up for it when its time has come
 * @roams: it may fire on any CPU
 * @lingers: armed again while it still runs, it stays on the CPU where it runs
 */
struct fuse_kind {
	const char *name;
	void (*setup)(struct fuse *a);
	void (*arm)(void *fuse);
	bool (*end)(struct fuse *a);
	unsigned int flags;
	clockid_t clock;
	unsigned int repeats;
	bool waits;
	bool by_jiffies;
	bool may_be_late;
	bool roams;
	bool lingers;
};

/* Nothing that is armed for longer than that is waited for. */
#define FUSE_SOON_NS	(10 * NSEC_PER_MSEC)
#define FUSE_LATE_NS	(jiffies_to_nsecs(TORTURE_BOUND))

/* After so long one that repeats fires again. */
#define FUSE_REPEAT_NS	(50 * NSEC_PER_USEC)

/* So many tasklets are scheduled in a row, at most. */
#define FUSE_BURST	8

/* The clock that is read may be a little off the one that is waited for. */
#define FUSE_EARLY_NS	(100 * NSEC_PER_USEC)

/* With interrupts off, so that the CPU does not begin to go before it is armed */
static void fuse_arm_here(void *fuse)
{
	struct fuse *a = fuse;

	a->cpu = smp_processor_id();
	a->stay = torture_moves_stay(a->cpu);
	a->kind->arm(a);
}

/* It has to fire where it was armed: that CPU has been up all the time. */
static bool fuse_is_bound(const struct fuse *a)
{
	return !a->kind->roams && !(a->kind->lingers && a->may_run) &&
	       a->stay && a->stay == torture_moves_stay(a->cpu);
}

static bool fuse_is_due(const struct fuse *a, u64 now)
{
	if (a->kind->by_jiffies)
		return time_after_eq(jiffies, a->expires);
	return !a->kind->waits || now + FUSE_EARLY_NS >= a->due;
}

static void fuse_fire(struct fuse *a)
{
	u64 now = ktime_get_mono_fast_ns();

	torture_expect_machine_goes(a->kind->name);
	torture_expect(TORTURE_ORACLE_IN_TIME, fuse_is_due(a, now),
		       "a %s fires %lld us early", a->kind->name,
		       (s64)(a->due - now) / (s64)NSEC_PER_USEC);
	if (fuse_is_bound(a))
		torture_expect(TORTURE_ORACLE_ON_ITS_CPU, raw_smp_processor_id() == a->cpu,
			       "a %s of CPU %d fires on CPU %d", a->kind->name, a->cpu,
			       raw_smp_processor_id());
	if (!a->kind->may_be_late)
		torture_expect(TORTURE_ORACLE_IN_TIME, now < a->due + FUSE_LATE_NS,
			       "a %s fires %llu ms late", a->kind->name,
			       (now - a->due) / NSEC_PER_MSEC);
	WRITE_ONCE(a->shots, a->shots + 1);
	swake_up_one(&a->fired);
}

static void fuse_timer_fn(struct timer_list *timer)
{
	fuse_fire(container_of(timer, struct fuse, timer));
}

static void fuse_timer_setup(struct fuse *a)
{
	timer_setup(&a->timer, fuse_timer_fn, a->kind->flags);
}

static void fuse_timer_arm(void *fuse)
{
	struct fuse *a = fuse;

	a->expires = jiffies + nsecs_to_jiffies(a->delay_ns);
	a->timer.expires = a->expires;
	add_timer_on(&a->timer, smp_processor_id());
}

/* Where it fires is up to the kernel. */
static void fuse_timer_arm_anywhere(void *fuse)
{
	struct fuse *a = fuse;

	a->expires = jiffies + nsecs_to_jiffies(a->delay_ns);
	mod_timer(&a->timer, a->expires);
}

static bool fuse_timer_end(struct fuse *a)
{
	return timer_delete_sync(&a->timer);
}

static enum hrtimer_restart fuse_hrtimer_fn(struct hrtimer *timer)
{
	struct fuse *a = container_of(timer, struct fuse, hrtimer);

	if (a->repeats) {
		a->repeats--;
		hrtimer_forward_now(timer, ns_to_ktime(FUSE_REPEAT_NS));
		return HRTIMER_RESTART;
	}
	fuse_fire(a);
	return HRTIMER_NORESTART;
}

static void fuse_hrtimer_setup(struct fuse *a)
{
	hrtimer_setup(&a->hrtimer, fuse_hrtimer_fn, a->kind->clock, a->kind->flags);
}

static void fuse_hrtimer_arm(void *fuse)
{
	struct fuse *a = fuse;
	ktime_t when = ns_to_ktime(a->delay_ns);

	/* A relative one of the wall clock would be one of another clock. */
	if (!(a->kind->flags & HRTIMER_MODE_REL))
		when = ktime_add(when, ktime_get_real());
	if (a->kind->repeats)
		a->repeats = 1 + (a->delay_ns / NSEC_PER_MSEC) % a->kind->repeats;
	hrtimer_start(&a->hrtimer, when, a->kind->flags);
}

static bool fuse_hrtimer_end(struct fuse *a)
{
	return hrtimer_cancel(&a->hrtimer);
}

static void fuse_tasklet_fn(struct tasklet_struct *tasklet)
{
	fuse_fire(container_of(tasklet, struct fuse, tasklet));
}

static void fuse_tasklet_setup(struct fuse *a)
{
	tasklet_setup(&a->tasklet, fuse_tasklet_fn);
}

static void fuse_tasklet_arm(void *fuse)
{
	struct fuse *a = fuse;

	if (a->delay_ns / NSEC_PER_MSEC % 2)
		tasklet_schedule(&a->tasklet);
	else
		tasklet_hi_schedule(&a->tasklet);
}

static bool fuse_tasklet_end(struct fuse *a)
{
	tasklet_kill(&a->tasklet);
	return false;
}

#ifdef HAVE_WQ_BH
static void fuse_bh_work_fn(struct work_struct *work)
{
	fuse_fire(container_of(work, struct fuse, work));
}

static void fuse_bh_work_setup(struct fuse *a)
{
	INIT_WORK(&a->work, fuse_bh_work_fn);
}

static void fuse_bh_work_arm(void *fuse)
{
	struct fuse *a = fuse;

	queue_work(a->delay_ns / NSEC_PER_MSEC % 2 ? system_bh_wq : system_bh_highpri_wq, &a->work);
}

static bool fuse_bh_work_end(struct fuse *a)
{
	return cancel_work_sync(&a->work);
}
#endif

#define FUSE_TIMER(nm, fl, fn, ...)						\
	{ .name = nm, .setup = fuse_timer_setup, .arm = fn, .end = fuse_timer_end,	\
	  .flags = fl, .waits = true, .by_jiffies = true, ## __VA_ARGS__ }
#define FUSE_HRTIMER(nm, mode, ...)						\
	{ .name = nm, .setup = fuse_hrtimer_setup, .arm = fuse_hrtimer_arm,	\
	  .end = fuse_hrtimer_end, .flags = mode, .waits = true, .lingers = true,	\
	  .clock = CLOCK_MONOTONIC, ## __VA_ARGS__ }
#define FUSE_TASKLET								\
	{ .name = "tasklet", .setup = fuse_tasklet_setup, .arm = fuse_tasklet_arm,	\
	  .end = fuse_tasklet_end }
#ifdef HAVE_WQ_BH
#define FUSE_BH_WORK								\
	{ .name = "work of a softirq", .setup = fuse_bh_work_setup, .arm = fuse_bh_work_arm,	\
	  .end = fuse_bh_work_end, .lingers = true }
#else
#define FUSE_BH_WORK	FUSE_TASKLET
#endif

enum { FUSE_TIMERS, FUSE_HRTIMERS, FUSE_CLOCKS, FUSE_TASKLETS, FUSE_OPS };

/* Of each operation, a kind for each slot */
static const struct fuse_kind fuse_kinds[FUSE_OPS][TORTURE_FUSES] = {
	[FUSE_TIMERS] = {
		FUSE_TIMER("timer", 0, fuse_timer_arm),
		FUSE_TIMER("timer of any CPU", 0, fuse_timer_arm_anywhere, .roams = true),
		FUSE_TIMER("pinned timer", TIMER_PINNED, fuse_timer_arm_anywhere,
			   .lingers = true),
		FUSE_TIMER("deferrable timer", TIMER_DEFERRABLE, fuse_timer_arm,
			   .may_be_late = true),
	},
	[FUSE_HRTIMERS] = {
		FUSE_HRTIMER("pinned hrtimer", HRTIMER_MODE_REL_PINNED),
		FUSE_HRTIMER("hrtimer of any CPU", HRTIMER_MODE_REL, .roams = true),
		FUSE_HRTIMER("soft hrtimer", HRTIMER_MODE_REL_PINNED_SOFT),
		FUSE_HRTIMER("hard hrtimer", HRTIMER_MODE_REL_PINNED_HARD),
	},
	[FUSE_CLOCKS] = {
		FUSE_HRTIMER("hrtimer of the wall clock", HRTIMER_MODE_ABS_PINNED,
			     .clock = CLOCK_REALTIME),
		FUSE_HRTIMER("hrtimer of the boot clock", HRTIMER_MODE_REL_PINNED,
			     .clock = CLOCK_BOOTTIME),
		FUSE_HRTIMER("hrtimer of the atomic clock", HRTIMER_MODE_REL_PINNED,
			     .clock = CLOCK_TAI),
		FUSE_HRTIMER("hrtimer that repeats", HRTIMER_MODE_REL_PINNED, .repeats = 5),
	},
	[FUSE_TASKLETS] = { FUSE_TASKLET, FUSE_TASKLET, FUSE_BH_WORK, FUSE_BH_WORK },
};

static struct fuse fuses[FUSE_OPS][TORTURE_FUSES];

/*
 * Of each CPU, the tasklet that whoever buries it schedules: right after that one has taken
 * over the tasklets of the dead CPU.
 */
static const struct fuse_kind fuse_burial = FUSE_TASKLET;
static struct fuse fuse_burials[TORTURE_CPUS];

/* Only runs that have tasklets have these. */
static bool fuse_buries;

static bool fuse_is_even(const struct fuse *a)
{
	return READ_ONCE(a->shots) == a->armed;
}

/* It may take days, or until its CPU has something else to do. */
static bool fuse_takes_long(const struct fuse *a)
{
	return a->kind->may_be_late || a->delay_ns > FUSE_SOON_NS;
}

/* Wait for it to fire, or take it back: then it has fired, or is still to. */
static void fuse_await(struct fuse *a)
{
	if (fuse_takes_long(a))
		a->armed -= a->kind->end(a);
	else
		swait_event_timeout_exclusive(a->fired, fuse_is_even(a), TORTURE_BOUND);
	torture_expect(TORTURE_ORACLE_WORK_NOT_LOST, fuse_is_even(a),
		       "a %s fired %d times, not %d", a->kind->name,
		       READ_ONCE(a->shots), a->armed);
}

/* Most of them soon, some in minutes to days: those are there for long. */
static u64 fuse_delay(struct fuse *a, struct torture_call *call)
{
	u64 ns = 1000 + NSEC_PER_MSEC * (u64)torture_draw(call, 8);

	if (a->kind->waits && torture_one_in(call, 8))
		ns = (60 + torture_draw(call, 3 * 24 * 3600)) * (u64)NSEC_PER_SEC;
	return ns;
}

/* Leave it armed: the next one to come here sees that it has fired. */
static int fuse_arm(struct fuse *a, struct torture_call *call)
{
	unsigned int cpu = torture_draw(call, nr_cpu_ids);
	u64 delay = fuse_delay(a, call);
	int err;

	mutex_lock(&a->lock);
	fuse_await(a);
	/* That it has fired does not say that it is over. */
	a->may_run = torture_one_in(call, 2);
	if (!a->may_run && fuse_is_even(a))
		a->kind->end(a);
	a->delay_ns = delay;
	a->due = ktime_get_mono_fast_ns() + delay;
	a->armed++;
	err = smp_call_function_single(cpu, fuse_arm_here, a, 1);
	/* The CPU is offline. */
	if (err)
		a->armed--;
	mutex_unlock(&a->lock);
	return err;
}

int torture_timer(struct torture_call *call)
{
	return fuse_arm(&fuses[FUSE_TIMERS][call->slot], call);
}

int torture_hrtimer(struct torture_call *call)
{
	return fuse_arm(&fuses[FUSE_HRTIMERS][call->slot], call);
}

int torture_clock(struct torture_call *call)
{
	return fuse_arm(&fuses[FUSE_CLOCKS][call->slot], call);
}

/* A tasklet runs at once: for one to meet what is short, it takes some in a row. */
int torture_softirq(struct torture_call *call)
{
	u32 shots = 1 + torture_draw(call, FUSE_BURST);
	int err;

	WRITE_ONCE(fuse_buries, true);
	do
		err = fuse_arm(&fuses[FUSE_TASKLETS][call->slot], call);
	while (!err && --shots);
	return err;
}

/**
 * torture_timer_bury - schedule the tasklet of a burial
 * @cpu: is dead, and its tasklets were taken over
 *
 * Nobody else arms it, as one CPU is buried at a time.
 *
 * Context: process, on the CPU that took them over.
 */
void torture_timer_bury(unsigned int cpu)
{
	struct fuse *a = &fuse_burials[cpu];
	unsigned long flags;

	if (!READ_ONCE(fuse_buries) || torture_over() || !fuse_is_even(a))
		return;
	/* Of low priority and of high in turn */
	a->delay_ns = a->armed % 2 * NSEC_PER_MSEC;
	a->due = ktime_get_mono_fast_ns();
	a->armed++;
	local_irq_save(flags);
	fuse_arm_here(a);
	local_irq_restore(flags);
}

static void fuse_setup(struct fuse *a, const struct fuse_kind *kind)
{
	mutex_init(&a->lock);
	init_swait_queue_head(&a->fired);
	a->kind = kind;
	kind->setup(a);
}

static void fuse_drain(struct fuse *a)
{
	mutex_lock(&a->lock);
	fuse_await(a);
	a->kind->end(a);
	mutex_unlock(&a->lock);
}

/**
 * torture_timer_init - be ready to arm
 *
 * Return: 0
 */
int torture_timer_init(void)
{
	int op, i;

	for (op = 0; op < FUSE_OPS; op++)
		for (i = 0; i < TORTURE_FUSES; i++)
			fuse_setup(&fuses[op][i], &fuse_kinds[op][i]);
	for (i = 0; i < TORTURE_CPUS; i++)
		fuse_setup(&fuse_burials[i], &fuse_burial);
	return 0;
}

/**
 * torture_timer_drain - see all fire that are armed
 */
void torture_timer_drain(void)
{
	int op, i;

	for (op = 0; op < FUSE_OPS; op++)
		for (i = 0; i < TORTURE_FUSES; i++)
			fuse_drain(&fuses[op][i]);
	/* A CPU that dies meanwhile has its burial yet, unless all is over. */
	cpus_read_lock();
	WRITE_ONCE(fuse_buries, false);
	cpus_read_unlock();
	for (i = 0; i < TORTURE_CPUS; i++)
		fuse_drain(&fuse_burials[i]);
}
