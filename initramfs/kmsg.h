/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KMSG_H
#define RESPAWN_KMSG_H
/*
 * The guest's user space prints to the kernel log. So its lines are in order with
 * those of the kernel, and on the console when write() returns.
 */
#include <stdbool.h>
#include <stddef.h>

/* The kernel refuses a record of 1024 bytes or more. */
#define KMSG_LINE	1000

/**
 * struct kmsg_stream - text that comes in pieces, to be printed line by line
 * @line: the line that has begun, with room for its end
 * @len: how long it is so far
 */
struct kmsg_stream {
	char line[KMSG_LINE + 1];
	size_t len;
};

#ifndef __printf
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#endif

int kmsg_open(void);
__printf(1, 2)
void kmsg_print(const char *fmt, ...);
void kmsg_feed(struct kmsg_stream *s, const char *text, size_t len);
void kmsg_flush(struct kmsg_stream *s);

/* One KTAP document with one suite in it. */
void ktap_begin(const char *suite, unsigned int cases);
__printf(1, 2)
void ktap_note(const char *fmt, ...);
void ktap_case(const char *name, bool ok, const char *skip);
bool ktap_end(void);

#endif /* RESPAWN_KMSG_H */
