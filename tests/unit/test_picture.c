// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/report/picture.c: which column and which row an event gets, and what
 * a switch is called.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../kunit/torture/torture_log.h"
#include "lib/util.h"
#include "report/picture.h"

#define ENTRIES	1024

static char *picture(const struct torture_event *all, uint64_t count, const char *failure)
{
	static struct symbol symbols[] = {
		{ "kthread_park", "kthread.c", 0xffff800080012340, 0x80 },
		{ "kthread_unpark", "kthread.c", 0xffff8000800123c0, 0x40 },
	};
	struct debuginfo d = { .all = symbols, .n = ARRAY_SIZE(symbols) };
	size_t size = sizeof(struct torture_log) + ENTRIES * sizeof(struct torture_event), len;
	struct torture_log *log = calloc(1, size);
	char *text = NULL;
	struct events e;
	FILE *f;

	assert_non_null(log);
	log->magic = TORTURE_LOG_MAGIC;
	log->entries = ENTRIES;
	log->entry_size = sizeof(struct torture_event);
	log->count = count;
	memcpy(log->failure, failure, strlen(failure));
	memcpy(log->event, all, count * sizeof(*all));
	assert_true(events_parse(&e, log, size));
	f = open_memstream(&text, &len);
	assert_non_null(f);
	report_picture(&e, &d, 2, f);
	fclose(f);
	events_free(&e);
	return text;
}

/* Line number @n, from 0 on */
static char *line(const char *text, size_t n)
{
	while (n--) {
		text = strchr(text, '\n');
		assert_non_null(text);
		text++;
	}
	return fmt("%.*s", (int)strcspn(text, "\n"), text);
}

static void assert_line(const char *text, size_t n, const char *begins, const char *ends)
{
	__auto_free char *is = line(text, n);

	if (strncmp(is, begins, strlen(begins)) || strlen(is) < strlen(ends) ||
	    strcmp(is + strlen(is) - strlen(ends), ends))
		fail_msg("line %zu is '%s', not '%s ... %s'", n, is, begins, ends);
}

/* An operation that took long begins before one that is over earlier. */
static void time_goes_down_and_cpus_across(void **state)
{
	static const struct torture_event all[] = {
		{ .time = 3000000, .latency = 1000000, .op = TORTURE_KTHREAD_PARK,
		  .cpu = 1, .actor = 3, .slot = 2 },
		{ .time = 4000000, .op = TORTURE_SWITCH, .cpu = 1, .arg = 0x80012350 },
		{ .time = 5000000, .latency = 4000000, .op = TORTURE_OFFLINE,
		  .cpu = 0, .actor = 1, .slot = 3, .result = -16 },
		{ .time = 6000000, .op = TORTURE_FAILURE, .cpu = 1 },
	};
	__auto_free char *text = picture(all, ARRAY_SIZE(all), "progress: it is stuck");

	(void)state;
	assert_line(text, 0, "     seconds  CPU 0 ", "");
	assert_line(text, 1, "    0.001000  1: offline 3", "offline 3");
	assert_line(text, 2, "    0.002000  . ", " 3: kthread-park 2");
	assert_line(text, 3, "    0.003000  . ", " 3: done");
	assert_line(text, 4, "    0.004000  . ", " ~1 kthread_park+0x10");
	assert_line(text, 5, "    0.005000  1: = -16", "= -16");
	assert_line(text, 6, "    0.006000  . ", " ! progress: it is stuck");
}

static void a_place_without_a_name_is_an_address(void **state)
{
	static const struct torture_event all[] = {
		{ .time = 1, .op = TORTURE_SWITCH, .arg = 0x80012400 },
	};
	__auto_free char *text = picture(all, 1, "");

	(void)state;
	assert_line(text, 1, "    0.000000  ~1 0x80012400", "0x80012400");
}

/* The end is what people want to see of a long run. */
static void a_long_run_has_its_end(void **state)
{
	static struct torture_event all[ENTRIES];
	__auto_free char *text = NULL;

	(void)state;
	for (uint64_t i = 0; i < ENTRIES; i++)
		all[i] = (struct torture_event){
			.time = 1000 * i, .op = TORTURE_WAKE, .actor = 2, .slot = i % 16,
		};
	text = picture(all, ENTRIES, "");
	assert_line(text, 1, "         ...  1848 rows before", "before");
	assert_line(text, 201, "    0.001023  2: done", "done");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_goes_down_and_cpus_across),
		cmocka_unit_test(a_place_without_a_name_is_an_address),
		cmocka_unit_test(a_long_run_has_its_end),
	};

	return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
