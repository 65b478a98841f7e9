// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pinned kernel when something is wrong with it: each time one clear line,
 * and nothing left in the cache that a later run would take for good.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "build/pin.h"
#include "scratch.h"
#include "lib/util.h"

static char *respawn;

/* respawn build, with a cache of its own */
static void expect_error(const char *words, const char *text)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .env = &env, .out = &said };

	strv_add(&env, "XDG_CACHE_HOME=%s", out);
	strv_add(&argv, "%s", respawn);
	strv_split(&argv, "build ARCH=arm64 -s", " ");
	strv_split(&argv, words, " ");
	assert_int_equal(run(&argv, &o), EXIT_ERROR);
	if (!strstr(said, text))
		fail_msg("'%s' is not in:\n%s", text, said);
	if (strchr(said, '\n') != said + strlen(said) - 1)
		fail_msg("more than a line:\n%s", said);
}

static char *fake_deb(void)
{
	char *path;
	struct pin p;

	pin_read(&p, "");
	path = fmt("%s/respawn/download/%s-%s-amd64", out, p.package, p.version);
	make_dirs(path);
	free(path);
	return fmt("%s/respawn/download/%s-%s-amd64/%s_1_all.deb", out, p.package,
		   p.version, p.package);
}

static void wrong_checksum(void **state)
{
	__auto_free char *deb = fake_deb();

	(void)state;
	write_file(deb, "not the kernel", strlen("not the kernel"));
	expect_error("", "the pin says");
	/* It must not be there for the next run to stumble over. */
	assert_false(exists(deb));
}

/* A tarball with one big file in it, or a part of that */
static char *tarball(size_t keep)
{
	char *path = fmt("%s/linux.tar.gz", out);
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	unsigned char *data = malloc(1 << 20);

	srand(1);
	for (size_t i = 0; i < 1 << 20; i++)
		data[i] = rand();
	archive_write_add_filter_gzip(a);
	archive_write_set_format_pax_restricted(a);
	archive_write_open_filename(a, path);
	archive_entry_set_pathname(e, "linux/big");
	archive_entry_set_mode(e, S_IFREG | 0644);
	archive_entry_set_size(e, 1 << 20);
	archive_write_header(a, e);
	archive_write_data(a, data, 1 << 20);
	archive_write_free(a);
	archive_entry_free(e);
	free(data);
	if (keep)
		assert_int_equal(truncate(path, keep), 0);
	return path;
}

static void truncated_tarball(void **state)
{
	__auto_free char *path = tarball(1 << 18), *words = fmt("KERNEL_TARBALL=%s", path);

	(void)state;
	expect_error(words, "is truncated or broken");
	/* Half a source is no source: the second time is no different. */
	expect_error(words, "is truncated or broken");
}

static void tarball_of_something_else(void **state)
{
	__auto_free char *path = tarball(0), *words = fmt("KERNEL_TARBALL=%s", path);

	(void)state;
	expect_error(words, "is no source of a kernel");
}

static void package_of_something_else(void **state)
{
	__auto_free char *path = fmt("%s/linux.deb", out);
	__auto_free char *words = fmt("KERNEL_TARBALL=%s", path);

	(void)state;
	write_file(path, "!<arch>\n", strlen("!<arch>\n"));
	expect_error(words, "not a Debian package");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wrong_checksum, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(truncated_tarball, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(tarball_of_something_else, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(package_of_something_else, fresh_out, remove_out),
	};

	respawn = argc > 1 ? argv[1] : "build/respawn";
	return cmocka_run_group_tests_name("pin", tests, NULL, NULL);
}
