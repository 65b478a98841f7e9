// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the kernel's CPU hotplug states, on any tree.
 *
 * Every callback writes down what it was called for, so that a case says what
 * must have happened as a string: "a3+" is the startup of state a for CPU 3,
 * "a3-" its teardown, "m3+1" that of state m for its instance 1; "!" follows
 * where it failed, as the case wanted it to. After each case, however it
 * ended, every CPU is online again and no state is left.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>

#include "compat.h"
#include "knob.h"

#define BOUND		(10 * HZ)	/* no operation here takes nearly as long */
#define ROUNDS		10
#define INSTANCES	3
#define LOG_SIZE	4096
#define DYN_MAX		128		/* more than any kernel's dynamic states */
#define REFUSAL		-EPERM		/* what no part of the kernel fails with */

/* The states of the suite, a to c in the order they come up in, and so p and q */
enum which { A, B, C, P, Q, M, N, WHICH };

/**
 * struct kind - a state
 * @letter: what the log calls it
 * @range: where its number comes from
 * @up: startup callback
 * @down: teardown callback
 * @up_multi: startup callback, if it has instances
 * @down_multi: teardown callback, if it has instances
 */
struct kind {
	char letter;
	enum cpuhp_state range;
	int (*up)(unsigned int cpu);
	int (*down)(unsigned int cpu);
	int (*up_multi)(unsigned int cpu, struct hlist_node *node);
	int (*down_multi)(unsigned int cpu, struct hlist_node *node);
};

/**
 * struct rig - what the case that runs has set up, and what it saw
 * @lock: of the log and the counts
 * @log: what was called
 * @len: its length
 * @misplaced: callbacks on a wrong CPU, thread or context
 * @where: the last one of them
 * @state: numbers of the states that are there, else 0
 * @nodes: instances
 * @added: the state they belong to, plus 1, else 0
 * @fail: a callback is to fail
 * @fail_which: the one of this state
 * @fail_up: its startup, or else its teardown
 * @fail_cpu: for this CPU
 * @fail_node: for this instance, if the state has some
 * @cpu: the one that a case takes offline
 * @disabled: hotplug is disabled
 */
static struct rig {
	spinlock_t lock;	/* log, len, misplaced, where */
	char log[LOG_SIZE];
	size_t len;
	unsigned int misplaced;
	char where[64];
	int state[WHICH];
	struct hlist_node nodes[INSTANCES];
	int added[INSTANCES];
	bool fail;
	enum which fail_which;
	bool fail_up;
	unsigned int fail_cpu;
	int fail_node;
	unsigned int cpu;
	bool disabled;
} rig;

static const struct kind kinds[WHICH];

/* Callbacks of the online section run on their CPU, in its own thread. */
static bool is_misplaced(enum which which, unsigned int cpu)
{
	bool own = !strncmp(current->comm, "cpuhp/", strlen("cpuhp/"));

	if (irqs_disabled())
		return true;
	if (kinds[which].range == CPUHP_AP_ONLINE_DYN)
		return !own || raw_smp_processor_id() != cpu;
	return own;
}

static int called(enum which which, unsigned int cpu, bool up, int node)
{
	bool bad = is_misplaced(which, cpu);
	bool fail = rig.fail && rig.fail_which == which && rig.fail_up == up &&
		    rig.fail_cpu == cpu && (node < 0 || rig.fail_node == node);
	char index[4] = "";

	if (node >= 0)
		snprintf(index, sizeof(index), "%d", node);
	spin_lock(&rig.lock);
	rig.len += scnprintf(rig.log + rig.len, LOG_SIZE - rig.len, "%c%u%c%s%s ",
			     kinds[which].letter, cpu, up ? '+' : '-', index,
			     fail ? "!" : "");
	if (bad) {
		rig.misplaced++;
		snprintf(rig.where, sizeof(rig.where), "%c%u on CPU %u in %s",
			 kinds[which].letter, cpu, raw_smp_processor_id(), current->comm);
	}
	spin_unlock(&rig.lock);
	return fail ? REFUSAL : 0;
}

#define SINGLE(which, name, bring)					\
static int name(unsigned int cpu)					\
{									\
	return called(which, cpu, bring, -1);				\
}

#define MULTI(which, name, bring)					\
static int name(unsigned int cpu, struct hlist_node *node)		\
{									\
	return called(which, cpu, bring, node - rig.nodes);		\
}

SINGLE(A, a_up, true)
SINGLE(A, a_down, false)
SINGLE(B, b_up, true)
SINGLE(B, b_down, false)
SINGLE(C, c_up, true)
SINGLE(C, c_down, false)
SINGLE(P, p_up, true)
SINGLE(P, p_down, false)
SINGLE(Q, q_up, true)
SINGLE(Q, q_down, false)
MULTI(M, m_up, true)
MULTI(M, m_down, false)
MULTI(N, n_up, true)
MULTI(N, n_down, false)

static const struct kind kinds[WHICH] = {
	[A] = { 'a', CPUHP_AP_ONLINE_DYN, a_up, a_down },
	[B] = { 'b', CPUHP_AP_ONLINE_DYN, b_up, b_down },
	[C] = { 'c', CPUHP_AP_ONLINE_DYN, c_up, c_down },
	[P] = { 'p', CPUHP_BP_PREPARE_DYN, p_up, p_down },
	[Q] = { 'q', CPUHP_BP_PREPARE_DYN, q_up, q_down },
	[M] = { 'm', CPUHP_AP_ONLINE_DYN, .up_multi = m_up, .down_multi = m_down },
	[N] = { 'n', CPUHP_BP_PREPARE_DYN, .up_multi = n_up, .down_multi = n_down },
};

/* --- What a case does --- */

static int try_setup(enum which which)
{
	const struct kind *k = &kinds[which];
	int ret = cpuhp_setup_state(k->range, "respawn:cpuhp_api", k->up, k->down);

	if (ret > 0)
		rig.state[which] = ret;
	return ret;
}

static void setup(struct kunit *test, enum which which)
{
	KUNIT_ASSERT_GT(test, try_setup(which), 0);
}

static void setup_nocalls(struct kunit *test, enum which which)
{
	const struct kind *k = &kinds[which];
	int ret;

	if (k->up)
		ret = cpuhp_setup_state_nocalls(k->range, "respawn:cpuhp_api", k->up, k->down);
	else
		ret = cpuhp_setup_state_multi(k->range, "respawn:cpuhp_api",
					      k->up_multi, k->down_multi);
	KUNIT_ASSERT_GT(test, ret, 0);
	rig.state[which] = ret;
}

static void take_away(enum which which)
{
	cpuhp_remove_state(rig.state[which]);
	rig.state[which] = 0;
}

static int add(enum which which, int node)
{
	int ret = cpuhp_state_add_instance(rig.state[which], &rig.nodes[node]);

	if (!ret)
		rig.added[node] = which + 1;
	return ret;
}

static int drop(enum which which, int node)
{
	rig.added[node] = 0;
	return cpuhp_state_remove_instance(rig.state[which], &rig.nodes[node]);
}

static void fail(enum which which, bool up, unsigned int cpu, int node)
{
	rig.fail_which = which;
	rig.fail_up = up;
	rig.fail_cpu = cpu;
	rig.fail_node = node;
	rig.fail = true;
}

static void forget(void)
{
	spin_lock(&rig.lock);
	rig.len = 0;
	rig.log[0] = '\0';
	spin_unlock(&rig.lock);
}

/* All that was called since the last time is what @format says. */
static __printf(2, 3) void expect_log(struct kunit *test, const char *format, ...)
{
	char *want;
	va_list args;

	va_start(args, format);
	want = kvasprintf(GFP_KERNEL, format, args);
	va_end(args);
	KUNIT_ASSERT_NOT_NULL(test, want);
	KUNIT_EXPECT_STREQ(test, rig.log, want);
	kfree(want);
	forget();
}

/* "a0+ a1+ a2+ a3+ ": @letter and @what for the CPUs up to @end */
static const char *each_cpu(struct kunit *test, char letter, const char *what,
			    unsigned int end)
{
	char *s = kunit_kzalloc(test, 256, GFP_KERNEL);
	unsigned int cpu;
	size_t len = 0;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for_each_online_cpu(cpu)
		if (cpu < end)
			len += scnprintf(s + len, 256 - len, "%c%u%s ", letter, cpu, what);
	return s;
}

static void all(struct kunit *test, char letter, const char *what)
{
	expect_log(test, "%s", each_cpu(test, letter, what, nr_cpu_ids));
}

static void offline(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, remove_cpu(rig.cpu), 0);
	KUNIT_ASSERT_FALSE(test, cpu_online(rig.cpu));
}

static void online(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, add_cpu(rig.cpu), 0);
	KUNIT_ASSERT_TRUE(test, cpu_online(rig.cpu));
}

/* The host takes the next trouble with that text for what it is: meant. */
static void expect_warning(const char *text)
{
	pr_info("respawn: expect %s\n", text);
}

/* --- Setting a state up, and removing it --- */

static void setup_starts_every_cpu(struct kunit *test)
{
	setup(test, A);
	all(test, 'a', "+");
	KUNIT_EXPECT_GE(test, rig.state[A], (int)CPUHP_AP_ONLINE_DYN);
	KUNIT_EXPECT_LE(test, rig.state[A], (int)CPUHP_AP_ONLINE_DYN_END);
}

static void remove_tears_every_cpu_down(struct kunit *test)
{
	setup(test, A);
	forget();
	take_away(A);
	all(test, 'a', "-");
}

static void prepare_state_is_called_by_the_caller(struct kunit *test)
{
	setup(test, P);
	all(test, 'p', "+");
	KUNIT_EXPECT_GE(test, rig.state[P], (int)CPUHP_BP_PREPARE_DYN);
	KUNIT_EXPECT_LE(test, rig.state[P], (int)CPUHP_BP_PREPARE_DYN_END);
	take_away(P);
	all(test, 'p', "-");
}

static void nocalls_calls_nothing(struct kunit *test)
{
	setup_nocalls(test, A);
	setup_nocalls(test, P);
	cpuhp_remove_state_nocalls(rig.state[A]);
	cpuhp_remove_state_nocalls(rig.state[P]);
	rig.state[A] = 0;
	rig.state[P] = 0;
	expect_log(test, "%s", "");
}

static void nocalls_still_hears_of_hotplug(struct kunit *test)
{
	setup_nocalls(test, A);
	offline(test);
	expect_log(test, "a%u- ", rig.cpu);
	online(test);
	expect_log(test, "a%u+ ", rig.cpu);
}

static void offline_cpu_is_left_out(struct kunit *test)
{
	offline(test);
	setup(test, A);
	all(test, 'a', "+");
	take_away(A);
	all(test, 'a', "-");
	/* A prepare state is below what an offline CPU has, too. */
	setup(test, P);
	all(test, 'p', "+");
}

static void removed_state_hears_nothing_more(struct kunit *test)
{
	setup(test, A);
	setup(test, P);
	take_away(A);
	take_away(P);
	forget();
	offline(test);
	online(test);
	expect_log(test, "%s", "");
}

static void removed_state_is_free_again(struct kunit *test)
{
	for (enum which w = A; w <= P; w += P - A) {
		int first;

		setup(test, w);
		first = rig.state[w];
		for (int i = 0; i < ROUNDS; i++) {
			take_away(w);
			setup(test, w);
			KUNIT_EXPECT_EQ(test, rig.state[w], first);
		}
	}
}

static void states_do_not_share_a_number(struct kunit *test)
{
	setup(test, A);
	setup(test, B);
	setup(test, C);
	setup(test, P);
	setup(test, Q);
	KUNIT_EXPECT_LT(test, rig.state[A], rig.state[B]);
	KUNIT_EXPECT_LT(test, rig.state[B], rig.state[C]);
	KUNIT_EXPECT_LT(test, rig.state[P], rig.state[Q]);
	KUNIT_EXPECT_LT(test, rig.state[Q], rig.state[A]);
}

static void bad_setup_is_refused(struct kunit *test)
{
	setup(test, A);
	setup(test, B);
	forget();
	/* The first of a range would ask for another one of it. */
	KUNIT_EXPECT_EQ(test, cpuhp_setup_state(rig.state[B], "respawn:taken", c_up, c_down),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, cpuhp_setup_state(CPUHP_OFFLINE, "respawn:bad", c_up, c_down),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, cpuhp_setup_state(CPUHP_ONLINE, "respawn:bad", c_up, c_down),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, NULL, c_up, c_down),
			-EINVAL);
	expect_log(test, "%s", "");
}

static void failed_setup_is_undone(struct kunit *test)
{
	for (enum which w = A; w <= P; w += P - A) {
		char letter = kinds[w].letter;
		const char *up = each_cpu(test, letter, "+", rig.cpu);
		const char *down = each_cpu(test, letter, "-", rig.cpu);
		int number;

		setup(test, w);
		number = rig.state[w];
		take_away(w);
		forget();
		fail(w, true, rig.cpu, -1);
		KUNIT_EXPECT_EQ(test, try_setup(w), REFUSAL);
		/* The CPU that failed was never up. */
		expect_log(test, "%s%c%u+! %s", up, letter, rig.cpu, down);
		rig.fail = false;
		offline(test);
		online(test);
		expect_log(test, "%s", "");
		setup(test, w);
		KUNIT_EXPECT_EQ(test, rig.state[w], number);
		take_away(w);
		forget();
	}
}

static void failed_setup_without_teardown_is_just_that(struct kunit *test)
{
	const char *up = each_cpu(test, 'a', "+", rig.cpu);

	fail(A, true, rig.cpu, -1);
	KUNIT_EXPECT_EQ(test, cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "respawn:cpuhp_api",
						a_up, NULL), REFUSAL);
	expect_log(test, "%sa%u+! ", up, rig.cpu);
}

static int exhaust(struct kunit *test, enum cpuhp_state range, int *states)
{
	int n = 0;

	expect_warning("kernel/cpu.c");
	while (n < DYN_MAX) {
		states[n] = cpuhp_setup_state_nocalls(range, "respawn:many", NULL, NULL);
		if (states[n] < 0)
			break;
		n++;
	}
	return n;
}

static void dynamic_states_run_out_and_come_back(struct kunit *test)
{
	static const enum cpuhp_state ranges[] = { CPUHP_AP_ONLINE_DYN, CPUHP_BP_PREPARE_DYN };
	int *states = kunit_kcalloc(test, DYN_MAX, sizeof(*states), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, states);
	for (int i = 0; i < ARRAY_SIZE(ranges); i++) {
		int last = 0, first = 0;

		/* As many the second time: nothing has been lost. */
		for (int again = 0; again < 2; again++) {
			int n = exhaust(test, ranges[i], states);

			last = n < DYN_MAX ? states[n] : 0;
			for (int j = 0; j < n; j++)
				cpuhp_remove_state_nocalls(states[j]);
			KUNIT_EXPECT_EQ(test, last, -ENOSPC);
			KUNIT_EXPECT_GT(test, n, 0);
			if (again)
				KUNIT_EXPECT_EQ(test, n, first);
			first = n;
		}
	}
}

/* --- CPUs that go and come --- */

static void hotplug_calls_for_that_cpu_alone(struct kunit *test)
{
	setup(test, A);
	forget();
	for (int i = 0; i < ROUNDS; i++) {
		offline(test);
		expect_log(test, "a%u- ", rig.cpu);
		online(test);
		expect_log(test, "a%u+ ", rig.cpu);
	}
}

static void states_come_up_in_order_and_go_in_reverse(struct kunit *test)
{
	unsigned int n = rig.cpu;

	for (enum which w = A; w <= Q; w++)
		setup(test, w);
	forget();
	for (int i = 0; i < ROUNDS; i++) {
		offline(test);
		expect_log(test, "c%u- b%u- a%u- q%u- p%u- ", n, n, n, n, n);
		online(test);
		expect_log(test, "p%u+ q%u+ a%u+ b%u+ c%u+ ", n, n, n, n, n);
	}
}

static void failing_startup_leaves_the_cpu_offline(struct kunit *test)
{
	unsigned int n = rig.cpu;

	for (enum which w = A; w <= Q; w++)
		setup(test, w);
	offline(test);
	forget();
	fail(B, true, n, -1);
	for (int i = 0; i < ROUNDS; i++) {
		KUNIT_EXPECT_EQ(test, add_cpu(n), REFUSAL);
		KUNIT_EXPECT_FALSE(test, cpu_online(n));
		/* What had come up goes again; what failed, and what is later, does not. */
		expect_log(test, "p%u+ q%u+ a%u+ b%u+! a%u- q%u- p%u- ", n, n, n, n, n, n, n);
	}
	rig.fail = false;
	online(test);
	expect_log(test, "p%u+ q%u+ a%u+ b%u+ c%u+ ", n, n, n, n, n);
}

static void failing_prepare_never_starts_the_cpu(struct kunit *test)
{
	unsigned int n = rig.cpu;

	setup(test, A);
	setup(test, P);
	setup(test, Q);
	offline(test);
	forget();
	fail(Q, true, n, -1);
	for (int i = 0; i < ROUNDS; i++) {
		KUNIT_EXPECT_EQ(test, add_cpu(n), REFUSAL);
		KUNIT_EXPECT_FALSE(test, cpu_online(n));
		expect_log(test, "p%u+ q%u+! p%u- ", n, n, n);
	}
	rig.fail = false;
	online(test);
	expect_log(test, "p%u+ q%u+ a%u+ ", n, n, n);
}

static void failing_teardown_keeps_the_cpu_online(struct kunit *test)
{
	unsigned int n = rig.cpu;

	for (enum which w = A; w <= Q; w++)
		setup(test, w);
	forget();
	fail(B, false, n, -1);
	for (int i = 0; i < ROUNDS; i++) {
		KUNIT_EXPECT_EQ(test, remove_cpu(n), REFUSAL);
		KUNIT_EXPECT_TRUE(test, cpu_online(n));
		KUNIT_EXPECT_TRUE(test, cpu_active(n));
		/* What had gone comes up again; what failed had not gone. */
		expect_log(test, "c%u- b%u-! c%u+ ", n, n, n);
	}
	rig.fail = false;
	offline(test);
	expect_log(test, "c%u- b%u- a%u- q%u- p%u- ", n, n, n, n, n);
}

static void no_change_calls_nothing(struct kunit *test)
{
	setup(test, A);
	setup(test, P);
	forget();
	KUNIT_EXPECT_GE(test, add_cpu(rig.cpu), 0);
	expect_log(test, "%s", "");
	offline(test);
	forget();
	KUNIT_EXPECT_GE(test, remove_cpu(rig.cpu), 0);
	KUNIT_EXPECT_FALSE(test, cpu_online(rig.cpu));
	expect_log(test, "%s", "");
}

static void last_cpu_stays_online(struct kunit *test)
{
	unsigned int cpu;

	for_each_present_cpu(cpu)
		if (cpu)
			KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, num_online_cpus(), 1U);
	KUNIT_EXPECT_LT(test, remove_cpu(0), 0);
	KUNIT_EXPECT_TRUE(test, cpu_online(0));
}

static void disabled_hotplug_is_refused(struct kunit *test)
{
	setup(test, A);
	forget();
	rig.disabled = true;
	cpu_hotplug_disable();
	KUNIT_EXPECT_EQ(test, remove_cpu(rig.cpu), -EBUSY);
	KUNIT_EXPECT_TRUE(test, cpu_online(rig.cpu));
	expect_log(test, "%s", "");
	cpu_hotplug_enable();
	rig.disabled = false;
	offline(test);
}

/* Whoever disables it twice has to enable it twice. */
static void disabled_twice_it_is_enabled_by_the_second(struct kunit *test)
{
	rig.disabled = true;
	cpu_hotplug_disable();
	cpu_hotplug_disable();
	KUNIT_EXPECT_EQ(test, remove_cpu(rig.cpu), -EBUSY);
	cpu_hotplug_enable();
	KUNIT_EXPECT_EQ(test, remove_cpu(rig.cpu), -EBUSY);
	KUNIT_EXPECT_TRUE(test, cpu_online(rig.cpu));
	cpu_hotplug_enable();
	rig.disabled = false;
	offline(test);
	online(test);
}

/* --- A part of the way, and ways that end early --- */

/* Tell the file of the CPU in hotplug/ a state. */
static int tell_hotplug(const char *file, int state)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/hotplug/%s", rig.cpu, file);
	snprintf(text, sizeof(text), "%d", state);
	return knob_write(path, text);
}

static int set_target(int state)
{
	return tell_hotplug("target", state);
}

/* A CPU may stop at any state of the online section, and go on from there. */
static void partial_target_goes_so_far(struct kunit *test)
{
	unsigned int n = rig.cpu;

	if (!IS_ENABLED(CONFIG_CPU_HOTPLUG_STATE_CONTROL))
		kunit_skip(test, "the kernel has no CONFIG_CPU_HOTPLUG_STATE_CONTROL");
	for (enum which w = A; w <= Q; w++)
		setup(test, w);
	forget();
	for (int i = 0; i < ROUNDS; i++) {
		KUNIT_ASSERT_EQ(test, set_target(rig.state[B]), 0);
		expect_log(test, "c%u- ", n);
		KUNIT_EXPECT_TRUE(test, cpu_online(n));
		KUNIT_EXPECT_FALSE(test, cpu_active(n));
		KUNIT_ASSERT_EQ(test, set_target(rig.state[A]), 0);
		expect_log(test, "b%u- ", n);
		KUNIT_ASSERT_EQ(test, set_target(CPUHP_ONLINE), 0);
		expect_log(test, "b%u+ c%u+ ", n, n);
		KUNIT_EXPECT_TRUE(test, cpu_active(n));
	}
	KUNIT_ASSERT_EQ(test, set_target(CPUHP_OFFLINE), 0);
	expect_log(test, "c%u- b%u- a%u- q%u- p%u- ", n, n, n, n, n);
	KUNIT_EXPECT_FALSE(test, cpu_online(n));
	KUNIT_ASSERT_EQ(test, set_target(rig.state[P]), 0);
	expect_log(test, "p%u+ ", n);
	KUNIT_EXPECT_FALSE(test, cpu_online(n));
	KUNIT_ASSERT_EQ(test, set_target(CPUHP_ONLINE), 0);
	expect_log(test, "q%u+ a%u+ b%u+ c%u+ ", n, n, n, n);
}

/* How often each state came up for the CPU, less how often it went down */
static bool is_balanced(struct kunit *test, int comings)
{
	static const char letters[] = "abcpq";

	for (const char *letter = letters; *letter; letter++) {
		int n = 0;

		for (const char *at = rig.log; (at = strchr(at, *letter)); at++)
			n += strchr(at, '+') && strchr(at, '+') < strchr(at, ' ') ? 1 : -1;
		KUNIT_EXPECT_EQ_MSG(test, n, comings, "%c: %s", *letter, rig.log);
		if (n != comings)
			return false;
	}
	return true;
}

static int fail_at(int state)
{
	return tell_hotplug("fail", state);
}

/* The kernel can have any state fail, its own too. Wherever, what ran is undone once. */
static void failure_at_any_state_is_undone(struct kunit *test)
{
	unsigned int down = 0, up = 0;

	if (fail_at(-1))
		kunit_skip(test, "the kernel has no hotplug/fail");
	for (enum which w = A; w <= Q; w++)
		setup(test, w);
	for (int state = CPUHP_OFFLINE + 1; state < CPUHP_ONLINE; state++) {
		int err;

		forget();
		if (fail_at(state))
			continue;
		/* A state without a teardown does not fail on the way down. */
		err = remove_cpu(rig.cpu);
		KUNIT_ASSERT_EQ_MSG(test, cpu_online(rig.cpu), !!err, "state %d: %d", state, err);
		if (!is_balanced(test, err ? 0 : -1))
			return;
		down += !!err;
		fail_at(-1);
		if (!err)
			online(test);
	}
	offline(test);
	for (int state = CPUHP_OFFLINE + 1; state < CPUHP_ONLINE; state++) {
		int err;

		forget();
		if (fail_at(state))
			continue;
		err = add_cpu(rig.cpu);
		KUNIT_ASSERT_EQ_MSG(test, cpu_online(rig.cpu), !err, "state %d: %d", state, err);
		if (!is_balanced(test, err ? 0 : 1))
			return;
		up += !!err;
		fail_at(-1);
		if (!err)
			offline(test);
	}
	/* At least our own three of the online section, and all five */
	KUNIT_EXPECT_GE(test, down, 3U);
	KUNIT_EXPECT_GE(test, up, 5U);
}

/* --- Set-up against set-up, and against hotplug --- */

/**
 * struct rival - a thread that sets a state up and removes it, time and again
 * @k: the thread
 * @range: of the state
 * @up: how often its startup ran for each CPU, less its teardown
 * @wrong: what became of that in between was neither 0 nor 1
 * @failed: set-ups that failed
 * @rounds: how many there were
 */
static struct rival {
	struct task_struct *k;
	enum cpuhp_state range;
	atomic_t up[NR_CPUS];
	atomic_t wrong;
	unsigned int failed;
	unsigned int rounds;
} rivals[2];

static int rival_moves(struct rival *r, unsigned int cpu, int by)
{
	int now = atomic_add_return(by, &r->up[cpu]);

	if (now < 0 || now > 1)
		atomic_inc(&r->wrong);
	return 0;
}

static int rival0_up(unsigned int cpu)
{
	return rival_moves(&rivals[0], cpu, 1);
}

static int rival0_down(unsigned int cpu)
{
	return rival_moves(&rivals[0], cpu, -1);
}

static int rival1_up(unsigned int cpu)
{
	return rival_moves(&rivals[1], cpu, 1);
}

static int rival1_down(unsigned int cpu)
{
	return rival_moves(&rivals[1], cpu, -1);
}

static int rival_fn(void *data)
{
	struct rival *r = data;
	bool first = r == rivals;

	while (!kthread_should_stop()) {
		int state = cpuhp_setup_state(r->range, "respawn:rival",
					      first ? rival0_up : rival1_up,
					      first ? rival0_down : rival1_down);

		r->rounds++;
		if (state > 0)
			cpuhp_remove_state(state);
		else
			r->failed++;
		cond_resched();
	}
	return 0;
}

static void rivals_end(void *unused)
{
	for (int i = 0; i < ARRAY_SIZE(rivals); i++)
		if (rivals[i].k)
			kthread_stop(rivals[i].k);
}

static void setups_race_with_each_other_and_with_hotplug(struct kunit *test)
{
	memset(rivals, 0, sizeof(rivals));
	rivals[0].range = CPUHP_AP_ONLINE_DYN;
	rivals[1].range = CPUHP_BP_PREPARE_DYN;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, rivals_end, NULL), 0);
	for (int i = 0; i < ARRAY_SIZE(rivals); i++) {
		struct task_struct *k = kthread_run(rival_fn, &rivals[i], "rival/%d", i);

		KUNIT_ASSERT_FALSE(test, IS_ERR(k));
		rivals[i].k = k;
	}
	for (int i = 0; i < ROUNDS; i++) {
		offline(test);
		schedule_timeout_uninterruptible(1);
		online(test);
		schedule_timeout_uninterruptible(1);
	}
	kunit_release_action(test, rivals_end, NULL);
	for (int i = 0; i < ARRAY_SIZE(rivals); i++) {
		KUNIT_EXPECT_GT(test, rivals[i].rounds, 1U);
		KUNIT_EXPECT_EQ(test, rivals[i].failed, 0U);
		KUNIT_EXPECT_EQ(test, atomic_read(&rivals[i].wrong), 0);
		for (unsigned int n = 0; n < nr_cpu_ids; n++)
			KUNIT_EXPECT_EQ(test, atomic_read(&rivals[i].up[n]), 0);
	}
}

/* A thread that takes a CPU offline, to be observed while it has to wait */
struct remover {
	struct task_struct *k;
	struct completion begun;
	struct completion done;
	int result;
};

static int remove_it(void *data)
{
	struct remover *r = data;

	complete(&r->begun);
	r->result = remove_cpu(rig.cpu);
	complete(&r->done);
	return 0;
}

static void remover_end(void *data)
{
	struct remover *r = data;

	kthread_stop(r->k);
	put_task_struct(r->k);
}

/* See the remover held up: it sleeps, and never gets done. */
static bool is_held_up(struct remover *r)
{
	unsigned long end = jiffies + BOUND;

	while (time_before(jiffies, end)) {
		if (READ_ONCE(r->k->__state) & TASK_UNINTERRUPTIBLE && !READ_ONCE(r->k->on_rq))
			break;
		schedule_timeout_uninterruptible(1);
	}
	return !wait_for_completion_timeout(&r->done, HZ / 10);
}

static void hotplug_waits_for_readers(struct kunit *test)
{
	struct remover *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct task_struct *k;
	bool held_up;

	KUNIT_ASSERT_NOT_NULL(test, r);
	init_completion(&r->begun);
	init_completion(&r->done);
	k = kthread_create(remove_it, r, "remover");
	KUNIT_ASSERT_FALSE(test, IS_ERR(k));
	r->k = get_task_struct(k);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, remover_end, r), 0);

	setup(test, A);
	forget();
	cpus_read_lock();
	wake_up_process(r->k);
	wait_for_completion(&r->begun);
	held_up = is_held_up(r);
	KUNIT_EXPECT_TRUE(test, held_up);
	KUNIT_EXPECT_TRUE(test, cpu_online(rig.cpu));
	KUNIT_EXPECT_STREQ(test, rig.log, "");
	cpus_read_unlock();
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&r->done, BOUND), 0UL);
	KUNIT_EXPECT_EQ(test, r->result, 0);
	KUNIT_EXPECT_FALSE(test, cpu_online(rig.cpu));
	expect_log(test, "a%u- ", rig.cpu);
}

/* --- States with instances --- */

static void instances_are_called_for_every_cpu(struct kunit *test)
{
	for (enum which w = M; w <= N; w++) {
		char letter = kinds[w].letter;

		setup_nocalls(test, w);
		expect_log(test, "%s", "");
		for (int i = 0; i < 2; i++) {
			KUNIT_ASSERT_EQ(test, add(w, i), 0);
			all(test, letter, i ? "+1" : "+0");
		}
		KUNIT_EXPECT_EQ(test, drop(w, 0), 0);
		all(test, letter, "-0");
		KUNIT_EXPECT_EQ(test, drop(w, 1), 0);
		all(test, letter, "-1");
	}
}

static void instances_come_and_go_without_calls(struct kunit *test)
{
	setup_nocalls(test, M);
	KUNIT_ASSERT_EQ(test, cpuhp_state_add_instance_nocalls(rig.state[M], &rig.nodes[0]), 0);
	rig.added[0] = M + 1;
	expect_log(test, "%s", "");
	offline(test);
	expect_log(test, "m%u-0 ", rig.cpu);
	rig.added[0] = 0;
	KUNIT_EXPECT_EQ(test, cpuhp_state_remove_instance_nocalls(rig.state[M], &rig.nodes[0]),
			0);
	online(test);
	expect_log(test, "%s", "");
}

static void hotplug_calls_every_instance(struct kunit *test)
{
	unsigned int n = rig.cpu;

	setup_nocalls(test, M);
	setup_nocalls(test, N);
	KUNIT_ASSERT_EQ(test, add(M, 0), 0);
	KUNIT_ASSERT_EQ(test, add(M, 1), 0);
	KUNIT_ASSERT_EQ(test, add(N, 2), 0);
	forget();
	/* The one that was added last is called first. */
	offline(test);
	expect_log(test, "m%u-1 m%u-0 n%u-2 ", n, n, n);
	online(test);
	expect_log(test, "n%u+2 m%u+1 m%u+0 ", n, n, n);
}

static void failing_instance_is_not_added(struct kunit *test)
{
	for (enum which w = M; w <= N; w++) {
		char letter = kinds[w].letter;
		const char *up = each_cpu(test, letter, "+0", rig.cpu);
		const char *down = each_cpu(test, letter, "-0", rig.cpu);

		setup_nocalls(test, w);
		fail(w, true, rig.cpu, 0);
		KUNIT_EXPECT_EQ(test, add(w, 0), REFUSAL);
		expect_log(test, "%s%c%u+0! %s", up, letter, rig.cpu, down);
		rig.fail = false;
		offline(test);
		online(test);
		expect_log(test, "%s", "");
		KUNIT_EXPECT_EQ(test, add(w, 0), 0);
		all(test, letter, "+0");
		KUNIT_EXPECT_EQ(test, drop(w, 0), 0);
		forget();
	}
}

static void failing_instance_undoes_those_before_it(struct kunit *test)
{
	unsigned int n = rig.cpu;

	setup(test, A);
	setup_nocalls(test, M);
	setup(test, C);
	for (int i = 0; i < INSTANCES; i++)
		KUNIT_ASSERT_EQ(test, add(M, i), 0);
	forget();
	/* 2 comes before 1, and 0 after it */
	fail(M, false, n, 1);
	KUNIT_EXPECT_EQ(test, remove_cpu(n), REFUSAL);
	KUNIT_EXPECT_TRUE(test, cpu_online(n));
	expect_log(test, "c%u- m%u-2 m%u-1! m%u+2 c%u+ ", n, n, n, n, n);

	rig.fail = false;
	offline(test);
	forget();
	fail(M, true, n, 1);
	KUNIT_EXPECT_EQ(test, add_cpu(n), REFUSAL);
	KUNIT_EXPECT_FALSE(test, cpu_online(n));
	expect_log(test, "a%u+ m%u+2 m%u+1! m%u-2 a%u- ", n, n, n, n, n);
}

/* Whichever of them it is, what was undone is undone once, and all is as before. */
static void each_instance_may_be_the_one_that_fails(struct kunit *test)
{
	unsigned int n = rig.cpu;

	setup_nocalls(test, M);
	for (int i = 0; i < INSTANCES; i++)
		KUNIT_ASSERT_EQ(test, add(M, i), 0);
	for (int which = 0; which < INSTANCES; which++) {
		char *want = kunit_kzalloc(test, 256, GFP_KERNEL);
		int len = 0;

		KUNIT_ASSERT_NOT_NULL(test, want);
		for (int up = 0; up < 2; up++) {
			len = 0;
			/* The last one that was added is the first one to be called. */
			for (int i = INSTANCES - 1; i >= which; i--)
				len += scnprintf(want + len, 256 - len, "m%u%c%d%s ", n,
						 up ? '+' : '-', i, i == which ? "!" : "");
			for (int i = INSTANCES - 1; i > which; i--)
				len += scnprintf(want + len, 256 - len, "m%u%c%d ", n,
						 up ? '-' : '+', i);
			rig.fail = false;
			if (up)
				offline(test);
			forget();
			fail(M, up, n, which);
			KUNIT_EXPECT_EQ(test, up ? add_cpu(n) : remove_cpu(n), REFUSAL);
			KUNIT_EXPECT_EQ(test, cpu_online(n), !up);
			expect_log(test, "%s", want);
		}
		rig.fail = false;
		online(test);
	}
}

static void instance_of_a_single_state_is_refused(struct kunit *test)
{
	setup(test, A);
	forget();
	KUNIT_EXPECT_EQ(test, cpuhp_state_add_instance(rig.state[A], &rig.nodes[0]), -EINVAL);
	KUNIT_EXPECT_EQ(test, cpuhp_state_remove_instance(rig.state[A], &rig.nodes[0]), -EINVAL);
	expect_log(test, "%s", "");
}

static void removal_with_an_instance_left_warns(struct kunit *test)
{
	setup_nocalls(test, M);
	KUNIT_ASSERT_EQ(test, add(M, 0), 0);
	forget();
	expect_warning("kernel/cpu.c");
	rig.added[0] = 0;
	cpuhp_remove_multi_state(rig.state[M]);
	rig.state[M] = 0;
	expect_log(test, "%s", "");
	offline(test);
	online(test);
	expect_log(test, "%s", "");
}

/* --- Before and after a case --- */

static int rig_up(struct kunit *test)
{
	memset(&rig, 0, sizeof(rig));
	spin_lock_init(&rig.lock);
	KUNIT_ASSERT_TRUE(test, cpumask_equal(cpu_online_mask, cpu_present_mask));
	rig.cpu = cpumask_last(cpu_online_mask);
	if (!rig.cpu)
		kunit_skip(test, "there is one CPU only");
	return 0;
}

static void rig_down(struct kunit *test)
{
	unsigned int cpu;

	rig.fail = false;
	if (rig.disabled)
		cpu_hotplug_enable();
	for_each_present_cpu(cpu)
		if (!cpu_online(cpu))
			KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	for (int i = 0; i < INSTANCES; i++)
		if (rig.added[i])
			drop(rig.added[i] - 1, i);
	for (enum which w = A; w < WHICH; w++)
		if (rig.state[w])
			take_away(w);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(cpu_online_mask, cpu_present_mask));
	KUNIT_EXPECT_EQ_MSG(test, rig.misplaced, 0U, "%s", rig.where);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(setup_starts_every_cpu),
	KUNIT_CASE(remove_tears_every_cpu_down),
	KUNIT_CASE(prepare_state_is_called_by_the_caller),
	KUNIT_CASE(nocalls_calls_nothing),
	KUNIT_CASE(nocalls_still_hears_of_hotplug),
	KUNIT_CASE(offline_cpu_is_left_out),
	KUNIT_CASE(removed_state_hears_nothing_more),
	KUNIT_CASE(removed_state_is_free_again),
	KUNIT_CASE(states_do_not_share_a_number),
	KUNIT_CASE(bad_setup_is_refused),
	KUNIT_CASE(failed_setup_is_undone),
	KUNIT_CASE(failed_setup_without_teardown_is_just_that),
	KUNIT_CASE(dynamic_states_run_out_and_come_back),
	KUNIT_CASE(hotplug_calls_for_that_cpu_alone),
	KUNIT_CASE(states_come_up_in_order_and_go_in_reverse),
	KUNIT_CASE(failing_startup_leaves_the_cpu_offline),
	KUNIT_CASE(failing_prepare_never_starts_the_cpu),
	KUNIT_CASE(failing_teardown_keeps_the_cpu_online),
	KUNIT_CASE(no_change_calls_nothing),
	KUNIT_CASE(last_cpu_stays_online),
	KUNIT_CASE(disabled_hotplug_is_refused),
	KUNIT_CASE(disabled_twice_it_is_enabled_by_the_second),
	KUNIT_CASE(partial_target_goes_so_far),
	KUNIT_CASE(failure_at_any_state_is_undone),
	KUNIT_CASE(setups_race_with_each_other_and_with_hotplug),
	KUNIT_CASE(hotplug_waits_for_readers),
	KUNIT_CASE(instances_are_called_for_every_cpu),
	KUNIT_CASE(instances_come_and_go_without_calls),
	KUNIT_CASE(hotplug_calls_every_instance),
	KUNIT_CASE(failing_instance_is_not_added),
	KUNIT_CASE(failing_instance_undoes_those_before_it),
	KUNIT_CASE(each_instance_may_be_the_one_that_fails),
	KUNIT_CASE(instance_of_a_single_state_is_refused),
	KUNIT_CASE(removal_with_an_instance_left_warns),
	{}
};

static struct kunit_suite cpuhp_api_suite = {
	.name = "cpuhp_api",
	.init = rig_up,
	.exit = rig_down,
	.test_cases = cases,
};

kunit_test_suite(cpuhp_api_suite);

MODULE_DESCRIPTION("KUnit suite for the kernel's CPU hotplug states");
MODULE_LICENSE("GPL");
