// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bundles: a record and all that a replay of it needs, in one file, to be sent
 * to somebody else. The first entry has the checksums of the others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "cmd/bundle.h"
#include "options.h"
#include "cmd/replay.h"
#include "lib/ui.h"

#define SUMS	"SHA256SUMS"

/**
 * struct part - a file of a bundle
 * @name: what it is called there
 * @path: where it comes from
 * @optional: there are records without it
 */
struct part {
	const char *name;
	char *path;
	bool optional;
};

static void add_data(struct archive *a, const char *name, const char *data, size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, len);
	if (archive_write_header(a, e) ||
	    archive_write_data(a, data, len) != (la_ssize_t)len)
		die("cannot write the bundle: %s", archive_error_string(a));
	archive_entry_free(e);
}

static char *sums_of(const struct part *parts, size_t n)
{
	char *all = copy("");

	for (size_t i = 0; i < n; i++) {
		char hex[HASH_LEN], *more;

		if (!exists(parts[i].path))
			continue;
		hash_file(parts[i].path, hex);
		more = fmt("%s%s  %s\n", all, hex, parts[i].name);
		free(all);
		all = more;
	}
	return all;
}

static void write_bundle(const char *path, const struct part *parts, size_t n)
{
	__auto_free char *sums = sums_of(parts, n);
	struct archive *a = archive_write_new();

	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_gzip(a);
	if (archive_write_open_filename(a, path))
		die("cannot write %s: %s", path, archive_error_string(a));
	add_data(a, SUMS, sums, strlen(sums));
	for (size_t i = 0; i < n; i++) {
		size_t len;
		__auto_free char *data = read_file(parts[i].path, &len);

		if (data)
			add_data(a, parts[i].name, data, len);
		else if (!parts[i].optional)
			die("cannot read %s: %s", parts[i].path, strerror(errno));
	}
	if (archive_write_close(a))
		die("cannot write %s: %s", path, archive_error_string(a));
	archive_write_free(a);
}

/**
 * bundle - pack RUN= into O=/<name>.bundle.tar.gz
 *
 * Return: an exit status
 */
int bundle(void)
{
	__auto_free char *path = NULL, *tmp = NULL;
	const char *name;
	struct past p;

	past_open(&p, opt.run);
	struct part parts[] = {
		{ "run.json", fmt("%s/run.json", p.dir), false },
		{ "console.log", fmt("%s/console.log", p.dir), false },
		{ "qemu.log", fmt("%s/qemu.log", p.dir), true },
		{ "events.bin", fmt("%s/events.bin", p.dir), true },
		{ SNAPSHOT_FILE, fmt("%s/" SNAPSHOT_FILE, p.dir), true },
		{ "image", copy(p.kernel.image), false },
		{ "initramfs", copy(p.guest.initramfs), false },
		{ "release", fmt("%s/release", p.kernel.dir), false },
		{ "config", fmt("%s/config", p.kernel.dir), true },
		{ "vmlinux", fmt("%s/vmlinux", p.kernel.dir), true },
	};

	name = strrchr(p.dir, '/');
	path = fmt("%s/%s.bundle.tar.gz", opt.out, name ? name + 1 : p.dir);
	tmp = fmt("%s.%d.tmp", path, getpid());
	ui_stage(p.kernel.arch->name, "bundle");
	write_bundle(tmp, parts, ARRAY_SIZE(parts));
	if (rename(tmp, path))
		die("cannot rename %s: %s", tmp, strerror(errno));
	ui_done("%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		free(parts[i].path);
	if (!ui_quiet())
		printf("make replay BUNDLE=%s\n", path);
	return EXIT_PASS;
}

/* A name from someone else's archive: nothing but a file right here. */
static bool is_plain(const char *name)
{
	return name && *name && *name != '.' && !strchr(name, '/');
}

static void unpack(const char *file, const char *dir)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int ret;

	archive_read_support_filter_gzip(a);
	archive_read_support_format_tar(a);
	if (archive_read_open_filename(a, file, 1 << 16))
		die("%s is no bundle: %s", file, archive_error_string(a));
	while ((ret = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		size_t len = archive_entry_size(e);
		__auto_free char *path = NULL, *data = malloc(len + 1);

		if (!is_plain(archive_entry_pathname(e)))
			die("%s is no bundle: it has a file %s", file,
			    archive_entry_pathname(e) ?: "without a name");
		if (!data || archive_read_data(a, data, len) != (la_ssize_t)len)
			die("%s is damaged: %s ends early", file, archive_entry_pathname(e));
		path = fmt("%s/%s", dir, archive_entry_pathname(e));
		write_file(path, data, len);
	}
	if (ret != ARCHIVE_EOF)
		die("%s is damaged: %s", file, archive_error_string(a));
	archive_read_free(a);
}

static void verify(const char *file, const char *dir)
{
	__auto_free char *list = fmt("%s/" SUMS, dir), *text = read_file(list, NULL);
	__auto_strv struct strv lines = { 0 };

	if (!text)
		die("%s is no bundle: it has no " SUMS, file);
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char want[HASH_LEN], name[64], is[HASH_LEN];
		__auto_free char *path = NULL;

		if (sscanf(lines.v[i], "%64s  %63s", want, name) != 2 || !is_plain(name))
			die("%s is no bundle: its " SUMS " is damaged", file);
		path = fmt("%s/%s", dir, name);
		if (!exists(path))
			die("%s is damaged: %s is missing", file, name);
		hash_file(path, is);
		if (strcmp(is, want))
			die("%s is damaged: the checksum of %s is wrong", file, name);
	}
}

/* Without these a replay would take what lies elsewhere on this machine. */
static void expect_parts(const char *file, const char *dir)
{
	static const char *const parts[] = { "run.json", "console.log", "image", "initramfs" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		__auto_free char *path = fmt("%s/%s", dir, parts[i]);

		if (!exists(path))
			die("%s is no bundle: it has no %s", file, parts[i]);
	}
}

static char *unpacked;

static void remove_unpacked(void)
{
	remove_tree(unpacked);
}

/**
 * bundle_open - unpack and verify a bundle
 * @file: the bundle
 *
 * Dies if it is none or damaged.
 *
 * Return: folder of the record, with all that was run in it; it is removed when
 * the program ends
 */
char *bundle_open(const char *file)
{
	unpacked = fmt("%s/bundle-%d.tmp", opt.out, getpid());
	if (!exists(file))
		die("BUNDLE=%s: there is no such file", file);
	make_dirs(unpacked);
	atexit(remove_unpacked);
	unpack(file, unpacked);
	verify(file, unpacked);
	expect_parts(file, unpacked);
	return unpacked;
}
