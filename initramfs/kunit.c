// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the tree's own KUnit suites, which run as they are loaded, and what they need; in
 * the end all of it is unloaded. A line of /kunit is a module and its suites, and comes
 * behind those of the modules that this one needs.
 *
 * "respawn: suites ..." tells the host which suites have to report.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

#define LIST		"/kunit"
#define MODULES_MAX	256

static char *modules[MODULES_MAX];
static size_t loaded;

static bool load(char *line)
{
	char *suites = strchr(line, ' ');
	int err;

	line[strcspn(line, "\n")] = '\0';
	if (!suites || loaded == MODULES_MAX)
		return fail("bad line in " LIST ": %s", line);
	*suites++ = '\0';
	if (strcmp(suites, "-"))
		kmsg_print("respawn: suites %s", suites);
	err = module_load(line, "");
	if (err)
		return fail("load %s: %s", line, strerror(err));
	modules[loaded] = strdup(line);
	return modules[loaded++] ? true : fail("out of memory");
}

static bool unload_all(void)
{
	bool ok = true;

	while (loaded) {
		int err = module_unload(modules[--loaded]);

		if (err)
			ok = fail("unload %s: %s", modules[loaded], strerror(err));
	}
	return ok;
}

int main(void)
{
	char line[8192];
	bool ok = true;
	FILE *f;

	if (kmsg_open() < 0)
		return EXIT_FAILURE;
	f = fopen(LIST, "re");
	if (!f) {
		fail_file(LIST, errno);
		return EXIT_FAILURE;
	}
	while (ok && fgets(line, sizeof(line), f))
		ok = load(line);
	fclose(f);
	if (!unload_all())
		ok = false;
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
