/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_LIFECYCLE_GUEST_H
#define RESPAWN_LIFECYCLE_GUEST_H
/*
 * What the files of the suite kthread_lifecycle_guest share: the cases that
 * another file has.
 */
#include <../lib/kthread_lifecycle_kunit.h>

#define LIFECYCLE_STATS	"/sys/kernel/debug/kthread_lifecycle"

/* The host takes the next trouble with that text for what it is: meant. */
#define expect_warning(text)	pr_info("respawn: expect %s\n", text)

/* lifecycle_environment.c */
int lifecycle_environment_init(struct kunit_suite *suite);
void lifecycle_environment_exit(struct kunit_suite *suite);
void clean_environment(struct kunit *test);
void clean_environment_of_a_kthread(struct kunit *test);
void caller_does_it_without_workers(struct kunit *test);
void users_cannot_move_it_before_the_start(struct kunit *test);
void threads_have_the_files_of_kthreadd(struct kunit *test);
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

/* lifecycle_processes.c */
void signals_of_processes_do_nothing(struct kunit *test);
void idle_thread_is_frozen_if_it_asked_for_it(struct kunit *test);
void wakeup_of_a_frozen_thread_is_kept(struct kunit *test);
void parked_thread_does_not_hold_up_a_freeze(struct kunit *test);
void frozen_thread_can_be_destroyed(struct kunit *test);

#endif /* RESPAWN_LIFECYCLE_GUEST_H */
