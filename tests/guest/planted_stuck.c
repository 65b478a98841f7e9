// SPDX-License-Identifier: GPL-2.0-only
/* As a program or as init: something that does nothing for ever. */
#include <unistd.h>

int main(void)
{
	for (;;)
		pause();
}
