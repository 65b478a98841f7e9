// SPDX-License-Identifier: GPL-2.0-only
/* A program that has the devices of the machine sleep. */
#include <stdio.h>

static int write_to(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return 1;
	if (fputs(text, f) < 0) {
		fclose(f);
		return 1;
	}
	return fclose(f) ? 1 : 0;
}

int main(void)
{
	return write_to("/sys/power/pm_test", "devices") ?: write_to("/sys/power/state", "mem");
}
