// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of kernel_config_lacks(): what fell out of a configuration, and what may; and of
 * what a flavour's detector is not to report.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build/exceptions.h"
#include "build/kernel.h"
#include "build/kunitconfig.h"
#include "child.h"
#include "lib/util.h"

static const char config[] =
	"#\n"
	"# Automatically generated file; DO NOT EDIT.\n"
	"#\n"
	"CONFIG_SMP=y\n"
	"CONFIG_NR_CPUS=8\n"
	"# CONFIG_BLOCK is not set\n"
	"CONFIG_PREEMPT=y\n";

/**
 * struct sample - fragments, and what of them the configuration above lacks
 * @asked: the fragments
 * @lacks: the line, or NULL
 */
static const struct sample {
	const char *asked;
	const char *lacks;
} samples[] = {
	{ "CONFIG_SMP=y\nCONFIG_NR_CPUS=8\n# CONFIG_BLOCK is not set\n", NULL },
	{ "CONFIG_NR_CPUS=4\n", "CONFIG_NR_CPUS=4" },
	{ "CONFIG_BLOCK=y\n", "CONFIG_BLOCK=y" },
	{ "# CONFIG_SMP is not set\n", "# CONFIG_SMP is not set" },
	/* What can't even be asked for is not set. */
	{ "# CONFIG_VT is not set\n", NULL },
	{ "CONFIG_NEW=y\n", "CONFIG_NEW=y" },
	/* A later fragment has the last word. */
	{ "CONFIG_NR_CPUS=4\nCONFIG_NR_CPUS=8\n", NULL },

	{ "# May be missing:\n# for people\nCONFIG_NEW=y\nCONFIG_NEWER=y\n", NULL },
	{ "# May be missing:\nCONFIG_NEW=y\n\nCONFIG_NEWER=y\n", "CONFIG_NEWER=y" },
	/* One that the tree knows is not missing: it has another value. */
	{ "# May be missing:\nCONFIG_BLOCK=y\n", "CONFIG_BLOCK=y" },
	{ "# May be missing:\nCONFIG_NR_CPUS=4\n", "CONFIG_NR_CPUS=4" },
	{ "CONFIG_NEW=y\n# May be missing:\n", "CONFIG_NEW=y" },
};

static void what_falls_out_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		__auto_free char *lacks = kernel_config_lacks(config, samples[i].asked, false);

		if (!samples[i].lacks)
			assert_null(lacks);
		else if (!lacks)
			fail_msg("nothing is lacking of: %s", samples[i].asked);
		else
			assert_string_equal(lacks, samples[i].lacks);
	}
}

/* Without the whole series, its options may be unknown, and no more than that. */
static void part_of_a_series_may_lack_its_options(void **state)
{
	__auto_free char *unknown = kernel_config_lacks(config, "CONFIG_NEW=y\n", true);
	__auto_free char *other = kernel_config_lacks(config, "CONFIG_BLOCK=y\n", true);

	(void)state;
	assert_null(unknown);
	assert_non_null(other);
}

static void suites_become_modules(void **state)
{
	static const char own[] = "CONFIG_SMP=y\n# CONFIG_BLOCK is not set\n\n"
				  "# May be missing:\nCONFIG_NEW=y\n\nCONFIG_KUNIT=y";
	__auto_free char *all = kunitconfig_modular(own, "", "", "CONFIG_KUNIT=y\nCONFIG_BLOCK=y\n"
		"# CONFIG_VT is not set\nCONFIG_LIST_KUNIT_TEST=y\nCONFIG_MPTCP_KUNIT_TESTS=y\n"
		"CONFIG_TEST_LIMIT=3\nCONFIG_NAME_TEST=\"y\"\n");

	(void)state;
	assert_string_equal(all, "CONFIG_SMP=y\n\n# May be missing:\nCONFIG_NEW=y\n\n"
			    "CONFIG_KUNIT=y\n\n# What a .kunitconfig asks for\nCONFIG_BLOCK=y\n"
			    "# CONFIG_VT is not set\nCONFIG_LIST_KUNIT_TEST=m\nCONFIG_MPTCP_KUNIT_TESTS=m\n"
			    "CONFIG_TEST_LIMIT=3\nCONFIG_NAME_TEST=\"y\"\n");
}

static void suites_are_known_by_their_names(void **state)
{
	static const char *const suites[] = {
		"CONFIG_LIST_KUNIT_TEST=y", "CONFIG_MPTCP_KUNIT_TESTS=y", "CONFIG_CHECKSUM_KUNIT=y",
		"CONFIG_REGMAP_KUNIT", "CONFIG_TEST_SORT=y", "CONFIG_TEST_IRQ_TIMINGS=m",
	};
	static const char *const others[] = {
		"CONFIG_KUNIT=y", "CONFIG_KUNIT_DEBUGFS=y", "CONFIG_CONTEST_SORT=y",
		"CONFIG_TESTING=y", "# CONFIG_TEST_SORT is not set",
	};
	__auto_free char *all = kunitconfig_modular("", "", "", "CONFIG_TEST_SORT=y\n"
						       "CONFIG_BITFIELD_KUNIT=y\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++)
		assert_true(kunitconfig_is_test(suites[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(kunitconfig_is_test(others[i]));
	assert_non_null(strstr(all, "CONFIG_TEST_SORT=m\nCONFIG_BITFIELD_KUNIT=m\n"));
}

/* What takes something back is meant, and so is all that a flavour says. */
static void a_flavour_keeps_what_it_leaves_out(void **state)
{
	static const char usual[] = "# CONFIG_BLOCK is not set\nCONFIG_PREEMPT=y\nCONFIG_HZ_1000=y\n"
				    "# CONFIG_HZ_1000 is not set\n";
	static const char minimal[] = "# CONFIG_PREEMPT is not set\n# CONFIG_SELFTEST is not set\n";
	__auto_free char *all = kunitconfig_modular(usual, minimal, "", "CONFIG_PREEMPT=y\n");

	(void)state;
	assert_string_equal(all, "CONFIG_PREEMPT=y\nCONFIG_HZ_1000=y\n# CONFIG_HZ_1000 is not set\n"
			    "\n# CONFIG_PREEMPT is not set\n# CONFIG_SELFTEST is not set\n"
			    "\n\n# What a .kunitconfig asks for\n");
}

/* kunit_tool takes blanks around a line, and a file of another system's. */
static void each_line_counts(void **state)
{
	__auto_free char *all = kunitconfig_modular("CONFIG_SMP=y\n", "", "", "\t CONFIG_VT=y\r\n\r\n"
		"CONFIG_INPUT=y\t\n #CONFIG_AIO=y\n# CONFIG_SMP is not set\n# CONFIG_X is not set\t\n");

	(void)state;
	assert_string_equal(strstr(all, "asks for\n"),
			    "asks for\nCONFIG_VT=y\nCONFIG_INPUT=y\n# CONFIG_X is not set\n");
}

static int read_kunitconfig(const void *text)
{
	free(kunitconfig_modular("", "", "lib/kunit", text));
	return 0;
}

static void a_line_that_is_none_is_an_error(void **state)
{
	static const char *const bad[] = {
		"CONFG_X=y", "CONFIG_X", "CONFIG_X =y", "CONFIG_=y", "CONFIG_X=\n", "X=y",
	};
	char said[] = "/tmp/respawn-test.XXXXXX";

	(void)state;
	assert_true(close(mkstemp(said)) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		__auto_free char *text = fmt("CONFIG_SMP=y\n%s", bad[i]), *line = NULL;
		__auto_free char *want = fmt("lib/kunit: '%.*s' is no line",
					     (int)strcspn(bad[i], "\n"), bad[i]);

		assert_int_equal(child_says(read_kunitconfig, text, said), EXIT_ERROR);
		line = read_file(said, NULL);
		if (!strstr(line, want))
			fail_msg("%s: %s", bad[i], line);
	}
	unlink(said);
}

static bool asks(const struct request *r, const char *option)
{
	__auto_free char *all = kernel_config(r, NULL);

	assert_non_null(all);
	return kernel_asks_for(all, option);
}

/* A flavour may take back what the base has, and a .kunitconfig may add to both. */
static void the_last_setting_counts(void **state)
{
	char kunitconfig[] = "/tmp/respawn-test.XXXXXX";
	struct request r = {
		.config = "default", .series = "full", .overlay = "full", .kunitconfig = "",
		.arch = arch_find("x86_64"),
	};

	(void)state;
	assert_true(asks(&r, "CONFIG_PREEMPT"));
	assert_false(asks(&r, "CONFIG_PREEMPT_NONE"));
	assert_false(asks(&r, "CONFIG_NET"));
	assert_false(asks(&r, "CONFIG_BLOCK"));
	r.config = "minimal";
	assert_false(asks(&r, "CONFIG_PREEMPT"));
	assert_true(asks(&r, "CONFIG_PREEMPT_NONE"));
	assert_true(close(mkstemp(kunitconfig)) == 0);
	write_file(kunitconfig, "CONFIG_NET=y\nCONFIG_A_TEST=y\n", 29);
	r.kunitconfig = kunitconfig;
	assert_true(asks(&r, "CONFIG_NET"));
	assert_true(asks(&r, "CONFIG_A_TEST"));
	assert_false(asks(&r, "CONFIG_PREEMPT"));
	/* What a tree has is not known without one. */
	r.kunitconfig = "lib/kunit";
	assert_null(kernel_config(&r, NULL));
	unlink(kunitconfig);
}

static void exceptions_are_functions(void **state)
{
	__auto_free char *names = exceptions_in("list", "# of ticks\n\n"
		"kernel/a.c\t\tone_fn\tdoes no harm\n  kernel/b.c two_fn the same");
	__auto_free char *none = exceptions_in("list", "");

	(void)state;
	assert_string_equal(names, "one_fn\ntwo_fn\n");
	assert_string_equal(none, "");
}

static int read_exceptions(const void *text)
{
	free(exceptions_in("list", text));
	return 0;
}

/* An exception without a reason was not looked at. */
static void no_exception_without_a_reason(void **state)
{
	static const char *const bad[] = {
		"kernel/a.c one_fn", "kernel/a.c", "kernel/a.c one_fn\n# reason\n",
		"kernel/a.c one_fn why\none_fn\n",
		"kernel/a.c a_function_with_a_name_that_is_so_long_that_nobody_wants_to_read_it why",
	};

	(void)state;
	assert_int_equal(in_a_child(read_exceptions, "kernel/a.c one_fn why"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(in_a_child(read_exceptions, bad[i]), EXIT_ERROR);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_become_modules),
		cmocka_unit_test(suites_are_known_by_their_names),
		cmocka_unit_test(a_flavour_keeps_what_it_leaves_out),
		cmocka_unit_test(each_line_counts),
		cmocka_unit_test(the_last_setting_counts),
		cmocka_unit_test(a_line_that_is_none_is_an_error),
		cmocka_unit_test(what_falls_out_is_named),
		cmocka_unit_test(part_of_a_series_may_lack_its_options),
		cmocka_unit_test(exceptions_are_functions),
		cmocka_unit_test(no_exception_without_a_reason),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
