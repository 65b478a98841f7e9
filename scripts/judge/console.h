/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CONSOLE_H
#define RESPAWN_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* A line longer than this many bytes is handed over in pieces. */
#define CONSOLE_LINE_MAX 4096

struct console;

/*
 * Called once for each line. @line is clean text without newline, control
 * bytes and printk prefix; @when is the printk time in seconds, or -1; @complete
 * is false for a line (or a piece of an overlong one) no newline has ended.
 */
typedef void (*console_line_fn)(void *arg, const char *line, double when, bool complete);

struct console *console_new(console_line_fn fn, void *arg);
void console_feed(struct console *c, const char *buf, size_t len);
void console_end(struct console *c);
void console_free(struct console *c);
size_t console_prefix(const char *line, double *when);

#endif /* RESPAWN_CONSOLE_H */
