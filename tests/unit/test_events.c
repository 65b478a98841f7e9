// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/judge/events.c: logs as guests leave them, also one that died while it
 * wrote its log, or was never to be trusted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../kunit/torture/torture_log.h"
#include "../whole/scratch.h"
#include "child.h"
#include "run/events_file.h"
#include "lib/util.h"

#define ENTRIES	8

/* A log with room for ENTRIES events, and its file */
struct sample {
	struct torture_log *log;
	size_t size;
	char *path;
};

/* @count events, each the move of a CPU: it goes, it comes, it goes ... */
static struct sample sample(const char *name, uint64_t count)
{
	struct sample s = { .path = fmt("%s/%s", out, name) };

	s.size = sizeof(*s.log) + ENTRIES * sizeof(s.log->event[0]);
	s.log = calloc(1, s.size);
	assert_non_null(s.log);
	s.log->magic = TORTURE_LOG_MAGIC;
	s.log->entries = ENTRIES;
	s.log->entry_size = sizeof(s.log->event[0]);
	s.log->count = count;
	s.log->digest = count;
	for (uint64_t i = 0; i < count; i++)
		s.log->event[i % ENTRIES] = (struct torture_event){
			.time = 1000 * i, .draw = i,
			.op = i % 2 ? TORTURE_ONLINE : TORTURE_OFFLINE,
		};
	return s;
}

static void store(const struct sample *s)
{
	write_file(s->path, (const char *)s->log, s->size);
}

static bool reads(const struct sample *s, struct events *e)
{
	store(s);
	return events_read(e, s->path);
}

static void sample_free(struct sample *s)
{
	free(s->log);
	free(s->path);
}

static void the_last_events_are_kept(void **state)
{
	struct sample s = sample("events.bin", ENTRIES + 3);
	__auto_free char *line = NULL;
	struct events e;

	(void)state;
	assert_true(reads(&s, &e));
	assert_int_equal(e.first, 3);
	assert_int_equal(e.count, ENTRIES + 3);
	line = events_line(&e, 3);
	assert_non_null(strstr(line, "3: "));
	assert_non_null(strstr(line, "0.000003 s"));
	assert_non_null(strstr(line, "online"));
	events_free(&e);
	sample_free(&s);
}

/* Each in a log of its own, which without it would be read */
static void a_log_that_is_not_whole_is_none(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
	} spoilt[] = {
		{ offsetof(struct torture_log, magic), 0 },
		{ offsetof(struct torture_log, entries), 0 },
		{ offsetof(struct torture_log, entries), ENTRIES + 1 },
		{ offsetof(struct torture_log, entries), UINT32_MAX },
		{ offsetof(struct torture_log, entry_size), 0 },
	};
	struct events e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spoilt); i++) {
		struct sample s = sample("events.bin", 2);

		assert_true(reads(&s, &e));
		events_free(&e);
		memcpy((char *)s.log + spoilt[i].offset, &spoilt[i].value, sizeof(uint32_t));
		assert_false(reads(&s, &e));
		sample_free(&s);
	}
}

static void a_log_that_is_cut_is_none(void **state)
{
	struct sample s = sample("events.bin", 2);
	size_t whole = s.size;
	struct events e;

	(void)state;
	for (s.size = 0; s.size < whole; s.size++)
		assert_false(reads(&s, &e));
	assert_true(reads(&s, &e));
	events_free(&e);
	sample_free(&s);
}

/* An operation that there is not, a failure's text without an end */
static void what_a_guest_wrote_is_not_trusted(void **state)
{
	struct sample s = sample("events.bin", 2);
	__auto_free char *line = NULL;
	struct events e;

	(void)state;
	s.log->event[1].op = UINT16_MAX;
	memset(s.log->failure, 'x', sizeof(s.log->failure));
	assert_true(reads(&s, &e));
	assert_int_equal(strlen(e.failure), sizeof(s.log->failure));
	line = events_line(&e, 1);
	assert_non_null(strstr(line, " ? "));
	events_free(&e);
	sample_free(&s);
}

static void expect_difference(struct sample *a, struct sample *b, enum extent extent,
			      const char *text)
{
	__auto_free char *what = NULL;
	struct events one, two;

	assert_true(reads(a, &one));
	assert_true(reads(b, &two));
	what = events_difference(&one, &two, extent);
	if (text) {
		assert_non_null(what);
		assert_non_null(strstr(what, text));
	} else {
		assert_null(what);
	}
	events_free(&one);
	events_free(&two);
}

static void the_first_difference_is_found(void **state)
{
	struct sample a = sample("a", 6), b = sample("b", 6);

	(void)state;
	expect_difference(&a, &b, EXTENT_ALL, NULL);
	b.log->event[4].result = -1;
	expect_difference(&a, &b, EXTENT_ALL, "event 4: ");
	expect_difference(&a, &b, EXTENT_SHORTER, "event 4: ");
	sample_free(&a);
	sample_free(&b);
}

static void who_was_ended_early_may_be_shorter(void **state)
{
	struct sample a = sample("a", 6), b = sample("b", 4);

	(void)state;
	expect_difference(&a, &b, EXTENT_ALL, "event 4: 6 events then, 4 now");
	expect_difference(&a, &b, EXTENT_SHORTER, NULL);
	sample_free(&a);
	sample_free(&b);
}

/* What comes after the failure may differ, and not what comes before it. */
static void the_failure_is_the_end(void **state)
{
	struct sample a = sample("a", 6), b = sample("b", 6);

	(void)state;
	a.log->event[3].op = TORTURE_FAILURE;
	b.log->event[3] = a.log->event[3];
	b.log->event[5].result = -1;
	expect_difference(&a, &b, EXTENT_FAILURE, NULL);
	b.log->event[2].result = -1;
	expect_difference(&a, &b, EXTENT_FAILURE, "event 2: ");
	sample_free(&a);
	sample_free(&b);
}

/* All that is left of the first events is the digest. */
static void what_is_gone_is_in_the_digest(void **state)
{
	struct sample a = sample("a", ENTRIES + 3), b = sample("b", ENTRIES + 3);

	(void)state;
	expect_difference(&a, &b, EXTENT_ALL, NULL);
	b.log->digest++;
	expect_difference(&a, &b, EXTENT_ALL, "an event before 3");
	sample_free(&a);
	sample_free(&b);
}

/* An operation, and how often it is said to be in the log in @out */
struct number {
	const char *op;
	unsigned int n;
};

static int count(const void *arg)
{
	const struct number *want = arg;

	return events_count(out, want->op) != want->n;
}

static void only_a_whole_log_is_counted(void **state)
{
	static const struct number online = { "online", ENTRIES / 2 - 1 };
	static const struct number offline = { "offline", ENTRIES / 2 };
	struct sample s = sample("events.bin", ENTRIES);

	(void)state;
	s.log->event[1].result = -16;
	store(&s);
	assert_int_equal(in_a_child(count, &online), 0);
	assert_int_equal(in_a_child(count, &offline), 0);
	s.log->count = ENTRIES + 1;
	store(&s);
	assert_int_equal(in_a_child(count, &online), EXIT_ERROR);
	unlink(s.path);
	assert_int_equal(in_a_child(count, &online), EXIT_ERROR);
	sample_free(&s);
}

/* A switch that the log has no room to describe is counted, and no more. */
static void switches_are_read(void **state)
{
	struct sample s = sample("events.bin", 4);
	struct gave_way *all;
	struct events e;

	(void)state;
	s.log->event[0] = (struct torture_event){ .op = TORTURE_SWITCH, .actor = 2, .draw = 5 };
	s.log->event[2] = (struct torture_event){ .op = TORTURE_SWITCH, .slot = TORTURE_SWITCHES };
	s.log->event[3].op = TORTURE_FAILURE;
	s.log->switches[0] = (struct torture_switch){
		.ip = 0xffffffc080001234, .nth = 3, .times = 64, .resched = 1,
	};
	memset(s.log->switches[0].task, 'x', sizeof(s.log->switches[0].task));
	assert_true(reads(&s, &e));
	assert_int_equal(events_switches(&e, &all), 2);
	assert_true(all[0].ip == 0xffffffc080001234 && all[0].actor == 2 && all[0].draw == 5);
	assert_true(all[0].nth == 3 && all[0].times == 64 && all[0].resched);
	assert_int_equal(strlen(all[0].task), sizeof(s.log->switches[0].task));
	assert_int_equal(all[1].nth, 0);
	free(all);
	events_free(&e);
	sample_free(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_events_are_kept, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_log_that_is_not_whole_is_none,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(a_log_that_is_cut_is_none,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_a_guest_wrote_is_not_trusted,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(the_first_difference_is_found,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(who_was_ended_early_may_be_shorter,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(the_failure_is_the_end, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(what_is_gone_is_in_the_digest,
						fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(switches_are_read, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(only_a_whole_log_is_counted,
						fresh_out, remove_out),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
