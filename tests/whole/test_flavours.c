// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a flavour is good at, it sees: a defect is planted for each. A kernel has to be
 * built for that, so it is done for the flavours that FLAVOURS names, or for "all".
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"
#include "lib/util.h"

#define GUESTS	"check ARCH=arm64 SUITES=" TESTS_DIR "/guest "

struct flavour {
	const char *config;
	const char *step;
	const char *failure;
};

static struct flavour flavours[] = {
	{ "kasan", "planted_use_after_free", "BUG: KASAN: slab-use-after-free" },
	{ "kcsan", "planted_race", "BUG: KCSAN: data-race in count" },
	{ "kmemleak", "planted_leak", "new suspected memory leaks" },
	{ "lockdep", "planted_lock_order", "possible circular locking dependency" },
	{ "lockdep", "planted_free_active", "ODEBUG: free active" },
	{ "rt", "planted_sleeping_lock", "sleeping function called from invalid context" },
};

static bool is_wanted(const char *config)
{
	const char *wanted = getenv("FLAVOURS");

	return wanted && (!strcmp(wanted, "all") || has_word(wanted, ",", config));
}

static void the_plant_is_seen(void **state)
{
	const struct flavour *f = *state;
	__auto_free char *words = fmt(GUESTS "CONFIG=%s PLAN=%s", f->config, f->step);

	if (!is_wanted(f->config)) {
		print_message("FLAVOURS=%s has it tested, and builds a kernel for it\n",
			      f->config);
		skip();
	}
	expect(words, EXIT_BAD, f->failure);
}

/* A name that is no row would be tested by nobody. */
static bool all_are_known(const char *wanted)
{
	__auto_strv struct strv names = { 0 };

	strv_split(&names, wanted && strcmp(wanted, "all") ? wanted : "", ",");
	for (size_t i = 0; i < names.n; i++) {
		bool known = false;

		/* A flavour may see more than one kind. */
		for (size_t k = 0; k < ARRAY_SIZE(flavours); k++)
			known |= !strcmp(names.v[i], flavours[k].config);
		if (!known)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(flavours)] = { 0 };

	if (argc != 2)
		return EXIT_ERROR;
	respawn = argv[1];
	if (!all_are_known(getenv("FLAVOURS"))) {
		fprintf(stderr, "FLAVOURS=%s: no defect is planted for one of these\n",
			getenv("FLAVOURS"));
		return EXIT_ERROR;
	}
	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++) {
		tests[i].name = flavours[i].step;
		tests[i].test_func = the_plant_is_seen;
		tests[i].initial_state = &flavours[i];
	}
	return cmocka_run_group_tests(tests, fresh_out, remove_out);
}
