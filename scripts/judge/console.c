// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cuts the bytes a serial console gives into lines, and takes from each line
 * what is not its text: terminal escapes, control bytes, the printk prefix.
 */
#include <stdlib.h>
#include <string.h>

#include "judge/console.h"

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

struct console {
	console_line_fn fn;
	void *arg;
	enum escape_state escape;
	bool continued;		/* buf goes on with a line already split */
	double when;		/* of the line being split */
	size_t len;
	char buf[CONSOLE_LINE_MAX + 1];
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
	c->when = -1;
	return c;
}

/* "<6>", as /dev/kmsg readers and early boot loaders leave it in front. */
static size_t level_len(const char *s)
{
	size_t n = 1;

	if (s[0] != '<')
		return 0;
	while (s[n] >= '0' && s[n] <= '9')
		n++;
	return n > 1 && n <= 4 && s[n] == '>' ? n + 1 : 0;
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

/**
 * console_prefix() - how long the printk prefix of a line is
 * @line: the line
 * @when: set to the printk time in seconds, or to -1 when there is none
 *
 * The prefix is what printk and the console drivers put before the text: a
 * level, a time and a caller, each of them optional, and one space. Further
 * spaces are the text's own, and KTAP needs them.
 *
 * Called for each line of a console here, and by trouble_match() to find a
 * kernel message within a line which user space had left unfinished.
 *
 * Return: its length in bytes, 0 when @line has no prefix.
 */
size_t console_prefix(const char *line, double *when)
{
	size_t level = level_len(line);
	const char *s = line + level;
	size_t stamp, caller, n;

	*when = -1;
	stamp = time_len(s, when);
	n = stamp;
	if (stamp && s[n] == ' ' && caller_len(s + n + 1))
		n++;
	caller = caller_len(s + n);
	n += caller;
	if (n && s[n] == ' ')
		n++;
	return level + n;
}

static void flush(struct console *c, bool complete)
{
	size_t skip = 0;

	c->buf[c->len] = '\0';
	if (!c->continued)
		skip = console_prefix(c->buf, &c->when);
	c->fn(c->arg, c->buf + skip, c->when, complete);
	c->len = 0;
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
			flush(c, true);
			c->continued = false;
			continue;
		}
		if ((b < 0x20 && b != '\t') || b == DEL)
			continue;
		if (c->len == CONSOLE_LINE_MAX) {
			flush(c, false);
			c->continued = true;
		}
		c->buf[c->len++] = (char)b;
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
		flush(c, false);
	c->continued = false;
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
