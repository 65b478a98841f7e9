// SPDX-License-Identifier: GPL-2.0-only
/*
 * What comes and goes with a CPU: a hotplug thread of smpboot, and callbacks of
 * a hotplug state.
 *
 * Locking: percpu_mutex is held while the thread is registered or unregistered.
 * The mutex of a slot is held while its hotplug state is set up or removed, or its
 * instance of the one state that has instances.
 * The state of a CPU is written only by its own thread and callbacks. smpboot and CPU
 * hotplug call these one after the other.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smpboot.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "torture.h"

/* What smpboot has last had a thread do */
enum percpu_phase {
	PERCPU_NONE,
	PERCPU_ACTIVE,
	PERCPU_PARKED,
};

/**
 * struct percpu_state - the state of a CPU
 * @thread: its thread, kept by smpboot
 * @phase: where in its life that is
 * @asked: number of the last request to it
 * @answered: number of the last request it has seen
 */
struct percpu_state {
	struct task_struct *thread;
	enum percpu_phase phase;
	unsigned int asked;
	unsigned int answered;
};

static DEFINE_PER_CPU(struct percpu_state, percpu_states);
static DEFINE_MUTEX(percpu_mutex);
static DECLARE_WAIT_QUEUE_HEAD(percpu_answer);
static bool percpu_registered;

/**
 * struct percpu_slot - a hotplug state, or an instance of one
 * @lock: held while it is set up or removed
 * @node: the instance
 * @state: the state, or 0 while it is not set up
 * @refused: a callback has kept it from being set up
 * @luck: the stream of callbacks that run as it is set up: that of the operation
 * @up: of each CPU, startups that no teardown has undone
 */
struct percpu_slot {
	struct mutex lock;	/* see above */
	struct hlist_node node;
	int state;
	bool refused;
	struct torture_call luck;
	int up[TORTURE_CPUS];
};

static struct percpu_slot percpu_slots[TORTURE_STATES];
static struct percpu_slot percpu_instances[TORTURE_INSTANCES];
static int percpu_multi_state;
/* CPUs that the callback of a state has kept from moving, in this operation */
static unsigned long percpu_refused;
/*
 * No callback may refuse at the moment. Either another state has to fail: if that
 * happens during the rollback from here, the kernel can't go either way. Or the CPU
 * began in between offline and online, and must not be left there.
 */
static bool percpu_must_agree;

/*
 * A CPU is in between offline and online. A thread must not be registered then:
 * smpboot does that for the CPUs that are online, whether or not their threads are
 * parked, or were created before the CPUs come online.
 */
static bool percpu_in_between;

/* --- The thread --- */

static void percpu_look_around(unsigned int cpu, const char *where)
{
	unsigned int here = raw_smp_processor_id();

	torture_expect(TORTURE_ORACLE_ON_ITS_CPU, here == cpu,
		       "%s of torture/%u runs on CPU %u", where, cpu, here);
	torture_expect(TORTURE_ORACLE_NONE_OFFLINE, cpu_online(here),
		       "%s of torture/%u runs while it is offline", where, cpu);
}

static void percpu_move(unsigned int cpu, const char *where,
			unsigned int from, enum percpu_phase to)
{
	struct percpu_state *s = per_cpu_ptr(&percpu_states, cpu);

	torture_expect(TORTURE_ORACLE_HOOKS_BALANCED, from & BIT(s->phase),
		       "%s of torture/%u in phase %d", where, cpu, s->phase);
	WRITE_ONCE(s->phase, to);
}

static void percpu_rename(unsigned int cpu)
{
	if (torture_planted(TORTURE_ORACLE_NONE_MISSING))
		strscpy_pad(current->comm, "stranger", sizeof(current->comm));
}

static void percpu_setup(unsigned int cpu)
{
	percpu_look_around(cpu, "setup");
	percpu_move(cpu, "setup", BIT(PERCPU_NONE), PERCPU_ACTIVE);
}

static void percpu_park(unsigned int cpu)
{
	percpu_look_around(cpu, "park");
	percpu_move(cpu, "park", BIT(PERCPU_ACTIVE), PERCPU_PARKED);
}

static void percpu_unpark(unsigned int cpu)
{
	percpu_look_around(cpu, "unpark");
	percpu_move(cpu, "unpark", BIT(PERCPU_PARKED), PERCPU_ACTIVE);
}

/* The CPU may be dead by now, and the thread run anywhere. */
static void percpu_cleanup(unsigned int cpu, bool online)
{
	percpu_move(cpu, "cleanup", BIT(PERCPU_ACTIVE) | BIT(PERCPU_PARKED),
		    PERCPU_NONE);
}

static int percpu_should_run(unsigned int cpu)
{
	struct percpu_state *s = per_cpu_ptr(&percpu_states, cpu);

	return READ_ONCE(s->asked) != s->answered;
}

static void percpu_thread_fn(unsigned int cpu)
{
	struct percpu_state *s = per_cpu_ptr(&percpu_states, cpu);

	percpu_look_around(cpu, "thread_fn");
	torture_expect(TORTURE_ORACLE_PARKED, s->phase != PERCPU_PARKED,
		       "torture/%u runs while it is parked", cpu);
	percpu_move(cpu, "thread_fn", BIT(PERCPU_ACTIVE), PERCPU_ACTIVE);
	percpu_rename(cpu);
	WRITE_ONCE(s->answered, READ_ONCE(s->asked));
	wake_up(&percpu_answer);
}

static struct task_struct * __percpu *percpu_store(void)
{
	return (struct task_struct * __percpu *)&percpu_states.thread;
}

static struct smp_hotplug_thread percpu_threads = {
	.setup = percpu_setup,
	.cleanup = percpu_cleanup,
	.park = percpu_park,
	.unpark = percpu_unpark,
	.thread_should_run = percpu_should_run,
	.thread_fn = percpu_thread_fn,
	.thread_comm = "torture/%u",
};

static int percpu_register(void)
{
	unsigned int forks = torture_forks_failed();
	int err = smpboot_register_percpu_thread(&percpu_threads);

	torture_expect_made("hotplug thread", 0, forks, torture_unless_killed(err));
	percpu_registered = !err;
	return err;
}

static void percpu_unregister(void)
{
	unsigned int cpu;

	smpboot_unregister_percpu_thread(&percpu_threads);
	percpu_registered = false;
	for_each_possible_cpu(cpu)
		torture_expect(TORTURE_ORACLE_HOOKS_BALANCED,
			       per_cpu(percpu_states, cpu).phase == PERCPU_NONE,
			       "torture/%u ends in phase %d", cpu,
			       per_cpu(percpu_states, cpu).phase);
}

/**
 * torture_percpu_may_register - is it a time to register hotplug threads?
 *
 * Context: Process context. May sleep.
 * Return: true if it is, and stays so until torture_percpu_release()
 */
bool torture_percpu_may_register(void)
{
	mutex_lock(&percpu_mutex);
	if (!percpu_in_between)
		return true;
	mutex_unlock(&percpu_mutex);
	return false;
}
EXPORT_SYMBOL_GPL(torture_percpu_may_register);

/**
 * torture_percpu_toggle - register the hotplug thread, or unregister it
 * @call: the operation
 *
 * Return: 0 or -errno
 */
int torture_percpu_toggle(struct torture_call *call)
{
	int err = 0;

	if (!torture_percpu_may_register())
		return -EAGAIN;
	if (percpu_registered)
		percpu_unregister();
	else
		err = percpu_register();
	torture_percpu_release();
	return err;
}

static bool percpu_answered(const struct percpu_state *s)
{
	return READ_ONCE(s->answered) == s->asked;
}

static void percpu_ask(unsigned int cpu)
{
	struct percpu_state *s = per_cpu_ptr(&percpu_states, cpu);
	bool seen;

	WRITE_ONCE(s->asked, s->asked + 1);
	wake_up_process(s->thread);
	seen = wait_event_timeout(percpu_answer, percpu_answered(s),
				  TORTURE_BOUND);
	torture_expect(TORTURE_ORACLE_PROGRESS, seen,
		       "torture/%u is woken %u times, and %u seen", cpu,
		       s->asked, s->answered);
}

/**
 * torture_percpu_wake - see the thread of a CPU run
 * @call: the operation; its slot is the CPU
 *
 * Return: 0 or -errno
 */
int torture_percpu_wake(struct torture_call *call)
{
	int err = -EAGAIN;

	if (!cpu_possible(call->slot))
		return -ENOENT;
	mutex_lock(&percpu_mutex);
	cpus_read_lock();
	/* A CPU on part of its way keeps its threads parked. */
	if (percpu_registered && cpu_active(call->slot)) {
		percpu_ask(call->slot);
		err = 0;
	}
	cpus_read_unlock();
	mutex_unlock(&percpu_mutex);
	return err;
}

/* --- The hotplug state --- */

static void percpu_set_in_between(bool yes)
{
	mutex_lock(&percpu_mutex);
	percpu_in_between = yes;
	mutex_unlock(&percpu_mutex);
}

/* The stream of callbacks of CPUs that move: that of the operation which moves them */
static struct torture_call percpu_luck;

/* What was refused is undone, and that must not be refused, too. */
static bool percpu_has_to_agree(unsigned int cpu)
{
	return torture_over() || READ_ONCE(percpu_must_agree) ||
	       test_bit(cpu, &percpu_refused);
}

/* A set-up has a stream of its own, as CPUs may move at the same time. */
static bool percpu_refuses(struct percpu_slot *s, unsigned int cpu)
{
	if (percpu_has_to_agree(cpu))
		return false;
	if (cpu_active(cpu) && torture_planted_refusal())
		return true;
	return torture_one_in(cpu_active(cpu) ? &s->luck : &percpu_luck, 24);
}

/* The removal of a state takes no refusal, and its CPUs are active. */
static bool percpu_refuses_to_go(unsigned int cpu)
{
	return !cpu_active(cpu) && !percpu_has_to_agree(cpu) &&
	       torture_one_in(&percpu_luck, 24);
}

/*
 * A refusal excuses the failure of the operation that was refused, and of no other. A
 * CPU that comes up becomes active only after its callbacks, and one that goes down is
 * no more active before them. So if it is not active, the operation is the one that moves
 * the CPU. If it is, the state is being set up.
 */
static int percpu_refuse(struct percpu_slot *s, unsigned int cpu)
{
	if (cpu_active(cpu))
		WRITE_ONCE(s->refused, true);
	else
		set_bit(cpu, &percpu_refused);
	return -ENODEV;
}

static int percpu_come(struct percpu_slot *s, unsigned int cpu)
{
	torture_expect(TORTURE_ORACLE_HOOKS_BALANCED, !s->up[cpu],
		       "startup on CPU %u after %d without a teardown", cpu,
		       s->up[cpu]);
	if (percpu_refuses(s, cpu))
		return percpu_refuse(s, cpu);
	s->up[cpu]++;
	return 0;
}

static int percpu_go(struct percpu_slot *s, unsigned int cpu)
{
	torture_expect(TORTURE_ORACLE_HOOKS_BALANCED, s->up[cpu] == 1,
		       "teardown on CPU %u after %d startups", cpu, s->up[cpu]);
	if (percpu_refuses_to_go(cpu))
		return percpu_refuse(s, cpu);
	s->up[cpu]--;
	return 0;
}

/* The callbacks of a state without instances have no argument to tell it by. */
#define PERCPU_CALLBACKS(n)						\
static int percpu_come_##n(unsigned int cpu)				\
{									\
	return percpu_come(&percpu_slots[n], cpu);			\
}									\
									\
static int percpu_go_##n(unsigned int cpu)				\
{									\
	return percpu_go(&percpu_slots[n], cpu);			\
}

PERCPU_CALLBACKS(0)
PERCPU_CALLBACKS(1)

static const struct percpu_callbacks {
	const char *name;
	int (*come)(unsigned int cpu);
	int (*go)(unsigned int cpu);
} percpu_callbacks[TORTURE_STATES] = {
	{ "respawn/torture:0", percpu_come_0, percpu_go_0 },
	{ "respawn/torture:1", percpu_come_1, percpu_go_1 },
};

static int percpu_instance_comes(unsigned int cpu, struct hlist_node *node)
{
	return percpu_come(container_of(node, struct percpu_slot, node), cpu);
}

static int percpu_instance_goes(unsigned int cpu, struct hlist_node *node)
{
	return percpu_go(container_of(node, struct percpu_slot, node), cpu);
}

static void percpu_expect_balance(const struct percpu_slot *s, const char *when)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		torture_expect(TORTURE_ORACLE_HOOKS_BALANCED, !s->up[cpu],
			       "%s, %d startups on CPU %u have no teardown",
			       when, s->up[cpu], cpu);
}

/* A setup fails if, and only if, one of its own callbacks has refused. */
static void percpu_expect_refusal(const struct percpu_slot *s, const char *what, int err)
{
	bool refused = READ_ONCE(s->refused);

	torture_expect(TORTURE_ORACLE_RESULTS_KEPT, refused ? err == -ENODEV : err >= 0,
		       "%s returns %d, and its callbacks have %s", what, err,
		       refused ? "refused" : "not refused");
}

static int percpu_setup_state(struct percpu_slot *s, int number)
{
	const struct percpu_callbacks *c = &percpu_callbacks[number];
	int state;

	WRITE_ONCE(s->refused, false);
	state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, c->name, c->come, c->go);
	percpu_expect_refusal(s, "the setup of a state", state);
	if (state < 0) {
		percpu_expect_balance(s, "after a setup that failed");
		return state;
	}
	s->state = state;
	if (torture_planted(TORTURE_ORACLE_HOOKS_BALANCED))
		percpu_go(s, cpumask_first(cpu_online_mask));
	return 0;
}

static void percpu_remove_state(struct percpu_slot *s)
{
	cpuhp_remove_state(s->state);
	s->state = 0;
	percpu_expect_balance(s, "after the removal");
}

/**
 * torture_cpuhp - set a hotplug state up, or remove it
 * @call: the operation
 *
 * Return: 0 or -errno
 */
int torture_cpuhp(struct torture_call *call)
{
	struct percpu_slot *s = &percpu_slots[call->slot];
	int err = 0;

	mutex_lock(&s->lock);
	s->luck = *call;
	if (s->state)
		percpu_remove_state(s);
	else
		err = percpu_setup_state(s, call->slot);
	mutex_unlock(&s->lock);
	return err;
}

static int percpu_add_instance(struct percpu_slot *s)
{
	int err;

	WRITE_ONCE(s->refused, false);
	err = cpuhp_state_add_instance(percpu_multi_state, &s->node);
	percpu_expect_refusal(s, "the addition of an instance", err);
	if (err)
		percpu_expect_balance(s, "after an instance that was refused");
	else
		s->state = percpu_multi_state;
	return err;
}

static void percpu_remove_instance(struct percpu_slot *s)
{
	cpuhp_state_remove_instance(percpu_multi_state, &s->node);
	s->state = 0;
	percpu_expect_balance(s, "after the removal of an instance");
}

/**
 * torture_cpuhp_instance - add an instance of a hotplug state, or remove it
 * @call: the operation
 *
 * Return: 0 or -errno
 */
int torture_cpuhp_instance(struct torture_call *call)
{
	struct percpu_slot *s = &percpu_instances[call->slot];
	int err = 0;

	mutex_lock(&s->lock);
	s->luck = *call;
	if (s->state)
		percpu_remove_instance(s);
	else
		err = percpu_add_instance(s);
	mutex_unlock(&s->lock);
	return err;
}

/**
 * torture_hotplug_begin - a CPU is about to be moved
 * @call: the operation
 */
void torture_hotplug_begin(const struct torture_call *call)
{
	torture_moves_disturb(call);
	percpu_luck = *call;
	percpu_luck.rng += (u64)call->draw << 32;
	WRITE_ONCE(percpu_refused, 0);
	WRITE_ONCE(percpu_must_agree,
		   call->op != TORTURE_OFFLINE && call->op != TORTURE_ONLINE &&
		   call->op != TORTURE_SET);
	if (call->op == TORTURE_PARTIAL)
		percpu_set_in_between(true);
}

/* The slot of an operation on several CPUs is a mask of those that did not move. */
static unsigned long percpu_not_moved(const struct torture_call *call, int result)
{
	/* Which ones go when the machine is suspended, or a core loses a thread, is not said. */
	if (!result || call->op == TORTURE_SUSPEND || call->op == TORTURE_SMT)
		return 0;
	return call->op == TORTURE_SET ? call->slot : BIT(call->slot);
}

/**
 * torture_hotplug_end - a CPU was moved, or not
 * @call: the operation
 * @result: 0 or -errno
 * @meant: it failed because of the failure that was injected
 */
void torture_hotplug_end(const struct torture_call *call, int result, bool meant)
{
	unsigned long cpus = percpu_not_moved(call, result);
	bool refused = result == -ENODEV && !(cpus & ~READ_ONCE(percpu_refused));

	if (call->op == TORTURE_SUSPEND)
		torture_expect(TORTURE_ORACLE_MASK_AS_ASKED, !result,
			       "the machine cannot be suspended: %d", result);
	else if (call->op == TORTURE_SMT)
		torture_expect(TORTURE_ORACLE_MASK_AS_ASKED, !result || meant,
			       "the cores cannot do without a thread, or get it back: %d", result);
	else
		torture_expect(TORTURE_ORACLE_MASK_AS_ASKED, !result || meant || refused,
			       "CPUs %#lx cannot be moved: %d", cpus, result);
	if (call->op == TORTURE_FAILING)
		torture_expect(TORTURE_ORACLE_MASK_AS_ASKED, result || !meant,
			       "CPU %u is moved, and a state has failed", call->slot);
	WRITE_ONCE(percpu_must_agree, false);
	if (call->op == TORTURE_PARTIAL)
		percpu_set_in_between(false);
	torture_moves_disturb(call);
}

/**
 * torture_percpu_hold - keep the hotplug thread as it is
 *
 * Return: whether it is registered
 */
bool torture_percpu_hold(void)
{
	mutex_lock(&percpu_mutex);
	return percpu_registered;
}

/**
 * torture_percpu_release - undo torture_percpu_hold() or torture_percpu_may_register()
 */
void torture_percpu_release(void)
{
	mutex_unlock(&percpu_mutex);
}
EXPORT_SYMBOL_GPL(torture_percpu_release);

/**
 * torture_percpu_init - be ready for the hotplug thread, states and instances
 *
 * Return: 0 or -errno
 */
int torture_percpu_init(void)
{
	int i;

	for (i = 0; i < TORTURE_STATES; i++)
		mutex_init(&percpu_slots[i].lock);
	for (i = 0; i < TORTURE_INSTANCES; i++)
		mutex_init(&percpu_instances[i].lock);
	percpu_threads.store = percpu_store();
	percpu_multi_state = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN,
						     "respawn/torture:multi",
						     percpu_instance_comes,
						     percpu_instance_goes);
	return min(percpu_multi_state, 0);
}

/**
 * torture_percpu_exit - undo torture_percpu_init()
 */
void torture_percpu_exit(void)
{
	cpuhp_remove_multi_state(percpu_multi_state);
}

/**
 * torture_percpu_drain - unregister all there is
 */
void torture_percpu_drain(void)
{
	struct percpu_slot *s;

	for (s = percpu_slots; s < percpu_slots + TORTURE_STATES; s++) {
		mutex_lock(&s->lock);
		if (s->state)
			percpu_remove_state(s);
		mutex_unlock(&s->lock);
	}
	for (s = percpu_instances; s < percpu_instances + TORTURE_INSTANCES; s++) {
		mutex_lock(&s->lock);
		if (s->state)
			percpu_remove_instance(s);
		mutex_unlock(&s->lock);
	}
	mutex_lock(&percpu_mutex);
	if (percpu_registered)
		percpu_unregister();
	mutex_unlock(&percpu_mutex);
}
