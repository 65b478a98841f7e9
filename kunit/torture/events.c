// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event log of a stress run, in one piece of memory whose address the
 * console has, so that the host finds it there however the guest ends.
 */
#define pr_fmt(fmt) "respawn: " fmt

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../steer/steer.h"
#include "torture.h"

#define LOG_SIZE	SZ_1M
#define EVENT_WORDS	(sizeof(struct torture_event) / sizeof(u64))

static struct torture_log *torture_log;

/* The innermost lock: no other one is taken while it is held. */
static DEFINE_RAW_SPINLOCK(torture_log_lock);

/**
 * torture_events_init - allocate the log and print where it is
 *
 * Return: 0 or -ENOMEM
 */
int torture_events_init(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP,
					get_order(LOG_SIZE));

	BUILD_BUG_ON(sizeof(struct torture_event) % sizeof(u64));
	if (!page)
		return -ENOMEM;
	torture_log = page_address(page);
	torture_log->entries = (LOG_SIZE - sizeof(*torture_log)) /
			       sizeof(struct torture_event);
	torture_log->entry_size = sizeof(struct torture_event);
	/* The host reads this memory: if it sees the magic, it sees the rest. */
	smp_store_release(&torture_log->magic, TORTURE_LOG_MAGIC);
	pr_info("events at 0x%llx size %lu\n",
		(unsigned long long)page_to_phys(page), (unsigned long)LOG_SIZE);
	return 0;
}

/**
 * torture_events_exit - free the log of a module that could not be loaded
 *
 * The magic is cleared, as the memory holds no log any more.
 */
void torture_events_exit(void)
{
	torture_log->magic = 0;
	free_pages((unsigned long)torture_log, get_order(LOG_SIZE));
}

/**
 * torture_events_end - print the length and the digest of the log
 *
 * So the consoles of two runs are the same only if their logs are.
 */
void torture_events_end(void)
{
	pr_info("%llu events, digest %016llx\n", torture_log->count,
		torture_log->digest);
}

static u64 torture_mix(u64 digest, const struct torture_event *e)
{
	u64 word[EVENT_WORDS];
	size_t i;

	memcpy(word, e, sizeof(word));
	for (i = 0; i < EVENT_WORDS; i++) {
		digest = (digest ^ word[i]) * 0x9fb21c651e98df25ULL;
		digest ^= digest >> 32;
	}
	return digest;
}

/* With the lock held */
static void torture_append_locked(struct torture_event *e)
{
	struct torture_log *log = torture_log;

	e->time = ktime_get_mono_fast_ns();
	e->cpu = raw_smp_processor_id();
	log->event[log->count % log->entries] = *e;
	log->digest = torture_mix(log->digest, e);
	/* The host reads this memory: an event that is counted is complete. */
	smp_store_release(&log->count, log->count + 1);
}

static void torture_append(struct torture_event *e)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&torture_log_lock, flags);
	torture_append_locked(e);
	raw_spin_unlock_irqrestore(&torture_log_lock, flags);
}

/**
 * torture_note - note an operation that is over
 * @call: the operation
 * @begun: when it began, by ktime_get_mono_fast_ns()
 * @result: what came of it
 *
 * Context: Any context but NMI.
 */
void torture_note(const struct torture_call *call, u64 begun, int result)
{
	u64 latency = ktime_get_mono_fast_ns() - begun;
	struct torture_event e = {
		.latency = min_t(u64, latency, U32_MAX),
		.result = result,
		.op = call->op,
		.actor = call->actor,
		.slot = call->slot,
		.arg = call->arg,
		.draw = call->draw,
	};

	torture_append(&e);
}

/**
 * torture_note_failure - note the first violation
 * @o: the oracle that was violated
 * @text: its name and what it saw
 *
 * Context: Any context but NMI. Called once.
 */
void torture_note_failure(enum torture_oracle o, const char *text)
{
	struct torture_event e = { .op = TORTURE_FAILURE, .slot = o };

	strscpy(torture_log->failure, text, sizeof(torture_log->failure));
	torture_append(&e);
}

/* How many switches were described */
static unsigned int torture_switches;

/**
 * torture_note_switch - note that a CPU has the others go first from here on
 * @s: where it is
 *
 * Called by the module steer, at a yield point: whoever holds the lock may be the one
 * who has come by it.
 *
 * Context: Any context but NMI, with preemption off.
 */
void torture_note_switch(const struct steer_switch *s)
{
	struct torture_event e = {
		.op = TORTURE_SWITCH, .arg = s->ip, .actor = s->actor, .draw = s->draw,
	};
	struct torture_switch *to;
	unsigned long flags;

	if (!raw_spin_trylock_irqsave(&torture_log_lock, flags))
		return;
	e.slot = torture_switches;
	if (torture_switches < TORTURE_SWITCHES) {
		to = &torture_log->switches[torture_switches++];
		to->ip = s->ip;
		strscpy(to->task, s->task, sizeof(to->task));
		to->nth = s->nth;
		to->times = s->times;
		to->resched = s->resched;
	}
	torture_append_locked(&e);
	raw_spin_unlock_irqrestore(&torture_log_lock, flags);
}
