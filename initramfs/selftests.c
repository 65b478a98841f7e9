// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the tree's own kselftests, as they were installed: a suite for each collection, a
 * case for each program or script. As for kselftest's own runner 0 is good, 4 is skipped
 * and anything else bad; and a test whose TAP says "not ok" is no good either.
 *
 * Scripts have BusyBox for a shell, bash or not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define FOLDER		"/selftests"
#define LIST		FOLDER "/kselftest-list.txt"
#define TESTS_MAX	512
#define EXIT_SKIPPED	4

static struct test {
	char *collection;
	char *name;
} tests[TESTS_MAX];
static size_t nr_tests;

static void tell(const char *what)
{
	ktap_note("selftests: %s", what);
}

static bool read_list(void)
{
	FILE *f = fopen(LIST, "re");
	char line[1024], *colon;

	if (!f)
		return fail_file(LIST, errno);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		colon = strchr(line, ':');
		if (!colon)
			continue;
		if (nr_tests == TESTS_MAX)
			return fail("more than %d tests", TESTS_MAX);
		*colon = '\0';
		tests[nr_tests].collection = strdup(line);
		tests[nr_tests++].name = strdup(colon + 1);
	}
	fclose(f);
	return true;
}

/* BusyBox's commands, and a bash for scripts that ask for one */
static bool have_shell(void)
{
	static const char bash[] = "#!/bin/sh\nexec /bin/sh \"$@\"\n";
	FILE *f;

	if (!install_busybox())
		return false;
	setenv("UID", "0", 1);
	if (!access("/bin/bash", X_OK))
		return true;
	f = fopen("/bin/bash", "we");
	if (!f || fputs(bash, f) < 0 || fclose(f) || chmod("/bin/bash", 0755))
		return fail_file("/bin/bash", errno);
	return true;
}

static bool says_not_ok(const char *line)
{
	line += strspn(line, " #\t");
	return !strncmp(line, "not ok", strlen("not ok")) && !strstr(line, "# SKIP") &&
	       !strstr(line, "# TODO") && !strstr(line, "# XFAIL");
}

/* Run one, and say what it says. Returns its status, or -1. */
static int run(const struct test *t, bool *not_ok)
{
	char command[1024], line[900];
	FILE *f;
	int status;

	snprintf(command, sizeof(command), "cd " FOLDER "/%s && exec ./%s 2>&1", t->collection,
		 t->name);
	f = popen(command, "re");
	if (!f) {
		fail("popen: %s", strerror(errno));
		return -1;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		*not_ok |= says_not_ok(line);
		ktap_note("%s", line);
	}
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run_test(const struct test *t)
{
	bool not_ok = false;
	int status = run(t, &not_ok);

	if (status && status != EXIT_SKIPPED)
		fail("%s: %s ended with status %d", t->collection, t->name, status);
	else if (not_ok)
		fail("%s: %s says 'not ok', and ended with status %d", t->collection, t->name,
		     status);
	ktap_case(t->name, !not_ok && (!status || status == EXIT_SKIPPED),
		  status == EXIT_SKIPPED && !not_ok ? "it says so" : NULL);
}

/* Those of a collection stand together. */
static size_t collection_size(size_t from)
{
	size_t n = 1;

	while (from + n < nr_tests &&
	       !strcmp(tests[from + n].collection, tests[from].collection))
		n++;
	return n;
}

static bool run_collection(size_t from, size_t n)
{
	kmsg_print("respawn: suites %s", tests[from].collection);
	ktap_begin(tests[from].collection, n);
	for (size_t i = from; i < from + n; i++)
		run_test(&tests[i]);
	return ktap_end();
}

int main(void)
{
	bool ok = true;

	if (kmsg_open() < 0 || !read_list() || !have_shell())
		return EXIT_FAILURE;
	fail_tell(tell);
	for (size_t i = 0, n; i < nr_tests; i += n) {
		n = collection_size(i);
		if (!run_collection(i, n))
			ok = false;
	}
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
