// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decides from a seed where a CPU gives way to another one, and so steers which
 * of the possible interleavings a run takes.
 *
 * In virtual time all CPUs of the guest share one thread of the host, and one
 * that executes cpu_relax() hands that thread over. The places to do so are the
 * yield points of the kernel, where it has them, and a timer on each CPU, which
 * any kernel has. Where CPUs run in parallel, they are delayed instead.
 *
 * Each task draws its numbers from a stream of its own, see streams.c, so that in
 * virtual time the same seed is the same schedule. What CPUs know of each other is read
 * and written without locks: a lock would be a schedule of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#ifdef CONFIG_LIFECYCLE_YIELD_POINTS
#include <linux/yield_points.h>
#endif

#include "../compat.h"
#include "script.h"
#include "steer.h"
#include "steer_names.h"
#include "streams.h"

/* A timer on an idle CPU only keeps virtual time from jumping ahead. */
#define IDLE_FACTOR	64
/* Blocks that a burst lasts, over all CPUs */
#define BURST_BLOCKS	2048
#define BURST_FACTOR	8
/* Blocks after which a CPU that stays behind does so anew */
#define PATIENCE_BLOCKS	1024
/* How much rarer a long hold is than a yield, and a forced preemption */
#define HOLD_FACTOR	64
#define RESCHED_FACTOR	4

static char *strategy = "random";
module_param(strategy, charp, 0444);
MODULE_PARM_DESC(strategy, "where CPUs give way: random, pct, burst, hold, surw, pos, script or jitter");

static unsigned long long seed = 1;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "of all that is drawn");

#define PARAMETER(name, def, what)		\
	static unsigned int name = def;		\
	module_param(name, uint, 0444);		\
	MODULE_PARM_DESC(name, what);

STEER_PARAMETERS(PARAMETER)

/* "base+offset:length+offset:length...", all hexadecimal, by address */
static char *focus = "";
module_param(focus, charp, 0444);
MODULE_PARM_DESC(focus, "ranges of code that matter more");

/* No console line has more counts than this. */
#define FOCUS_LINE	16
/* Nor more words of pairs */
#define PAIRS_LINE	16

/**
 * struct steer_range - code in the focus
 * @from: its first address
 * @to: the first one behind it
 * @hits: how often yield points there were come by
 * @blocks: which of them were, since that was asked last: a bit of a hash of each
 */
struct steer_range {
	unsigned long from;
	unsigned long to;
	unsigned long hits;
	u64 blocks;
};

static struct steer_range steer_ranges[FOCUS_RANGES];
static int steer_nr_ranges;

/*
 * Does this run care for them? It may take what is elsewhere, so every other pair of seeds
 * is steered as if there was no focus; what is come by is counted all the same.
 */
static bool steer_focused;

/* Is there more to do at a point than what the strategy does? */
static bool steer_looks;

static int steer_get_hits(char *text, const struct kernel_param *kp)
{
	int i, used = 0;

	for (i = 0; i < steer_nr_ranges; i++)
		used += scnprintf(text + used, PAGE_SIZE - used, "%lu ", steer_ranges[i].hits);
	return used + scnprintf(text + used, PAGE_SIZE - used, "\n");
}

static const struct kernel_param_ops steer_hits_ops = { .get = steer_get_hits };
module_param_cb(hits, &steer_hits_ops, NULL, 0444);
MODULE_PARM_DESC(hits, "how often each range of the focus was come by");

/* Who reads them begins anew. */
static int steer_get_blocks(char *text, const struct kernel_param *kp)
{
	int i, used = 0;

	for (i = 0; i < steer_nr_ranges; i++)
		used += scnprintf(text + used, PAGE_SIZE - used, "%llx ",
				  xchg(&steer_ranges[i].blocks, 0));
	return used + scnprintf(text + used, PAGE_SIZE - used, "\n");
}

static const struct kernel_param_ops steer_blocks_ops = { .get = steer_get_blocks };
module_param_cb(blocks, &steer_blocks_ops, NULL, 0400);
MODULE_PARM_DESC(blocks, "which blocks of each range were come by since this was read");

/*
 * Which blocks of the focus came after which ones of another task: a bit of a hash of the
 * two. It says whether a run showed an order that no other one did.
 */
static DECLARE_BITMAP(steer_pairs, FOCUS_PAIRS);
static struct task_struct *steer_last_task;
static unsigned long steer_last_ip;

/**
 * struct steer_cpu - what a CPU draws from, and what it has done
 * @state: of the generator of its timer
 * @here: what it draws from at yield points
 * @priority: pct: of what it ran when it was last at a yield point
 * @pid: pct: of that task
 * @patience: pct: how often it may still give way before it has to get on
 * @inside: it is at a yield point in the focus, of a run that cares for it
 * @range: which piece of the focus it is at, or NULL
 * @ip: where that is
 * @nth: how often its task has come by there, if that is counted
 * @timer: the jitter
 * @blocks: yield points it came by
 * @yields: times it gave way
 * @resched: times it asked for another task
 * @timers: times @timer fired
 */
struct steer_cpu {
	u64 state;
	struct steer_here here;
	u64 priority;
	pid_t pid;
	unsigned int patience;
	bool inside;
	struct steer_range *range;
	unsigned long ip;
	unsigned int nth;
	struct hrtimer timer;
	unsigned long blocks;
	unsigned long yields;
	unsigned long resched;
	unsigned long timers;
};

static DEFINE_PER_CPU(struct steer_cpu, steer_cpus);
static enum cpuhp_state steer_state;
static bool steer_ending;

/* How many blocks of a burst are left */
static int steer_burst_left;

/* pct: how often a CPU lost its priority */
static unsigned long steer_changes;

/* Who wants to know of switches, or NULL */
static void (*steer_told)(const struct steer_switch *s);

static void steer_say_switch(const struct steer_cpu *c, unsigned int nth, unsigned int times,
			     bool resched)
{
	void (*fn)(const struct steer_switch *s) = READ_ONCE(steer_told);
	const struct steer_stream *from = c->here.stream;
	struct steer_switch s = {
		.ip = c->ip, .actor = from->epoch >> 32, .draw = from->epoch, .nth = nth,
		.times = times, .resched = resched,
	};

	if (!fn)
		return;
	strscpy(s.task, from->task, sizeof(s.task));
	fn(&s);
}

static void steer_give_way(struct steer_cpu *c, unsigned int times)
{
	c->yields += times;
	while (times--) {
		if (delay)
			ndelay(delay);
		else
			cpu_relax();
	}
}

static void steer_resched(struct steer_cpu *c)
{
	c->resched++;
	set_tsk_need_resched(current);
	set_preempt_need_resched();
}

/* How far it is from one point that is drawn to the next one */
static unsigned int steer_draw_distance(struct steer_stream *s, unsigned int n)
{
	return 1 + (u32)steer_draw(&s->state) % (2 * n - 1);
}

/* As far as it was to the next one, it is here; but a stream may not know yet. */
static noinline bool steer_draw_next(struct steer_stream *s, unsigned int n, unsigned int weight)
{
	if (steer_focused)
		n *= thin;
	if (!s->left) {
		s->left = min(steer_draw_distance(s, n), steer_draw_distance(s, n));
		if (s->left > weight) {
			s->left -= weight;
			return false;
		}
	}
	s->left = steer_draw_distance(s, n);
	return true;
}

/*
 * Is this point drawn, which one in @n is? To draw at each of them would cost more than
 * to draw how far it is to the next one: up to twice @n, of which a point takes off as
 * much as it is the likelier, @weight. A stream begins somewhere between two of them,
 * which is nearer than one is to the other.
 */
static __always_inline bool steer_is_drawn(struct steer_cpu *c, unsigned int n,
					   unsigned int weight)
{
	struct steer_stream *s = c->here.stream;

	if (c->inside)
		weight *= dense * thin;
	if (likely(s->left > weight)) {
		s->left -= weight;
		return false;
	}
	return steer_draw_next(s, n, weight);
}

/* Give way as it was drawn, if that is one of the draws that are to be followed. */
static void steer_follow(struct steer_cpu *c, u64 drawn, unsigned int times, bool resched)
{
	if (!only_has(drawn))
		return;
	if (only_is_there())
		steer_say_switch(c, c->nth, times, resched);
	if (resched)
		steer_resched(c);
	steer_give_way(c, times);
}

static noinline void steer_now_and_then(struct steer_cpu *c)
{
	u64 r = steer_draw(&c->here.stream->state);

	steer_follow(c, r, 1 + (r >> 32 & 0xffff) % most, !(r % RESCHED_FACTOR));
}

/* Every point is as likely as any other: for what needs a few steps to meet. */
static void random_at_block(struct steer_cpu *c)
{
	if (steer_is_drawn(c, one_in, 1))
		steer_now_and_then(c);
}

/* Dense after an operation has begun, thin elsewhere: cheap in long runs. */
static void burst_at_block(struct steer_cpu *c)
{
	int left = READ_ONCE(steer_burst_left);

	if (left > 0)
		WRITE_ONCE(steer_burst_left, left - 1);
	if (steer_is_drawn(c, one_in * BURST_FACTOR, left > 0 ? BURST_FACTOR * BURST_FACTOR : 1))
		steer_now_and_then(c);
}

/* One CPU stands still while the others get far: for windows that are wide. */
static void hold_at_block(struct steer_cpu *c)
{
	if (steer_is_drawn(c, one_in * HOLD_FACTOR, 1)) {
		u64 r = steer_draw(&c->here.stream->state);

		steer_follow(c, r, hold / 2 + (u32)r % hold, false);
	}
}

/* How far those are that are to go ahead of @c */
static unsigned long steer_blocks_ahead(const struct steer_cpu *c)
{
	/* At each point: no guest has more CPUs than a word has bits. */
	unsigned long sum = 0, left = *cpumask_bits(cpu_online_mask);

	for (; left; left &= left - 1) {
		const struct steer_cpu *o = per_cpu_ptr(&steer_cpus, __ffs(left));

		if (o != c && READ_ONCE(o->priority) > c->priority)
			sum += READ_ONCE(o->blocks);
	}
	return sum;
}

/*
 * Let them go first, as long as there are some that get anywhere. They may spin
 * until @c has done its part, so there is a limit to it.
 */
static void steer_stay_behind(struct steer_cpu *c)
{
	unsigned long was, is;

	if (!(c->blocks % PATIENCE_BLOCKS))
		c->patience = hold;
	if (!c->patience)
		return;
	for (is = steer_blocks_ahead(c); is && c->patience; c->patience--) {
		was = is;
		steer_give_way(c, 1);
		is = steer_blocks_ahead(c);
		if (is == was)
			break;
	}
}

/*
 * Tasks have priorities by the seed. The CPU with the highest one goes first,
 * but now and then it becomes the lowest: for a race that needs just so many
 * switches, and these in the right places.
 */
static void pct_at_block(struct steer_cpu *c)
{
	u64 state = seed ^ c->here.stream->key;

	if (c->pid != current->pid) {
		c->pid = current->pid;
		c->patience = hold;
		WRITE_ONCE(c->priority, steer_draw(&state) | 1ULL << 63);
	}
	if (steer_is_drawn(c, span, 1)) {
		WRITE_ONCE(steer_changes, steer_changes + 1);
		WRITE_ONCE(c->priority, S64_MAX - steer_changes);
		steer_say_switch(c, 0, hold, false);
	}
	steer_stay_behind(c);
}

/* Points outside of the focus count rarely, as far as there is one. */
static bool steer_counts(struct steer_cpu *c)
{
	return c->inside || steer_is_drawn(c, one_in, 1);
}

/* How many points a CPU has left of @span, if all have as many */
static u64 steer_left(const struct steer_cpu *c)
{
	unsigned long blocks = READ_ONCE(c->blocks);

	return span > blocks ? span - blocks : 1;
}

/* One of the CPUs, the likelier the more it has left */
static struct steer_cpu *steer_draw_cpu(struct steer_cpu *c)
{
	struct steer_cpu *o = c;
	u64 sum = 0, r;
	int cpu;

	for_each_online_cpu(cpu)
		sum += steer_left(per_cpu_ptr(&steer_cpus, cpu));
	r = sum ? steer_draw(&c->here.stream->state) % sum : 0;
	for_each_online_cpu(cpu) {
		u64 left;

		o = per_cpu_ptr(&steer_cpus, cpu);
		left = steer_left(o);
		if (r < left)
			break;
		r -= left;
	}
	return o;
}

/*
 * A random walk that is uniform over the orders, and not over the steps: who has more
 * left to do goes first more often.
 */
static void surw_at_block(struct steer_cpu *c)
{
	struct steer_cpu *o;
	unsigned int times;
	unsigned long was;

	if (!steer_counts(c))
		return;
	o = steer_draw_cpu(c);
	was = READ_ONCE(o->blocks);
	/* One that is idle does not get anywhere. */
	for (times = most; o != c && times && READ_ONCE(o->blocks) == was; times--)
		steer_give_way(c, 1);
}

/* Where nothing is in focus, a function is as much the same code as can be told. */
static bool is_same_code(const struct steer_cpu *one, const struct steer_cpu *two)
{
	if (two->range)
		return READ_ONCE(one->range) == two->range;
	return READ_ONCE(one->ip) == two->ip;
}

/*
 * Each step of a CPU has a priority of its own, and the highest goes first. Those that
 * are about to do something in the same piece of code draw anew.
 */
static void pos_at_block(struct steer_cpu *c)
{
	struct steer_stream *s;
	int cpu;

	if (!steer_counts(c))
		return;
	WRITE_ONCE(c->priority, steer_draw(&c->here.stream->state));
	steer_stay_behind(c);
	/* While it stood still, its stream may have become that of another task. */
	s = steer_stream(&c->here, seed);
	for_each_online_cpu(cpu) {
		struct steer_cpu *o = per_cpu_ptr(&steer_cpus, cpu);

		if (o != c && is_same_code(o, c))
			WRITE_ONCE(o->priority, steer_draw(&s->state));
	}
}

/* Nothing is drawn. */
static void script_at_block(struct steer_cpu *c)
{
	const struct steer_place *p = script_at(c->here.stream, c->ip);

	if (!p)
		return;
	steer_say_switch(c, p->nth, p->times, p->resched);
	if (p->resched)
		steer_resched(c);
	steer_give_way(c, p->times);
}

static void jitter_at_block(struct steer_cpu *c)
{
}

/**
 * steer_begin - an operation begins
 * @actor: number of who does it
 * @draw: which of its draws it is
 *
 * Context: Process context, of who does it. For modules that find it with symbol_get().
 */
void steer_begin(unsigned int actor, unsigned int draw)
{
	steer_note_begin(actor, draw);
	WRITE_ONCE(steer_burst_left, BURST_BLOCKS);
}
EXPORT_SYMBOL_GPL(steer_begin);

/**
 * steer_tell - say who wants to know of each switch that a strategy is made of
 * @fn: called at the yield point; NULL if nobody does any more
 *
 * Context: Process context. May sleep. For modules that find it with symbol_get().
 */
void steer_tell(void (*fn)(const struct steer_switch *s))
{
	WRITE_ONCE(steer_told, fn);
	/* A yield point has preemption off. */
	if (!fn)
		synchronize_rcu();
}
EXPORT_SYMBOL_GPL(steer_tell);

/* --- The kernel's yield points --- */

/*
 * Which range a yield point is in is the same each time: the number of the range and one,
 * or 0, below the address without its uppermost byte, which all of the kernel have in common.
 */
#define KNOWN_BITS	10
#define KNOWN_RANGE	8

static u64 steer_known[1 << KNOWN_BITS];

static noinline unsigned int steer_find_range(unsigned long ip)
{
	int low = 0, high = steer_nr_ranges - 1;

	while (low <= high) {
		int middle = (low + high) / 2;

		if (ip < steer_ranges[middle].from)
			high = middle - 1;
		else if (ip >= steer_ranges[middle].to)
			low = middle + 1;
		else
			return middle + 1;
	}
	return 0;
}

static struct steer_range *steer_range_of(unsigned long ip)
{
	u64 *known = &steer_known[(ip >> 2 ^ ip >> (2 + KNOWN_BITS)) % ARRAY_SIZE(steer_known)];
	u64 entry = READ_ONCE(*known), key = (u64)ip << KNOWN_RANGE;
	unsigned int nth = entry - key;

	BUILD_BUG_ON(FOCUS_RANGES >= 1 << KNOWN_RANGE);
	if (unlikely(entry >> KNOWN_RANGE != key >> KNOWN_RANGE)) {
		nth = steer_find_range(ip);
		WRITE_ONCE(*known, key | nth);
	}
	return nth ? &steer_ranges[nth - 1] : NULL;
}

static void steer_count(struct steer_range *range, unsigned long ip)
{
	u64 block = BIT_ULL(hash_long(ip - range->from, 6));

	WRITE_ONCE(range->hits, READ_ONCE(range->hits) + 1);
	if (!(READ_ONCE(range->blocks) & block))
		WRITE_ONCE(range->blocks, READ_ONCE(range->blocks) | block);
	if (steer_last_task && steer_last_task != current) {
		u32 pair = hash_64(steer_last_ip * GOLDEN_RATIO_64 ^ ip, ilog2(FOCUS_PAIRS));

		if (!test_bit(pair, steer_pairs))
			set_bit(pair, steer_pairs);
	}
	WRITE_ONCE(steer_last_task, current);
	WRITE_ONCE(steer_last_ip, ip);
}

/* What only some runs ask for */
static noinline void steer_look(struct steer_cpu *c, unsigned long ip)
{
	if (steer_nr_ranges) {
		c->range = steer_range_of(ip);
		c->inside = steer_focused && c->range;
		if (c->range)
			steer_count(c->range, ip);
	}
	if (only_is_there())
		c->nth = only_count(c->here.stream, ip);
}

static __always_inline void steer_at_point(unsigned long ip, void (*at_block)(struct steer_cpu *c))
{
	struct steer_cpu *c = this_cpu_ptr(&steer_cpus);

	c->blocks++;
	c->ip = ip;
	steer_stream(&c->here, seed);
	if (steer_looks)
		steer_look(c, ip);
	at_block(c);
}

/* Each strategy has the whole way to it as one function: there are millions of points. */
#define AT_POINT(name, points, every)			\
	static void notrace name##_at_point(unsigned long ip)	\
	{						\
		steer_at_point(ip, name##_at_block);	\
	}

STEER_STRATEGIES(AT_POINT)

/**
 * struct steer_strategy - a way to choose
 * @name: what strategy= calls it
 * @at_point: called at each yield point, with preemption off
 * @points: it is nothing without the kernel's yield points
 * @every: default of every=
 */
struct steer_strategy {
	const char *name;
	void (*at_point)(unsigned long ip);
	bool points;
	unsigned int every;
};

#define STRATEGY(name, points, every)	{ #name, name##_at_point, points, every },

static const struct steer_strategy strategies[] = {
	STEER_STRATEGIES(STRATEGY)
};

static const struct steer_strategy *chosen;

#ifdef CONFIG_LIFECYCLE_YIELD_POINTS

static int steer_attach(void)
{
	return chosen->points ? yield_points_attach(chosen->at_point) : 0;
}

static void steer_detach(void)
{
	yield_points_detach(chosen->at_point);
}

#else

static int steer_attach(void)
{
	if (!chosen->points)
		return 0;
	pr_err("strategy %s needs CONFIG_LIFECYCLE_YIELD_POINTS; jitter does not\n",
	       chosen->name);
	return -EOPNOTSUPP;
}

static void steer_detach(void)
{
}

#endif

/* --- A timer on each CPU that is online --- */

static u64 steer_interval(struct steer_cpu *c)
{
	u64 ns = 200 + steer_draw(&c->state) % (2 * (u64)every);

	return is_idle_task(current) ? ns * IDLE_FACTOR : ns;
}

/* One that was moved off a CPU that went has nothing to do elsewhere. */
static enum hrtimer_restart steer_timer(struct hrtimer *timer)
{
	struct steer_cpu *c = container_of(timer, struct steer_cpu, timer);
	u64 r = steer_draw(&c->state);

	if (c != this_cpu_ptr(&steer_cpus) || READ_ONCE(steer_ending))
		return HRTIMER_NORESTART;

	c->timers++;
	if (!(r % HOLD_FACTOR))
		steer_give_way(c, hold);
	else
		steer_give_way(c, (r >> 16) % (most + 1));
	if (!((r >> 32) % 4))
		steer_resched(c);
	hrtimer_forward_now(timer, ns_to_ktime(steer_interval(c)));
	return HRTIMER_RESTART;
}

static int steer_online(unsigned int cpu)
{
	struct steer_cpu *c = per_cpu_ptr(&steer_cpus, cpu);

	if (!every)
		return 0;
	/* It may have been moved when its CPU went, and not have fired since. */
	hrtimer_cancel(&c->timer);
	hrtimer_start(&c->timer, ns_to_ktime(steer_interval(c)),
		      HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static void steer_prepare_cpus(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct steer_cpu *c = per_cpu_ptr(&steer_cpus, cpu);
		u64 state = seed + cpu;

		c->state = steer_draw(&state) ^ (u64)cpu << 56;
		c->pid = -1;
		steer_here_init(&c->here);
		hrtimer_setup(&c->timer, steer_timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_HARD);
	}
}

static void steer_end_timers(void)
{
	int cpu;

	WRITE_ONCE(steer_ending, true);
	cpuhp_remove_state(steer_state);
	for_each_possible_cpu(cpu)
		hrtimer_cancel(&per_cpu_ptr(&steer_cpus, cpu)->timer);
}

static int steer_choose(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(strategies); i++)
		if (!strcmp(strategies[i].name, strategy))
			chosen = &strategies[i];
	if (!chosen) {
		pr_err("no strategy is called %s\n", strategy);
		return -EINVAL;
	}
	if (!one_in || !most || !hold || !span || one_in > U32_MAX / 2 / HOLD_FACTOR ||
	    span > U32_MAX / 2) {
		pr_err("one_in, most, hold and span must be 1 at least, and no more than can be counted\n");
		return -EINVAL;
	}
	if (script_is_there() != !strcmp(strategy, "script")) {
		pr_err("strategy script needs script=, and no other one takes it\n");
		return -EINVAL;
	}
	if (!every)
		every = chosen->every;
	/* As the stress driver has it, of the seed of the run and not of another walk. */
	steer_focused = seed / 2 % 2;
	if (walk)
		seed = walk;
	return 0;
}

/* A range is never empty, and never begins before the end of the one before. */
static int steer_add_range(unsigned long base, unsigned long offset, unsigned long length)
{
	struct steer_range *r = &steer_ranges[steer_nr_ranges];

	if (steer_nr_ranges == FOCUS_RANGES || !length)
		return -EINVAL;
	r->from = base + offset;
	r->to = r->from + length;
	if (steer_nr_ranges && r->from < r[-1].to)
		return -EINVAL;
	steer_nr_ranges++;
	return 0;
}

static int steer_read_focus(void)
{
	unsigned long base, offset, length;
	const char *at = focus;
	int used = 0;

	if (!*at) {
		steer_focused = false;
		return 0;
	}
	if (sscanf(at, "%lx%n", &base, &used) != 1)
		goto bad;
	for (at += used; *at; at += used) {
		if (sscanf(at, "+%lx:%lx%n", &offset, &length, &used) != 2 ||
		    steer_add_range(base, offset, length))
			goto bad;
	}
	if (dense && thin && (u64)one_in * HOLD_FACTOR * BURST_FACTOR * thin <= U32_MAX &&
	    (u64)span * 2 * thin <= U32_MAX)
		return 0;
	pr_err("dense and thin must be 1 at least, and thin is too large\n");
	return -EINVAL;

bad:
	pr_err("focus is not of %d ranges at most, in order: %s\n", FOCUS_RANGES, at);
	return -EINVAL;
}

static int __init steer_init(void)
{
	int err = steer_choose();

	if (!err)
		err = steer_read_focus();
	if (!err && only_is_there())
		err = only_count_init();
	if (err)
		return err;
	steer_looks = steer_nr_ranges || only_is_there();
	steer_prepare_cpus();
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "respawn/steer:online",
				steer_online, NULL);
	if (err < 0)
		goto out;
	steer_state = err;
	err = steer_attach();
	if (err)
		steer_end_timers();
out:
	if (err)
		only_count_exit();
	return err;
}

static void steer_say_focus(void)
{
	char line[FOCUS_LINE * (BITS_PER_LONG / 4 + 1) + 1];
	int i, used = 0;

	for (i = 0; i < steer_nr_ranges; i++) {
		used += scnprintf(line + used, sizeof(line) - used, " %lx", steer_ranges[i].hits);
		if (i + 1 < steer_nr_ranges && (i + 1) % FOCUS_LINE)
			continue;
		pr_info("focus from %d:%s\n", i / FOCUS_LINE * FOCUS_LINE, line);
		used = 0;
	}
}

static void steer_say_pairs(void)
{
	char line[PAIRS_LINE * (BITS_PER_LONG / 4 + 1) + 1];
	unsigned int i, used = 0;

	for (i = 0; steer_nr_ranges && i < BITS_TO_LONGS(FOCUS_PAIRS); i++) {
		used += scnprintf(line + used, sizeof(line) - used, " %lx", steer_pairs[i]);
		if ((i + 1) % PAIRS_LINE)
			continue;
		pr_info("pairs from %u:%s\n", i + 1 - PAIRS_LINE, line);
		used = 0;
	}
}

/* The numbers are part of what two runs of a seed have to agree in. */
static void __exit steer_exit(void)
{
	unsigned long blocks = 0, yields = 0, resched = 0, timers = 0;
	int cpu;

	steer_detach();
	steer_end_timers();
	only_count_exit();
	for_each_possible_cpu(cpu) {
		const struct steer_cpu *c = per_cpu_ptr(&steer_cpus, cpu);

		blocks += c->blocks;
		yields += c->yields;
		resched += c->resched;
		timers += c->timers;
	}
	pr_info("%s, seed %llu: %lu blocks, %lu yields, %lu preemptions, %lu timers\n",
		chosen->name, seed, blocks, yields, resched, timers);
	steer_say_focus();
	steer_say_pairs();
	script_say_end();
}

module_init(steer_init);
module_exit(steer_exit);

MODULE_DESCRIPTION("Steers by a seed which CPU goes first");
MODULE_LICENSE("GPL");
