// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kmsg.h"

#define KMSG_PATH	"/dev/kmsg"
#define KMSG_DEV	makedev(1, 11)

static int kmsg_fd = -1;

static struct {
	const char *suite;
	unsigned int cases;
	unsigned int done;
	unsigned int failed;
} ktap;

/**
 * kmsg_open - open the kernel log for writing
 *
 * Return: the descriptor, closed on exec, or -1 with errno set.
 */
int kmsg_open(void)
{
	kmsg_fd = open(KMSG_PATH, O_WRONLY | O_CLOEXEC);
	if (kmsg_fd < 0 && errno == ENOENT) {
		/* Without devtmpfs there is no node, but an error to print. */
		mkdir("/dev", 0755);
		if (!mknod(KMSG_PATH, S_IFCHR | 0600, KMSG_DEV))
			kmsg_fd = open(KMSG_PATH, O_WRONLY | O_CLOEXEC);
	}
	return kmsg_fd;
}

/*
 * One record is one write(). Without the newline the kernel would wait with it until
 * the next record, in case that continues the line.
 */
static void kmsg_line(char *line, size_t len)
{
	ssize_t n;

	line[len] = '\n';
	do
		n = write(kmsg_fd, line, len + 1);
	while (n < 0 && errno == EINTR);
}

/**
 * kmsg_print - print a line to the kernel log
 * @fmt: printf-style, without a newline; cut if too long for a record
 */
void kmsg_print(const char *fmt, ...)
{
	char line[KMSG_LINE + 1];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, KMSG_LINE, fmt, args);
	va_end(args);
	kmsg_line(line, strlen(line));
}

/**
 * kmsg_flush - print a line that has begun, if there is one
 * @s: the text it is of
 */
void kmsg_flush(struct kmsg_stream *s)
{
	if (s->len)
		kmsg_line(s->line, s->len);
	s->len = 0;
}

/**
 * kmsg_feed - print text that comes in pieces, each line as a record
 * @s: what there is of the line that has begun; all zero at first
 * @text: the next piece
 * @len: how long that is
 *
 * A line that is too long for a record is printed as several. Empty lines are left
 * out. The last line is printed with its end, or by kmsg_flush().
 */
void kmsg_feed(struct kmsg_stream *s, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '\n' || s->len == KMSG_LINE)
			kmsg_flush(s);
		if (text[i] != '\n')
			s->line[s->len++] = text[i];
	}
}

/**
 * ktap_begin - begin the document
 * @suite: name of its one suite
 * @cases: how many cases there will be
 */
void ktap_begin(const char *suite, unsigned int cases)
{
	ktap.suite = suite;
	ktap.cases = cases;
	ktap.done = 0;
	ktap.failed = 0;
	kmsg_print("KTAP version 1");
	kmsg_print("1..1");
	kmsg_print("    KTAP version 1");
	kmsg_print("    # Subtest: %s", suite);
	kmsg_print("    1..%u", cases);
}

/**
 * ktap_note - print a diagnostic line of the suite
 * @fmt: printf-style, without a newline
 */
void ktap_note(const char *fmt, ...)
{
	char line[KMSG_LINE + 1] = "    # ";
	size_t len = strlen(line);
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + len, KMSG_LINE - len, fmt, args);
	va_end(args);
	kmsg_line(line, strlen(line));
}

/**
 * ktap_case - print the result of a case
 * @name: name of the case
 * @ok: whether it passed
 * @skip: why it could not be tried, or NULL; @ok does not count then
 */
void ktap_case(const char *name, bool ok, const char *skip)
{
	ktap.done++;
	if (skip) {
		kmsg_print("    ok %u %s # SKIP %s", ktap.done, name, skip);
		return;
	}
	if (!ok)
		ktap.failed++;
	kmsg_print("    %s %u %s", ok ? "ok" : "not ok", ktap.done, name);
}

/**
 * ktap_end - end the document with the result of the suite
 *
 * Return: whether all the cases that were planned ran, and none failed.
 */
bool ktap_end(void)
{
	bool ok = !ktap.failed && ktap.done == ktap.cases;

	kmsg_print("%s 1 %s", ok ? "ok" : "not ok", ktap.suite);
	return ok;
}
