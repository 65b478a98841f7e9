// SPDX-License-Identifier: GPL-2.0-only
/*
 * A copy of respawn whose series is one patch, with a defect: what is said of
 * it. None of them comes as far as a kernel, so this costs an object or two.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clone.h"
#include "lib/util.h"

#define PATCH	"0099-planted.patch"
#define FROM \
	"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n" \
	"From: somebody <somebody@localhost>\n" \
	"Date: Mon, 23 Nov 2026 11:10:03 +0000\n" \
	"Subject: [PATCH] kthread: Plant a defect\n\n"
#define WHY	"It has to be seen.\n\n"
#define SIGNED	"Signed-off-by: somebody <somebody@localhost>\n"
#define STAT \
	"---\n kernel/planted.c | 6 ++++++\n 1 file changed, 6 insertions(+)\n" \
	" create mode 100644 kernel/planted.c\n\n"
#define NEW_FILE \
	"diff --git a/kernel/planted.c b/kernel/planted.c\nnew file mode 100644\n" \
	"index 000000000000..111111111111\n--- /dev/null\n+++ b/kernel/planted.c\n" \
	"@@ -0,0 +1,6 @@\n+// SPDX-License-" \
	"Identifier: GPL-2.0-only\n+#include <linux/init.h>\n+\n"

/* A copy of respawn as it is here, to be written to */
static int make_clone(void **state)
{
	__auto_free char *command = NULL, *said = NULL;

	(void)state;
	clone_dir = copy("/tmp/respawn-check-series.XXXXXX");
	if (!mkdtemp(clone_dir))
		return -1;
	command = fmt("cd %s/.. && cp -r Makefile scripts qemu kernel-overlay kernel-patch kunit initramfs configs %s && cd %s && echo %s > kernel-patch/series && make -s CFLAGS=-O0 host",
		      TESTS_DIR, clone_dir, clone_dir, PATCH);
	return sh(command, &said);
}

static const struct defect {
	const char *name;
	const char *patch;
	const char *said;
} defects[] = {
	{
		"does_not_build",
		FROM WHY SIGNED STAT NEW_FILE
		"+int __init planted(void)\n+{\n+\treturn no_such_thing;\n",
		"new: kernel/planted.c: error: ",
	}, {
		"builds_with_a_warning",
		FROM WHY SIGNED STAT NEW_FILE
		"+static int planted;\n+\n+static int planted_too;\n",
		"new: kernel/planted.c: warning: ",
	}, {
		"bad_style",
		FROM WHY SIGNED STAT NEW_FILE
		"+int planted(void)\n+{\n+        return 0;\n",
		"checkpatch: line ",
	}, {
		"does_not_say_why",
		FROM SIGNED STAT NEW_FILE "+\n+\n+\n",
		"its message does not say why",
	}, {
		"is_not_signed",
		FROM WHY STAT NEW_FILE "+\n+\n+\n",
		"it has no Signed-off-by",
	}, {
		"does_not_apply",
		FROM WHY SIGNED "---\n kernel/gone.c | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n"
		"diff --git a/kernel/gone.c b/kernel/gone.c\nindex 111111111111..222222222222 100644\n"
		"--- a/kernel/gone.c\n+++ b/kernel/gone.c\n@@ -1 +1 @@\n-int a;\n+int b;\n",
		"does not apply",
	},
};

static void defect_is_caught(void **state)
{
	const struct defect *d = *state;
	__auto_free char *path = fmt("%s/kernel-patch/" PATCH, clone_dir), *said = NULL;
	int status;

	write_file(path, d->patch, strlen(d->patch));
	status = sh("build/respawn check-series ARCH=arm64 V=0", &said);
	if (status != 1 || !strstr(said, d->said) ||
	    !strstr(said, "1 passed, 1 failed, 0 skipped\n"))
		fail_msg("status %d, expected 1 and '%s':\n%s", status, d->said, said);
}

/* One user that nobody has looked at, and one that is no more */
static void user_of_threads_that_is_new_is_seen(void **state)
{
	__auto_free char *path = fmt("%s/kernel-patch/users", clone_dir), *said = NULL;
	__auto_free char *users = read_file(path, NULL);
	char *row;
	int status;

	(void)state;
	assert_non_null(users);
	row = strstr(users, "softirq_threads");
	assert_non_null(row);
	memcpy(row, "someone", 7);
	write_file(path, users, strlen(users));
	status = sh("build/respawn check-series ARCH=arm64 V=0", &said);
	if (status != 1 ||
	    !strstr(said, "kernel/softirq.c softirq_threads is not in kernel-patch/users") ||
	    !strstr(said, "kernel/softirq.c someone_threads is in kernel-patch/users"))
		fail_msg("status %d, expected 1 and what is wrong with the users:\n%s",
			 status, said);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(defects) + 1];

	tests[ARRAY_SIZE(defects)] =
		(struct CMUnitTest)cmocka_unit_test(user_of_threads_that_is_new_is_seen);
	for (size_t i = 0; i < ARRAY_SIZE(defects); i++)
		tests[i] = (struct CMUnitTest){
			.name = defects[i].name, .test_func = defect_is_caught,
			.initial_state = (void *)&defects[i],
		};
	return cmocka_run_group_tests_name("check_series", tests, make_clone, remove_clone);
}
