/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_JUDGE_H
#define RESPAWN_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/ktap.h"
#include "lib/util.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_SKIP,
	VERDICT_FAIL,
	VERDICT_HANG,
	VERDICT_CRASH,
	VERDICT_ERROR,
};

const char *verdict_name(enum verdict v);
int verdict_exit_status(enum verdict v);

/* How the guest came to an end, as far as the host can tell */
enum ending {
	ENDING_ITSELF,		/* it switched itself off */
	ENDING_SILENT,		/* the host ended it: nothing came any more */
	ENDING_TIMEOUT,		/* the host ended it: time was up */
	ENDING_TROUBLE,		/* the host ended it after it had seen trouble */
	ENDING_FLOOD,		/* the host ended it: its console had no end */
	ENDING_ENOUGH,		/* the host ended it after it had seen a failure */
	ENDING_KILLED,		/* QEMU was killed, not by us */
	ENDING_QEMU_FAILED,	/* QEMU gave up by itself */
};

/**
 * struct judge_step - a step that a guest was asked to do
 * @name: its name
 * @suites: KTAP suites that have to report, comma separated, or "-"
 */
struct judge_step {
	const char *name;
	const char *suites;
};

/**
 * struct judge_asked - what a guest was asked for
 * @steps: the steps, in the order they are done in
 * @n: how many
 * @cpus: CPUs that it has to have, 0 for any number
 */
struct judge_asked {
	const struct judge_step *steps;
	size_t n;
	unsigned int cpus;
};

/* How many failures are kept */
#define JUDGE_FAILURES_MAX	100

/**
 * struct judge_failure - something that went wrong
 * @verdict: what it makes of a run
 * @what: a line about it
 * @test: the test or the step it happened in, or NULL
 * @signature: what is the same in other runs of the same bug
 */
struct judge_failure {
	enum verdict verdict;
	const char *what;
	const char *test;
	const char *signature;
};

struct judge;

struct judge *judge_new(const struct judge_asked *asked);
void judge_feed(struct judge *j, const char *text, size_t len);
void judge_end(struct judge *j, enum ending ending, const char *detail);
void judge_free(struct judge *j);

bool judge_events(const struct judge *j, uint64_t *at, size_t *size);
bool judge_words(const struct judge *j, unsigned long long *at, size_t *size);
const char *judge_boot_trouble(const struct judge *j);
bool judge_greeted(const struct judge *j);
bool judge_in_trouble(const struct judge *j);
bool judge_has_failed(const struct judge *j);
double judge_guest_time(const struct judge *j);
double judge_progress(const struct judge *j, char *note, size_t len);

enum verdict judge_verdict(const struct judge *j);
const char *judge_failure(const struct judge *j);
const char *judge_failed_test(const struct judge *j);
void judge_failed_tests(const struct judge *j, struct strv *names);
char *judge_signature(const struct judge *j);
size_t judge_failures(const struct judge *j, const struct judge_failure **all);
size_t judge_failures_more(const struct judge *j);
bool judge_has_kernel(const struct judge *j);
bool judge_has_protocol(const struct judge *j);
char *judge_excerpt(const struct judge *j);
size_t judge_cases_before(const struct judge *j);
const struct ktap *judge_ktap(const struct judge *j);
struct ktap_counts judge_counts(const struct judge *j);

const char *judge_version(void);

#endif /* RESPAWN_JUDGE_H */
