// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is made from the program's tables is what lies in docs/, and a shell completes
 * words with it.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"
#include "lib/util.h"

static void is_made_anew(const char *command, const char *file)
{
	__auto_free char *said = NULL, *path = fmt(TESTS_DIR "/../docs/%s", file), *text = NULL;

	assert_int_equal(call(command, &said), EXIT_PASS);
	text = read_file(path, NULL);
	assert_non_null(text);
	if (strcmp(said, text))
		fail_msg("docs/%s is not what the tables say: build/respawn %s > docs/%s", file,
			 command, file);
}

static void docs_are_up_to_date(void **state)
{
	(void)state;
	is_made_anew("reference", "reference.md");
	is_made_anew("man", "respawn.1");
}

/* What bash makes of a line that has been typed up to its end */
static void completes(const char *line, const char *expected)
{
	__auto_free char *script = fmt("PATH=$(dirname '%s'):$PATH; cd '%s'; source <(respawn completion); "
				       "COMP_LINE='%s' COMP_POINT=%zu; compopt() { :; }; "
				       "_respawn respawn; echo \"${COMPREPLY[*]}\"",
				       respawn, out, line, strlen(line));
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL, *wanted = fmt("%s\n", expected);
	struct run_opts o = { .out = &said };

	strv_split(&argv, "bash -c", " ");
	strv_add(&argv, "%s", script);
	assert_int_equal(run(&argv, &o), 0);
	assert_string_equal(said, wanted);
}

static void words_are_completed(void **state)
{
	(void)state;
	completes("respawn check-d", "check-determinism");
	completes("respawn check AR", "ARCH=");
	/* bash has the word behind the equals sign. */
	completes("respawn check ARCH=risc", "riscv64");
	completes("respawn check ARCH=arm64,x", "arm64,x86_64");
	completes("respawn check CONFIG=lock", "lockdep");
	completes("respawn check PLAN=hotplug,scf", "hotplug,scftorture");
	completes("respawn replay GDB=", "0 1");
	completes("respawn check NOTHING=", "");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(docs_are_up_to_date, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(words_are_completed, fresh_out, remove_out),
	};

	if (argc < 2)
		return EXIT_ERROR;
	/* The tests go elsewhere. */
	respawn = realpath(argv[1], NULL);
	return respawn ? cmocka_run_group_tests(tests, NULL, NULL) : EXIT_ERROR;
}
