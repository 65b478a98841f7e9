// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cuts the bytes a serial console gives into lines, and takes from each line
 * what is not its text: terminal escapes, control bytes, the printk prefix.
 */
#include <stdlib.h>
#include <string.h>

#include "judge/console.h"
#include "judge/utf8.h"

#define ESC	0x1b
#define BEL	0x07
#define DEL	0x7f

enum escape_state {
	ESCAPE_NONE,
	ESCAPE_BEGUN,		/* ESC was seen */
	ESCAPE_MIDDLE,		/* ESC and intermediate bytes, such as "ESC (" */
	ESCAPE_CSI,		/* ESC [ parameters */
	ESCAPE_STRING,		/* ESC ] text, until BEL or ESC \ */
};

/* Seconds in which a console is taken over from who prints a record */
#define TAKEOVER	1.0
/* Longest name of a host */
#define HOST_MAX	64
/* Longer than a prefix, and than what a console says of itself */
#define AHEAD	128

/**
 * struct console - what is known of a console
 * @fn: takes each line
 * @arg: first argument of it
 * @escape: of the sequence that is being read
 * @line: the line that is being split
 * @record: a printk prefix began it
 * @diagnostic: a '#' began its text
 * @continued: @buf goes on with a line that is split already
 * @levels: the console is one that gives each record's level
 * @newest: time of the newest record, or -1
 * @len: bytes in @buf
 * @buf: what is not handed over yet
 * @text: the text of @line
 */
struct console {
	console_line_fn fn;
	void *arg;
	enum escape_state escape;
	struct console_line line;
	bool record;
	bool diagnostic;
	bool continued;
	bool levels;
	double newest;
	size_t len;
	char buf[CONSOLE_LINE_MAX + AHEAD + 1];
	char text[CONSOLE_TEXT_MAX + 1];
};

/**
 * console_new() - make a splitter of console bytes
 * @fn: called for every line
 * @arg: handed to @fn
 *
 * Called by whoever reads a console, once for each run of a kernel.
 *
 * Return: the splitter, to be freed with console_free(), or NULL without memory.
 */
struct console *console_new(console_line_fn fn, void *arg)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fn = fn;
	c->arg = arg;
	c->newest = -1;
	return c;
}

/* What a printk prefix says */
struct prefix {
	size_t len;
	double when;
	int number;		/* level and facility, or -1 */
};

/* "<14>", eight times the facility and the level */
static size_t number_len(const char *s, int *number)
{
	size_t n = 1;
	int all = 0;

	if (s[0] != '<')
		return 0;
	for (; s[n] >= '0' && s[n] <= '9' && n <= 4; n++)
		all = 10 * all + s[n] - '0';
	if (n == 1 || s[n] != '>')
		return 0;
	*number = all;
	return n + 1;
}

/* "[   12.345678]" */
static size_t time_len(const char *s, double *when)
{
	unsigned long long sec = 0;
	unsigned int usec = 0;
	size_t n = 1;
	size_t first, i;

	if (s[0] != '[')
		return 0;
	while (s[n] == ' ')
		n++;
	for (first = n; s[n] >= '0' && s[n] <= '9'; n++)
		sec = sec * 10 + (unsigned int)(s[n] - '0');
	if (n == first || n - first > 12 || s[n] != '.')
		return 0;
	for (n++, i = 0; i < 6; i++, n++) {
		if (s[n] < '0' || s[n] > '9')
			return 0;
		usec = usec * 10 + (unsigned int)(s[n] - '0');
	}
	if (s[n] != ']')
		return 0;
	*when = (double)sec + usec / 1e6;
	return n + 1;
}

/* "[    T1]" or "[    C0]": printk pads the caller to six characters. */
static size_t caller_len(const char *s)
{
	size_t n = 1;
	size_t first;

	if (s[0] != '[')
		return 0;
	while (s[n] == ' ')
		n++;
	if (s[n] != 'T' && s[n] != 'C')
		return 0;
	for (first = ++n; s[n] >= '0' && s[n] <= '9'; n++)
		;
	return n > first && n - first <= 10 && n >= 7 && s[n] == ']' ? n + 1 : 0;
}

/* "host kernel:", which journalctl -k -o short-monotonic has behind the time */
static size_t journal_len(const char *s)
{
	static const char kernel[] = " kernel:";
	size_t n = strcspn(s, " \t:[");

	return n && n <= HOST_MAX && !strncmp(s + n, kernel, strlen(kernel)) ?
	       n + strlen(kernel) : 0;
}

/*
 * What printk, the console drivers and the journal put before the text: a number, a
 * time, a caller and a host, each of them optional, and one space. Further spaces are
 * the text's own, and KTAP needs them.
 */
static struct prefix read_prefix(const char *s)
{
	struct prefix p = { .when = -1, .number = -1 };
	size_t stamp, n;

	p.len = number_len(s, &p.number);
	s += p.len;
	stamp = time_len(s, &p.when);
	n = stamp;
	if (stamp && s[n] == ' ' && caller_len(s + n + 1))
		n++;
	n += caller_len(s + n);
	if (stamp && p.number < 0 && s[n] == ' ' && journal_len(s + n + 1))
		n += 1 + journal_len(s + n + 1);
	if (n && s[n] == ' ')
		n++;
	p.len += n;
	return p;
}

static size_t begin_line(struct console *c)
{
	struct prefix p = read_prefix(c->buf);

	c->line.when = p.when;
	c->line.level = p.number < 0 ? LEVEL_UNKNOWN : p.number % 8;
	c->line.facility = p.number < 0 ? FACILITY_UNKNOWN : p.number / 8;
	c->record = p.when >= 0 && (p.number >= 0 || !c->levels);
	c->levels |= c->record && p.number >= 0;
	if (c->record)
		c->newest = p.when;
	c->diagnostic = c->buf[p.len + strspn(c->buf + p.len, " \t")] == '#';
	return p.len;
}

/*
 * Does a record begin in the middle of a line? One does where a program had left
 * its line unfinished, and where a console that was printing one was taken over.
 *
 * A diagnostic, and a message of the kernel, may also quote the log, time and all.
 * A quote is of the past: it is no record if none before had an earlier time. It may
 * also be made up; but a record is only cut by one that comes right after it, while a
 * program may take its time. On a console that gives each record's level, one without
 * is no record.
 */
static bool record_begins(const struct console *c, const char *s)
{
	struct prefix p = read_prefix(s);

	if (p.when < 0 || (c->levels && p.number < 0))
		return false;
	if (!c->record && !c->diagnostic)
		return true;
	if (c->newest < 0 || p.when <= c->newest)
		return false;
	return !c->record || c->levels || p.when < c->newest + TAKEOVER;
}

/* Where the line ends that begins at the start of the buffer */
static size_t find_end(const struct console *c, size_t from)
{
	for (size_t i = from; i < c->len; i++) {
		const char *s = c->buf + i;

		if ((*s == '[' || *s == '<') && record_begins(c, s))
			return i;
		if (*s == '*' && i && !strncmp(s, CONSOLE_REPLAY, strlen(CONSOLE_REPLAY)))
			return i;
	}
	return c->len;
}

static void hand_over(struct console *c, size_t from, size_t to, enum line_end end)
{
	utf8_clean(c->text, c->buf + from, to - from);
	c->line.text = c->text;
	c->line.end = end;
	c->line.number++;
	c->fn(c->arg, &c->line);
	c->len -= to;
	memmove(c->buf, c->buf + to, c->len);
	c->buf[c->len] = '\0';
}

/* Hand over one line, or one piece of it, from the start of the buffer. */
static void flush(struct console *c, enum line_end end)
{
	size_t from, to;

	c->buf[c->len] = '\0';
	from = c->continued ? 0 : begin_line(c);
	to = find_end(c, from ? from : !c->continued);
	if (to < c->len && to <= CONSOLE_LINE_MAX) {
		c->continued = false;
		return hand_over(c, from, to, LINE_CUT);
	}
	if (c->len <= CONSOLE_LINE_MAX) {
		c->continued = end == LINE_PIECE;
		return hand_over(c, from, c->len, end);
	}
	/* Not in the middle of a character */
	to = CONSOLE_LINE_MAX - utf8_unfinished(c->buf, CONSOLE_LINE_MAX);
	c->continued = true;
	hand_over(c, from, to, LINE_PIECE);
}

static void end_line(struct console *c, enum line_end end)
{
	do
		flush(c, end);
	while (c->len);
	c->continued = false;
}

/* Whether the byte is part of an escape sequence. */
static bool escaped(struct console *c, unsigned char b)
{
	/* A sequence that was cut off must not swallow what comes after. */
	if (b == '\n') {
		c->escape = ESCAPE_NONE;
		return false;
	}
	if (b == ESC) {
		c->escape = ESCAPE_BEGUN;
		return true;
	}
	switch (c->escape) {
	case ESCAPE_NONE:
		return false;
	case ESCAPE_BEGUN:
		if (b == '[')
			c->escape = ESCAPE_CSI;
		else if (b == ']')
			c->escape = ESCAPE_STRING;
		else if (b >= 0x20 && b <= 0x2f)
			c->escape = ESCAPE_MIDDLE;
		else
			c->escape = ESCAPE_NONE;
		return true;
	case ESCAPE_MIDDLE:
		if (b < 0x20 || b > 0x2f)
			c->escape = ESCAPE_NONE;
		return true;
	case ESCAPE_CSI:
		if (b < 0x20 || b > 0x3f)
			c->escape = ESCAPE_NONE;
		return true;
	case ESCAPE_STRING:
		if (b == BEL)
			c->escape = ESCAPE_NONE;
		return true;
	}
	return false;
}

/**
 * console_feed() - take the next bytes of the console
 * @c: the splitter
 * @buf: the bytes, any at all
 * @len: how many
 *
 * Calls the line function for every line that is now complete. Called whenever
 * the console's file descriptor gave something.
 */
void console_feed(struct console *c, const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char b = (unsigned char)buf[i];

		if (escaped(c, b))
			continue;
		if (b == '\n') {
			end_line(c, LINE_WHOLE);
			continue;
		}
		if ((b < 0x20 && b != '\t') || b == DEL)
			continue;
		c->buf[c->len++] = (char)b;
		if (c->len == CONSOLE_LINE_MAX + AHEAD)
			flush(c, LINE_PIECE);
	}
}

/**
 * console_end() - the console will give no more bytes
 * @c: the splitter
 *
 * Hands over the last line if no newline ended it. Called when the emulator
 * has gone or was killed.
 */
void console_end(struct console *c)
{
	if (c->len)
		end_line(c, LINE_PIECE);
	c->escape = ESCAPE_NONE;
}

/**
 * console_free() - free a splitter
 * @c: the splitter, or NULL
 *
 * Called once the run is judged.
 */
void console_free(struct console *c)
{
	free(c);
}
