// SPDX-License-Identifier: GPL-2.0-only
/* The guest is stuck in the middle of a line. */
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

int main(void)
{
	static const char half[] = "ok 1 half of a li";
	int console = open("/dev/console", O_WRONLY | O_NOCTTY);

	if (write(console, half, strlen(half)) < 0 || tcdrain(console))
		return 1;
	/*
	 * Busy: in an idle guest virtual time runs ahead to where the kernel has
	 * something to say.
	 */
	for (;;)
		;
}
