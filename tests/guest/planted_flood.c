// SPDX-License-Identifier: GPL-2.0-only
/* A program that has no end of things to say */
#include <stdlib.h>

#include "kmsg.h"

int main(void)
{
	char line[512];

	if (kmsg_open() < 0)
		return EXIT_FAILURE;
	for (unsigned long i = 0; i < sizeof(line) - 1; i++)
		line[i] = 'a' + i % 26;
	line[sizeof(line) - 1] = '\0';
	for (;;)
		kmsg_print("# %s", line);
}
