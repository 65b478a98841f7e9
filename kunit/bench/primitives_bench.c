// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a thread's life costs: kthread_spawn(), kthread_start() and
 * kthread_destroy() beside what mainline has, kthread_create(),
 * wake_up_process() and kthread_stop().
 *
 * Both sides give the same: the thread has run when the start is over, and is
 * out of the way when the end is. What mainline does not give, that its
 * function runs at all if kthread_stop() comes close behind, takes a
 * completion. That the thread is reaped has no counterpart there.
 *
 * The two take turns, a round each, so that noise of the host's meets both
 * alike. Each pair of rounds has the other one first.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/kthread_lifecycle.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>

#define CALLERS_MAX	8

static unsigned int rounds = 10;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "rounds of each contestant, for each number of callers");

static unsigned int lives = 80;
module_param(lives, uint, 0444);
MODULE_PARM_DESC(lives, "threads that come and go in a round, over all callers");

/**
 * struct contestant - one way to have a thread come and go
 * @name: what it is called in the results
 * @live: one life; 0 or a negative errno
 */
struct contestant {
	const char *name;
	int (*live)(void);
};

static int live_primitives(void)
{
	struct task_struct *k = kthread_launch(NULL, NULL, NULL, "bench");

	return IS_ERR(k) ? PTR_ERR(k) : kthread_destroy(k);
}

static int mainline_thread(void *data)
{
	complete(data);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static int live_mainline(void)
{
	DECLARE_COMPLETION_ONSTACK(started);
	struct task_struct *k = kthread_create(mainline_thread, &started, "bench");

	if (IS_ERR(k))
		return PTR_ERR(k);
	wake_up_process(k);
	wait_for_completion(&started);
	return kthread_stop(k);
}

static const struct contestant contestants[] = {
	{ "primitives", live_primitives },
	{ "mainline", live_mainline },
};

/* What is known of a contestant for one number of callers */
struct score {
	u64 *ns;		/* of each life */
	size_t n;
	u64 elapsed;		/* of all rounds */
	u64 switches;		/* of all tasks that outlived their round */
};

struct caller {
	const struct contestant *who;
	struct completion *go;
	unsigned int lives;
	u64 *ns;
	int err;
	struct completion done;
};

static int caller_thread(void *data)
{
	struct caller *c = data;

	wait_for_completion(c->go);
	for (unsigned int i = 0; i < c->lives && !c->err; i++) {
		u64 begun = ktime_get_ns();

		c->err = c->who->live();
		c->ns[i] = ktime_get_ns() - begun;
	}
	complete(&c->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Context switches of all tasks there are: callers, workers, kthreadd */
static u64 count_switches(void)
{
	struct task_struct *p;
	u64 n = 0;

	rcu_read_lock();
	for_each_process(p)
		n += p->nvcsw + p->nivcsw;
	rcu_read_unlock();
	return n;
}

static void one_round(struct kunit *test, const struct contestant *who,
		      unsigned int callers, struct score *s)
{
	struct task_struct *k[CALLERS_MAX];
	struct caller *c = kunit_kcalloc(test, callers, sizeof(*c), GFP_KERNEL);
	DECLARE_COMPLETION_ONSTACK(go);
	u64 begun, switches;

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (unsigned int i = 0; i < callers; i++) {
		c[i] = (struct caller){
			.who = who, .go = &go, .lives = lives / callers,
			.ns = s->ns + s->n + i * (lives / callers),
		};
		init_completion(&c[i].done);
		k[i] = kthread_run(caller_thread, &c[i], "bench_caller/%u", i);
		/* A caller that is there waits for go: there is no way back. */
		if (IS_ERR(k[i]))
			panic("bench: no caller %u: %ld\n", i, PTR_ERR(k[i]));
	}
	switches = count_switches();
	begun = ktime_get_ns();
	complete_all(&go);
	for (unsigned int i = 0; i < callers; i++)
		wait_for_completion(&c[i].done);
	s->elapsed += ktime_get_ns() - begun;
	s->switches += count_switches() - switches;
	s->n += lives / callers * callers;
	for (unsigned int i = 0; i < callers; i++) {
		kthread_stop(k[i]);
		KUNIT_EXPECT_EQ(test, c[i].err, 0);
	}
	kunit_kfree(test, c);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 quantile(const struct score *s, unsigned int percent)
{
	return s->ns[(s->n - 1) * percent / 100];
}

/* One line that the host reads */
static void tell(const struct contestant *who, unsigned int callers, struct score *s)
{
	sort(s->ns, s->n, sizeof(*s->ns), compare, NULL);
	pr_info("bench: %s callers=%u lives=%zu elapsed_ns=%llu p50_ns=%llu p90_ns=%llu p99_ns=%llu max_ns=%llu switches=%llu\n",
		who->name, callers, s->n, s->elapsed, quantile(s, 50),
		quantile(s, 90), quantile(s, 99), quantile(s, 100), s->switches);
}

static void side_by_side(struct kunit *test)
{
	unsigned int callers = *(const unsigned int *)test->param_value;
	struct score s[ARRAY_SIZE(contestants)] = {};

	KUNIT_ASSERT_GE(test, lives, callers);
	for (int i = 0; i < ARRAY_SIZE(s); i++) {
		s[i].ns = kunit_kcalloc(test, (size_t)rounds * lives, sizeof(u64), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, s[i].ns);
	}
	for (unsigned int r = 0; r < rounds; r++) {
		for (int i = 0; i < ARRAY_SIZE(s); i++) {
			int turn = (i + r) % ARRAY_SIZE(s);

			one_round(test, &contestants[turn], callers, &s[turn]);
		}
	}
	for (int i = 0; i < ARRAY_SIZE(s); i++)
		tell(&contestants[i], callers, &s[i]);
}

static const unsigned int callers_params[] = { 1, 2, 4, 8 };

static void describe(const unsigned int *callers, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u callers", *callers);
}

KUNIT_ARRAY_PARAM(callers, callers_params, describe);

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM_ATTR(side_by_side, callers_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite bench_primitives_suite = {
	.name = "bench_primitives",
	.test_cases = cases,
};

kunit_test_suite(bench_primitives_suite);

MODULE_DESCRIPTION("What a thread's life costs, beside mainline");
MODULE_LICENSE("GPL");
