// SPDX-License-Identifier: GPL-2.0-only
/* Tests of scripts/judge/console.c: lines, prefixes, escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "judge/console.h"
#include "lib/util.h"

/* Lines seen, each as "when|text" and "$" if whole, "/" if cut by a record. */
struct seen {
	char text[4 * CONSOLE_LINE_MAX];
	size_t len;
	unsigned int lines;
};

static const char *const ends[] = { "$", "/", "" };

static void see(void *arg, const struct console_line *line)
{
	struct seen *s = arg;
	size_t room = sizeof(s->text) - s->len;

	s->len += (size_t)snprintf(s->text + s->len, room, "%.6g|%s%s\n", line->when, line->text,
				   ends[line->end]);
	s->lines++;
	assert_int_equal(line->number, s->lines);
}

struct console_case {
	const char *name;
	const char *in;
	size_t len;		/* 0: up to NUL */
	const char *out;
};

static const struct console_case cases[] = {
	{ "plain lines", "one\ntwo\n", 0, "-1|one$\n-1|two$\n" },
	{ "empty line", "\n", 0, "-1|$\n" },
	{ "nothing", "", 0, "" },
	{ "carriage returns", "one\r\r\ntwo\r\n", 0, "-1|one$\n-1|two$\n" },
	{ "unfinished line", "one\ntw", 0, "-1|one$\n-1|tw\n" },
	{ "time", "[   12.345678] hello\n", 0, "12.3457|hello$\n" },
	{ "time zero", "[    0.000000] Linux version\n", 0, "0|Linux version$\n" },
	{ "long uptime", "[123456.000001] x\n", 0, "123456|x$\n" },
	{ "time, empty text", "[    1.000000] \n", 0, "1|$\n" },
	{ "time, no space", "[    1.000000]x\n", 0, "1|x$\n" },
	{ "indent is kept", "[    1.500000]     ok 1 a\n", 0, "1.5|    ok 1 a$\n" },
	{ "caller", "[    1.500000][    T1]     ok 1\n", 0, "1.5|    ok 1$\n" },
	{ "caller after a space", "[    1.500000] [    C0] hi\n", 0, "1.5|hi$\n" },
	{ "wide caller", "[    1.500000][T12345] hi\n", 0, "1.5|hi$\n" },
	{ "caller alone", "[    T1] hi\n", 0, "-1|hi$\n" },
	{ "no caller: not padded", "[T1] hi\n", 0, "-1|[T1] hi$\n" },
	{ "journal", "[    1.500000] my-host kernel:     ok 1\n", 0, "1.5|    ok 1$\n" },
	{ "journal, empty text", "[    1.500000] my-host kernel:\n", 0, "1.5|$\n" },
	{ "journal of a program", "[    1.500000] host init[1]: kernel: x\n", 0,
	  "1.5|host init[1]: kernel: x$\n" },
	{ "no journal: levels", "<6>[    1.500000] host kernel: x\n", 0,
	  "1.5|host kernel: x$\n" },
	{ "no journal: no time", "host kernel: x\n", 0, "-1|host kernel: x$\n" },
	{ "level", "<6>[    1.500000] hi\n", 0, "1.5|hi$\n" },
	{ "level alone", "<6>hi\n", 0, "-1|hi$\n" },
	{ "no level", "<x>hi\n<>hi\n<12345>hi\n", 0, "-1|<x>hi$\n-1|<>hi$\n-1|<12345>hi$\n" },
	{ "no time: brackets", "[  OK  ] Started\n", 0, "-1|[  OK  ] Started$\n" },
	{ "no time: short fraction", "[    1.5] x\n", 0, "-1|[    1.5] x$\n" },
	{ "no time: cut", "[    1.50", 0, "-1|[    1.50\n" },
	{ "a prefix of the past is text", "[    1.000000] [    0.500000] x\n", 0,
	  "1|[    0.500000] x$\n" },
	{ "a later one is a record", "[    1.000000] a[    1.500000] x\n", 0,
	  "1|a/\n1.5|x$\n" },
	{ "one that is made up is none", "[    1.000000] # a [    9.000000] x\n", 0,
	  "1|# a [    9.000000] x$\n" },
	{ "a program's half line", "# a [    1.000000] [    2.000000] x\n", 0,
	  "-1|# a [    1.000000] [    2.000000] x$\n" },
	{ "half a diagnostic", "[    1.000000] x\n# half[    2.000000] y\n", 0,
	  "1|x$\n-1|# half/\n2|y$\n" },
	{ "half a result", "    ok 1 ca[    2.000000][    T1] y\n", 0,
	  "-1|    ok 1 ca/\n2|y$\n" },
	{ "half a line of the protocol", "respawn: step s en[    2.000000] y\n", 0,
	  "-1|respawn: step s en/\n2|y$\n" },
	{ "a diagnostic that quotes", "[    3.000000] x\n# [    2.000000] y\n", 0,
	  "3|x$\n-1|# [    2.000000] y$\n" },
	{ "a quote in a diagnostic's record", "[    3.000000] # [    2.000000] y\n", 0,
	  "3|# [    2.000000] y$\n" },
	{ "levels: half a line", "<6>[    1.000000] x\n# half<4>[    2.000000] y\n", 0,
	  "1|x$\n-1|# half/\n2|y$\n" },
	{ "levels: a quote has none", "<6>[    1.000000] x\nhalf[    2.000000] y\n", 0,
	  "1|x$\n-1|half[    2.000000] y$\n" },
	{ "levels: a quote is of the past", "<6>[    3.000000] # <4>[    2.000000] y\n", 0,
	  "3|# <4>[    2.000000] y$\n" },
	{ "three in a row", "a[    1.000000] b[    1.500000] c\n", 0,
	  "-1|a/\n1|b/\n1.5|c$\n" },
	{ "after a reboot", "[    9.000000] x\n[    1.000000] y\n# a[    2.000000] z\n", 0,
	  "9|x$\n1|y$\n-1|# a/\n2|z$\n" },
	{ "said again", "[    1.000000] ok 2 se" CONSOLE_REPLAY "\n[    1.000000] ok 2 second\n", 0,
	  "1|ok 2 se/\n-1|" CONSOLE_REPLAY "$\n1|ok 2 second$\n" },
	{ "control bytes", "a\0b\1c\x7f\td\n", 9, "-1|abc\td$\n" },
	{ "characters stay", "\xc3\xa4\xf0\x9f\x90\xa7\n", 0,
	  "-1|\xc3\xa4\xf0\x9f\x90\xa7$\n" },
	{ "no character", "\xc3\xa4\xffx\n", 0, "-1|\xc3\xa4\xef\xbf\xbdx$\n" },
	{ "cut in a character", "\xe2\x82\n\x82\xac\n", 0,
	  "-1|\xef\xbf\xbd\xef\xbf\xbd$\n-1|\xef\xbf\xbd\xef\xbf\xbd$\n" },
	{ "longer than need be", "\xc0\xaf\n", 0, "-1|\xef\xbf\xbd\xef\xbf\xbd$\n" },
	{ "a surrogate", "\xed\xa0\x80\n", 0,
	  "-1|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd$\n" },
	{ "colour", "\x1b[1;31mred\x1b[0m\n", 0, "-1|red$\n" },
	{ "firmware screen", "\033c\x1b[?7l\x1b[2J\x1b[0mSeaBIOS\n", 0, "-1|SeaBIOS$\n" },
	{ "character set", "\x1b(Bx\n", 0, "-1|x$\n" },
	{ "window title", "\x1b]0;title\x07x\x1b]0;t\x1b\\y\n", 0, "-1|xy$\n" },
	{ "escape cut by newline", "\x1b[12\nx\n", 0, "-1|$\n-1|x$\n" },
	{ "title cut by newline", "\x1b]0;abc\nx\n", 0, "-1|$\n-1|x$\n" },
	{ "escape within escape", "\x1b[3\x1b[1mx\n", 0, "-1|x$\n" },
	{ "escape before the time", "\x1b[0m[    1.000000] x\n", 0, "1|x$\n" },
};

static void feed_by(const struct console_case *c, size_t step)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	struct console *con = console_new(see, seen);
	size_t len = c->len ? c->len : strlen(c->in);
	size_t i;

	assert_non_null(seen);
	assert_non_null(con);
	for (i = 0; i < len; i += step)
		console_feed(con, c->in + i, len - i < step ? len - i : step);
	console_end(con);
	if (strcmp(seen->text, c->out))
		fail_msg("%s, %zu bytes at a time:\n%swanted:\n%s", c->name, step, seen->text,
			 c->out);
	console_free(con);
	free(seen);
}

/* However the bytes arrive, the lines are the same. */
static void test_lines(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		feed_by(&cases[i], 1);
		feed_by(&cases[i], 3);
		feed_by(&cases[i], 4096);
	}
}

struct piece {
	size_t len[4];
	bool complete[4];
	double when[4];
	int level[4];
	unsigned int n;
};

static void measure(void *arg, const struct console_line *line)
{
	struct piece *p = arg;

	assert_true(p->n < 4);
	p->len[p->n] = strlen(line->text);
	p->when[p->n] = line->when;
	p->level[p->n] = line->level;
	p->complete[p->n++] = line->end == LINE_WHOLE;
}

static void test_long_line(void **state)
{
	struct piece p = { .n = 0 };
	struct console *con = console_new(measure, &p);
	char *long_line = malloc(10000);

	(void)state;
	assert_non_null(long_line);
	memset(long_line, 'x', 10000);
	memcpy(long_line, "[    2.000000] ", 15);
	/* Were a piece taken for a line, this would be its prefix. */
	memcpy(long_line + CONSOLE_LINE_MAX, "[    1.000000] ", 15);
	console_feed(con, long_line, 10000);
	console_feed(con, "\ny\n", 3);
	console_end(con);
	assert_int_equal(p.n, 4);
	assert_int_equal(p.len[0], CONSOLE_LINE_MAX - 15);
	assert_int_equal(p.len[1], CONSOLE_LINE_MAX);
	assert_int_equal(p.len[2], 10000 - 2 * CONSOLE_LINE_MAX);
	assert_int_equal(p.len[3], 1);
	assert_false(p.complete[0]);
	assert_false(p.complete[1]);
	assert_true(p.complete[2]);
	assert_true(p.complete[3]);
	assert_true(p.when[2] > 1.9 && p.when[2] < 2.1);
	assert_true(p.when[3] < 0);
	console_free(con);
	free(long_line);
}

/* Wherever the limit is: a record is found, and no character is cut. */
static void test_limit(void **state)
{
	char *line = malloc(2 * CONSOLE_LINE_MAX);
	size_t at;

	(void)state;
	assert_non_null(line);
	for (at = CONSOLE_LINE_MAX - 80; at < CONSOLE_LINE_MAX + 20; at++) {
		struct piece p = { .n = 0 };
		struct console *con = console_new(measure, &p);

		memset(line, 'x', at);
		console_feed(con, line, at);
		console_feed(con, "<2>[    2.000000] record\n", 25);
		assert_true(p.n >= 2);
		assert_true(p.when[p.n - 1] == 2.0);
		assert_int_equal(p.level[p.n - 1], 2);
		assert_int_equal(p.len[p.n - 1], strlen("record"));
		console_free(con);

		p.n = 0;
		con = console_new(measure, &p);
		console_feed(con, line, at);
		console_feed(con, "\xe2\x82\xac\n", 4);
		/* A byte that is no character would have become three. */
		assert_int_equal(p.len[0] + (p.n > 1 ? p.len[1] : 0), at + 3);
		console_free(con);
	}
	free(line);
}

struct level_case {
	const char *in;
	int level, facility;
};

static void take_level(void *arg, const struct console_line *line)
{
	struct level_case *c = arg;

	c->level = line->level;
	c->facility = line->facility;
}

static void test_levels(void **state)
{
	static const struct level_case levels[] = {
		{ "[    1.000000] x\n", LEVEL_UNKNOWN, FACILITY_UNKNOWN },
		{ "x\n", LEVEL_UNKNOWN, FACILITY_UNKNOWN },
		{ "<6>[    1.000000] x\n", 6, FACILITY_KERNEL },
		{ "<2>[    1.000000] x\n", 2, FACILITY_KERNEL },
		{ "<12>[    1.000000] x\n", 4, FACILITY_USER },
		{ "<14>[    1.000000][    T1] x\n", 6, FACILITY_USER },
		{ "<30>x\n", 6, 3 },
		{ "<1023>[    1.000000] x\n", 7, 127 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		struct level_case got = { .level = 99 };
		struct console *con = console_new(take_level, &got);

		console_feed(con, levels[i].in, strlen(levels[i].in));
		assert_int_equal(got.level, levels[i].level);
		assert_int_equal(got.facility, levels[i].facility);
		console_free(con);
	}
}

/* A line of exactly the limit is one line. */
static void test_full_line(void **state)
{
	struct piece p = { .n = 0 };
	struct console *con = console_new(measure, &p);
	char *line = malloc(CONSOLE_LINE_MAX + 1);

	(void)state;
	assert_non_null(line);
	memset(line, 'x', CONSOLE_LINE_MAX);
	line[CONSOLE_LINE_MAX] = '\n';
	console_feed(con, line, CONSOLE_LINE_MAX + 1);
	console_end(con);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.len[0], CONSOLE_LINE_MAX);
	assert_true(p.complete[0]);
	console_free(con);
	free(line);
}

static void test_end_twice(void **state)
{
	struct piece p = { .n = 0 };
	struct console *con = console_new(measure, &p);

	(void)state;
	console_feed(con, "x", 1);
	console_end(con);
	console_end(con);
	assert_int_equal(p.n, 1);
	console_free(con);
	console_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_full_line),
		cmocka_unit_test(test_end_twice),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
