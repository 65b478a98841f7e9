/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CONSOLE_H
#define RESPAWN_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* A line longer than this many bytes is handed over in pieces. */
#define CONSOLE_LINE_MAX	4096
/* A byte that is no UTF-8 is handed over as three. */
#define CONSOLE_TEXT_MAX	(3 * CONSOLE_LINE_MAX)

/* What a console says where it prints a record that it had begun again */
#define CONSOLE_REPLAY	"** replaying previous printk message **"

/* Facilities of a record, as syslog(3) numbers them */
#define FACILITY_UNKNOWN	(-1)
#define FACILITY_KERNEL		0
#define FACILITY_USER		1

/* Levels of a record, as the kernel numbers them */
#define LEVEL_UNKNOWN	(-1)
#define LEVEL_CRIT	2

enum line_end {
	LINE_WHOLE,		/* a newline ended it */
	LINE_CUT,		/* another record came in its middle */
	LINE_PIECE,		/* it goes on, or the console ended in it */
};

/**
 * struct console_line - a line of a console
 * @text: its text, valid UTF-8 without newline, control bytes and printk prefix
 * @when: printk time in seconds, or -1
 * @level: level of the record, or LEVEL_UNKNOWN
 * @facility: facility of the record, or FACILITY_UNKNOWN
 * @end: how it ended
 * @number: which line it is, from 1
 */
struct console_line {
	const char *text;
	double when;
	int level;
	int facility;
	enum line_end end;
	size_t number;
};

struct console;

typedef void (*console_line_fn)(void *arg, const struct console_line *line);

struct console *console_new(console_line_fn fn, void *arg);
void console_feed(struct console *c, const char *buf, size_t len);
void console_end(struct console *c);
void console_free(struct console *c);

#endif /* RESPAWN_CONSOLE_H */
