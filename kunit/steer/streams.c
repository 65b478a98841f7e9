// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who draws from which random numbers. Each task has a stream of its own in each
 * operation of the stress driver, as the operations themselves have: what it draws
 * there is the same whatever other operations there are, and can be made smaller by
 * leaving some out. An actor is in its own operation, all others are in the one that
 * began last.
 *
 * Tasks are known by their names, which are the same in other runs, and kernels.
 */
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "steer_names.h"
#include "streams.h"

#define SLOT_BITS	10
/* So many slots are looked at for a task, and then the first of them is its. */
#define PROBES		4

/* Actors of the stress driver */
#define ACTORS		16

/**
 * struct steer_slot - the stream of a task
 * @task: whose it is, or was, if its pid is another one; NULL if nobody's
 * @stream: it
 */
struct steer_slot {
	const struct task_struct *task;
	struct steer_stream stream;
};

static struct steer_slot steer_slots[1 << SLOT_BITS];

/**
 * struct steer_actor - a task that does operations
 * @task: the task
 * @pid: its pid: it may be dead, and another one at its address
 * @draw: what it does
 */
struct steer_actor {
	const struct task_struct *task;
	pid_t pid;
	unsigned int draw;
};

static struct steer_actor steer_actors[ACTORS];

unsigned long steer_begun;

/* The last operation that began */
static u64 steer_last;

/**
 * steer_draw - draw a number
 * @state: of the generator
 *
 * SplitMix64: any seed is as good as another.
 *
 * Context: Any.
 * Return: the number
 */
u64 steer_draw(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A task may have got another name. */
static void steer_refresh(struct steer_stream *s, const char *task, u64 epoch, u64 seed)
{
	u32 key = steer_key(task);
	u64 state;

	if (s->key == key && s->epoch == epoch)
		return;
	if (s->task != task)
		strscpy(s->task, task, sizeof(s->task));
	s->key = key;
	s->epoch = epoch;
	s->left = 0;
	state = seed;
	state = steer_draw(&state) ^ key;
	state = steer_draw(&state) ^ epoch;
	s->state = steer_draw(&state);
}

static struct steer_slot *steer_slot(const struct task_struct *task)
{
	unsigned int first = hash_ptr(task, SLOT_BITS), i;
	struct steer_slot *slot;

	for (i = 0; i < PROBES; i++) {
		slot = &steer_slots[(first + i) % ARRAY_SIZE(steer_slots)];
		if (slot->task == task && slot->stream.pid == task->pid)
			return slot;
		if (slot->task == task || !slot->task)
			break;
	}
	if (i == PROBES)
		slot = &steer_slots[first];
	memset(slot, 0, sizeof(*slot));
	slot->task = task;
	slot->stream.pid = task->pid;
	return slot;
}

/* The operation that an actor is in; others are in none of their own. */
static bool steer_own(const struct task_struct *task, u64 *epoch)
{
	u64 actor;

	for (actor = 0; actor < ACTORS; actor++) {
		if (steer_actors[actor].task == task && steer_actors[actor].pid == task->pid) {
			*epoch = actor << 32 | steer_actors[actor].draw;
			return true;
		}
	}
	return false;
}

static struct steer_stream *steer_look_up(struct steer_here *h, u64 seed)
{
	u64 epoch = READ_ONCE(steer_last);
	struct steer_stream *s = &h->interrupts;

	if (h->irq) {
		if (!*s->task)
			snprintf(s->task, sizeof(s->task), "irq/%d", raw_smp_processor_id());
		s->pid = current->pid;
		steer_refresh(s, s->task, epoch, seed);
		return s;
	}
	/* The idle tasks of all CPUs have one pid. */
	if (!current->pid) {
		steer_refresh(&h->idle, current->comm, epoch, seed);
		return &h->idle;
	}
	s = &steer_slot(current)->stream;
	if (steer_own(current, &epoch))
		steer_refresh(s, "actor", epoch, seed);
	else
		steer_refresh(s, current->comm, epoch, seed);
	return s;
}

/**
 * steer_here_init - it is not known yet where a CPU is
 * @h: where
 *
 * Context: Any, before it comes by a yield point.
 */
void steer_here_init(struct steer_here *h)
{
	h->interrupts.pid = -1;
	h->stream = &h->interrupts;
}

/**
 * steer_find - a CPU runs something else than before, or during another operation
 * @h: where it was, but for @irq, which says where it is; gets the rest
 * @seed: of all streams
 *
 * Context: A yield point, with preemption off.
 * Return: the stream of that
 */
noinline struct steer_stream *steer_find(struct steer_here *h, u64 seed)
{
	h->begun = READ_ONCE(steer_begun);
	h->stream = steer_look_up(h, seed);
	return h->stream;
}

/**
 * steer_note_begin - an actor begins an operation
 * @actor: its number
 * @draw: which of its draws this is
 *
 * Context: Process context, of the actor.
 */
void steer_note_begin(unsigned int actor, unsigned int draw)
{
	struct steer_actor *a = &steer_actors[actor % ACTORS];

	a->draw = draw;
	a->pid = current->pid;
	WRITE_ONCE(a->task, current);
	WRITE_ONCE(steer_last, (u64)actor << 32 | draw);
	WRITE_ONCE(steer_begun, steer_begun + 1);
}
