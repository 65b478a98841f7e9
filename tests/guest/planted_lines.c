// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes lines in every way that a program may: two in one write(), one in two, and
 * the last one without its end. The end of the step has to have a line of its own.
 */
#include <string.h>
#include <unistd.h>

int main(void)
{
	static const struct {
		int fd;
		const char *text;
	} writes[] = {
		{ STDOUT_FILENO, "planted: one of two lines\nplanted: two of two lines\n" },
		{ STDOUT_FILENO, "planted: a li" },
		{ STDOUT_FILENO, "ne in halves\n" },
		{ STDERR_FILENO, "planted: a line of stderr\n\n" },
		{ STDOUT_FILENO, "planted: a line without its end" },
	};
	size_t i, len;

	for (i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
		len = strlen(writes[i].text);
		if (write(writes[i].fd, writes[i].text, len) != (ssize_t)len)
			return 1;
	}
	return 0;
}
