/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_LIFECYCLE_KUNIT_H
#define RESPAWN_LIFECYCLE_KUNIT_H
/*
 * What the files of the suite kthread_lifecycle share: a thread with two
 * functions that count their runs, and the cases that another file has.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread_lifecycle.h>

#define BOUND		(10 * HZ)	/* no operation here takes nearly as long */
#define LIFECYCLE_STATS	"/sys/kernel/debug/kthread_lifecycle"

/**
 * struct life - what a thread of a case does and what it saw
 * @k: the thread while it lives, else NULL
 * @init_result: what initfn returns
 * @core_result: what corefn returns
 * @inits: times that initfn ran
 * @cores: times that corefn ran
 * @core_early: times that corefn ran before initfn was over
 * @ran: completed by each run of corefn
 * @release: initfn waits for it if @slow
 * @slow: see @release
 * @loop: state in which corefn sleeps until a signal is pending, or 0 if it
 *	returns at once
 * @inited: initfn is about to return
 */
struct life {
	struct task_struct *k;
	int init_result;
	int core_result;
	atomic_t inits;
	atomic_t cores;
	atomic_t core_early;
	struct completion ran;
	struct completion release;
	bool slow;
	unsigned int loop;
	bool inited;
};

int life_init(void *data);
int life_core(void *data);
struct life *life_new(struct kunit *test);
void life_spawn(struct kunit *test, struct life *l);
void life_launch(struct kunit *test, struct life *l);
void life_run(struct kunit *test, struct life *l);
void life_sleeps(struct kunit *test, struct life *l, unsigned int state);
int life_destroy(struct life *l);
unsigned int life_count_tasks(const char *name);

/* The host takes the next trouble with that text for what it is: meant. */
#define expect_warning(text)	pr_info("respawn: expect %s\n", text)

/* lifecycle_environment.c */
int lifecycle_environment_init(struct kunit_suite *suite);
void lifecycle_environment_exit(struct kunit_suite *suite);
void clean_environment(struct kunit *test);
void clean_environment_of_a_kthread(struct kunit *test);
void caller_does_it_without_workers(struct kunit *test);
void who_reaps_need_not_have_forked(struct kunit *test);

/* lifecycle_failure.c */
void failed_fork_is_reported(struct kunit *test);
void failed_allocation_is_reported(struct kunit *test);
void every_failing_step_leaves_nothing(struct kunit *test);
const void *batch_gen_params(const void *prev, char *desc);
void nothing_is_left_over(struct kunit *test);
void nothing_is_left_over_after_failures(struct kunit *test);
void operations_are_counted(struct kunit *test);
void operations_are_traced(struct kunit *test);

/* lifecycle_contract.c */
void stop_is_refused(struct kunit *test);
void no_errno_of_initfn_runs_it_twice(struct kunit *test);
void result_that_is_no_errno_is_told(struct kunit *test);
void corefn_that_returns_on_its_way_to_sleep(struct kunit *test);
void last_of_several_results(struct kunit *test);
void result_of_a_corefn_that_was_interrupted(struct kunit *test);
void each_way_to_wake_it_counts(struct kunit *test);
void woken_from_interrupts_on_its_cpu(struct kunit *test);
void idle_thread_parks_whatever_its_corefn(struct kunit *test);
void parked_thread_runs_once_it_is_unparked(struct kunit *test);
void parked_while_its_corefn_waits(struct kunit *test);
void parked_thread_does_not_hold_up_a_freeze(struct kunit *test);
void signals_of_processes_do_nothing(struct kunit *test);
void destroyed_while_it_spawns(struct kunit *test);
void idle_thread_is_frozen_if_it_asked_for_it(struct kunit *test);
void wakeup_of_a_frozen_thread_is_kept(struct kunit *test);
void frozen_thread_can_be_destroyed(struct kunit *test);
void threads_have_the_files_of_kthreadd(struct kunit *test);
void concurrent_spawns_keep_their_names(struct kunit *test);
void more_slow_threads_than_a_workqueue_may_have_workers(struct kunit *test);

/* lifecycle_race.c */
void callers_at_once_from_work_items(struct kunit *test);
void callers_at_once_from_threads(struct kunit *test);
void slow_initfns_hold_up_nobody(struct kunit *test);
void slow_corefns_hold_up_nobody(struct kunit *test);
void nested_from_initfn(struct kunit *test);
void nested_from_corefn(struct kunit *test);
void wakeup_storm_loses_nothing(struct kunit *test);
void destroy_races_with_start(struct kunit *test);
void start_races_with_start(struct kunit *test);
void destroy_comes_while_a_start_fails(struct kunit *test);
void destroy_races_with_end_of_corefn(struct kunit *test);
void destroy_races_with_wakeups(struct kunit *test);

#endif /* RESPAWN_LIFECYCLE_KUNIT_H */
