// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a torture module of the kernel that is tested, with CPUs that go and come by its
 * own hand, for as many seconds of the guest as there are cycles. What the module says of
 * itself at its end is the verdict.
 *
 * Words such as "rcutorture.torture_type=srcu" of the kernel's command line are parameters,
 * as they are for modprobe.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

/* What each of them uses */
#define LIBRARY		"torture"
/* How often the CPUs are looked at */
#define LOOK_MS		50
#define RECORD_MAX	8192

/**
 * struct torture - a torture module
 * @name: the module, and its step
 * @parameters: so that CPUs go often: onoff_interval= is in seconds for some modules, in
 *	jiffies for others
 */
static const struct torture {
	const char *name;
	const char *parameters;
} table[] = {
	{ "rcutorture", "onoff_holdoff=1 onoff_interval=200 stat_interval=5 verbose=0" },
	{ "locktorture", "onoff_holdoff=1 onoff_interval=1 stat_interval=5 verbose=0" },
	{ "scftorture",
	  "onoff_holdoff=1 onoff_interval=200 stat_interval=5 verbose=0 weight_resched=0" },
};

static const struct torture *chosen;
static u64 seconds = 20;
static int log_fd = -1;
static char said[128];
static u64 all, went;

static void tell(const char *what)
{
	ktap_note("%s: %s", chosen->name, what);
}

static const struct torture *find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

/* --- What the module says --- */

static void take_record(const char *record)
{
	static const char end[] = "-torture:--- End of test: ";
	static const char other[] = "scftorture: --- End of test: ";
	const char *text = strchr(record, ';'), *at = NULL;

	if (text)
		at = strstr(text, end) ?: strstr(text, other);
	if (!at)
		return;
	at = strstr(at, "test: ") + strlen("test: ");
	snprintf(said, sizeof(said), "%.*s", (int)strcspn(at, ": [\n"), at);
}

/* Read what is new in the log, which has room for some seconds. */
static bool read_log(void)
{
	char record[RECORD_MAX];
	ssize_t n;

	while ((n = read(log_fd, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		take_record(record);
	}
	if (n < 0 && errno != EAGAIN)
		return fail("records of the log are lost: %s", strerror(errno));
	return true;
}

/* --- The cases --- */

/* Append what the command line has for the module. */
static void add_words(char *parameters, size_t size)
{
	char line[4096], prefix[64], *word, *save;
	size_t len = snprintf(prefix, sizeof(prefix), "%s.", chosen->name);

	if (read_text("/proc/cmdline", line, sizeof(line)) < 0)
		return;
	for (word = strtok_r(line, "\n ", &save); word; word = strtok_r(NULL, "\n ", &save)) {
		size_t used = strlen(parameters);

		if (!strncmp(word, prefix, len))
			snprintf(parameters + used, size - used, " %s", word + len);
	}
}

static bool load(void)
{
	char parameters[1024];
	int err;

	snprintf(parameters, sizeof(parameters), "%s", chosen->parameters);
	add_words(parameters, sizeof(parameters));
	tell(parameters);
	log_fd = open_file("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (log_fd < 0 || lseek(log_fd, 0, SEEK_END) < 0)
		return fail_file("/dev/kmsg", errno);
	if (!read_online(&all))
		return false;
	err = module_load(LIBRARY, "");
	if (err)
		return fail_file(LIBRARY, err);
	err = module_load(chosen->name, parameters);
	return err ? fail_file(chosen->name, err) : true;
}

static bool look_at_cpus(void)
{
	u64 online;

	if (!read_online(&online))
		return false;
	went |= all & ~online;
	return true;
}

static bool wait_second(void)
{
	static const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };

	for (unsigned int i = 0; i < 1000 / LOOK_MS; i++) {
		nanosleep(&look, NULL);
		if (!look_at_cpus())
			return false;
	}
	return read_log();
}

static bool run(void)
{
	for (u64 i = 1; i <= seconds; i++) {
		if (!wait_second())
			return false;
		ktap_note("%s: cycle %llu of %llu", chosen->name, i, seconds);
	}
	return true;
}

static bool end(void)
{
	int err = module_unload(chosen->name);

	if (!err)
		err = module_unload(LIBRARY);
	if (err)
		return fail("it can't be unloaded: %s", strerror(err));
	if (!read_log())
		return false;
	if (!*said)
		return fail("it did not say how the test ended");
	return strcmp(said, "SUCCESS") ? fail("it says %s", said) : true;
}

static bool cpus_went(void)
{
	return went ? true : fail("no CPU was seen offline");
}

static bool cpus_are_back(void)
{
	u64 online;

	if (!read_online(&online))
		return false;
	return online == all ? true : fail("CPUs %#llx are online, and %#llx were", online, all);
}

static const struct {
	const char *name;
	bool (*test)(void);
} cases[] = {
	{ "loaded", load }, { "ran", run }, { "end_of_test", end }, { "cpus_went", cpus_went },
	{ "cpus_are_back", cpus_are_back },
};

#define NR_CASES	(sizeof(cases) / sizeof(*cases))

int main(void)
{
	const char *skip = NULL;

	if (kmsg_open() < 0)
		return EXIT_FAILURE;
	chosen = find(getenv("RESPAWN_STEP"));
	if (!chosen || !read_number("RESPAWN_CYCLES", &seconds))
		return EXIT_FAILURE;
	fail_tell(tell);
	ktap_begin(chosen->name, NR_CASES);
	for (size_t i = 0; i < NR_CASES; i++) {
		bool ok = skip || cases[i].test();

		ktap_case(cases[i].name, ok, skip);
		if (!ok && !i)
			skip = "it is not loaded";
	}
	return ktap_end() ? EXIT_SUCCESS : EXIT_FAILURE;
}
