// SPDX-License-Identifier: GPL-2.0-only
/*
 * What two do at the same time: the caller, and a work item.
 *
 * Locking: none. The caller holds whatever it likes that the other's function does
 * not take.
 */
#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "torture.h"

/* How far one of them may be behind the other, in rounds of a loop */
#define PAIR_SPINS	64
/* The worker may have the very CPU that the caller is to go on on. */
#define PAIR_PATIENCE	1024

static void pair_spin(u32 rounds)
{
	while (rounds--)
		cpu_relax();
}

/**
 * torture_pair_work - the work item's part; torture_pair_begin() names it
 * @work: of a struct torture_pair
 *
 * Context: a worker; sleeps as the function does.
 */
void torture_pair_work(struct work_struct *work)
{
	struct torture_pair *p = container_of(work, struct torture_pair, work);
	u32 left = PAIR_PATIENCE;

	if (p->meets) {
		complete(&p->there);
		while (!READ_ONCE(p->go) && left--) {
			cpu_relax();
			if (!(left % PAIR_SPINS))
				cond_resched();
		}
		pair_spin(p->spins);
	}
	p->fn(p->arg);
}

/**
 * torture_pair_start - torture_pair_begin(), once the work item is there
 * @p: the pair
 * @fn: what it does, in process context; may sleep
 * @arg: for @fn
 * @call: the operation, whose draws say how far apart the two are: they wait for each
 *	other, or the work item begins when there is a worker for it
 *
 * Context: process, may sleep. Once it returns, the caller is to do its own part.
 */
void torture_pair_start(struct torture_pair *p, void (*fn)(void *arg), void *arg,
			struct torture_call *call)
{
	u32 spins = torture_draw(call, PAIR_SPINS);

	p->fn = fn;
	p->arg = arg;
	p->go = false;
	p->meets = torture_one_in(call, 2);
	p->spins = torture_draw(call, PAIR_SPINS);
	init_completion(&p->there);
	queue_work(system_dfl_wq, &p->work);
	if (p->meets) {
		wait_for_completion(&p->there);
		WRITE_ONCE(p->go, true);
	}
	pair_spin(spins);
}

/**
 * torture_pair_end - wait until the work item has done its part
 * @p: from torture_pair_begin()
 *
 * Context: process, sleeps.
 */
void torture_pair_end(struct torture_pair *p)
{
	flush_work(&p->work);
	destroy_work_on_stack(&p->work);
}
