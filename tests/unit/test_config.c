// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of kernel_config_lacks(): what fell out of a configuration, and what may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "build/kernel.h"
#include "build/kunitconfig.h"
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
				  "# May be missing:\nCONFIG_NEW=y\n\nCONFIG_KUNIT=y\n";
	__auto_free char *all = kunitconfig_modular(own, "CONFIG_KUNIT=y\nCONFIG_BLOCK=y\n"
		"# CONFIG_VT is not set\nCONFIG_LIST_KUNIT_TEST=y\nCONFIG_MPTCP_KUNIT_TESTS=y\n"
		"CONFIG_TEST_LIMIT=3\nCONFIG_NAME_TEST=\"y\"\n");

	(void)state;
	assert_string_equal(all, "CONFIG_SMP=y\n\n# May be missing:\nCONFIG_NEW=y\n\n"
			    "CONFIG_KUNIT=y\n\n# What a .kunitconfig asks for\nCONFIG_BLOCK=y\n"
			    "CONFIG_LIST_KUNIT_TEST=m\nCONFIG_MPTCP_KUNIT_TESTS=m\n"
			    "CONFIG_TEST_LIMIT=3\nCONFIG_NAME_TEST=\"y\"\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_become_modules),
		cmocka_unit_test(what_falls_out_is_named),
		cmocka_unit_test(part_of_a_series_may_lack_its_options),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
