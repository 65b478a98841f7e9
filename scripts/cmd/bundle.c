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
#include "cmd/cmd.h"
#include "cmd/report.h"
#include "lib/ui.h"
#include "record/trial.h"

#define SUMS	"SHA256SUMS"

/* No part of a bundle comes near to this; a file that says so is none. */
#define PART_MAX	((size_t)1 << 30)

/* Where a part of a bundle comes from */
enum place { OF_RECORD, OF_IMAGE, OF_INITRAMFS, OF_KERNEL };

/**
 * struct part - a file of a bundle
 * @name: what it is called there, and where it comes from
 * @place: where that is
 * @optional: there are records without it
 */
static const struct part {
	const char *name;
	enum place place;
	bool optional;
} parts[] = {
	{ "run.json", OF_RECORD, false },
	{ "console.log", OF_RECORD, false },
	{ "qemu.log", OF_RECORD, true },
	{ "events.bin", OF_RECORD, true },
	{ "snapshot", OF_RECORD, true },
	{ "image", OF_IMAGE, false },
	{ "initramfs", OF_INITRAMFS, false },
	{ "release", OF_KERNEL, true },
	{ "config", OF_KERNEL, true },
	{ "vmlinux", OF_KERNEL, true },
};

static char *path_of(const struct part *p, const struct record *rec, const struct image *i)
{
	switch (p->place) {
	case OF_IMAGE:
		return copy(i->kernel.image);
	case OF_INITRAMFS:
		return copy(i->initramfs);
	case OF_KERNEL:
		return fmt("%s/%s", i->kernel.dir, p->name);
	default:
		return fmt("%s/%s", rec->dir, p->name);
	}
}

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

static char *sums_of(char *const *paths)
{
	__auto_strv struct strv lines = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		char hex[HASH_LEN];

		if (!exists(paths[i]))
			continue;
		hash_file(paths[i], hex);
		strv_add(&lines, "%s  %s\n", hex, parts[i].name);
	}
	return strv_join(&lines, "");
}

static void write_bundle(const char *path, char *const *paths)
{
	__auto_free char *sums = sums_of(paths);
	struct archive *a = archive_write_new();

	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_gzip(a);
	if (archive_write_open_filename(a, path))
		die("cannot write %s: %s", path, archive_error_string(a));
	add_data(a, SUMS, sums, strlen(sums));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t len;
		__auto_free char *data = read_file(paths[i], &len);

		if (data)
			add_data(a, parts[i].name, data, len);
		else if (!parts[i].optional)
			die("cannot read %s: %s", paths[i], strerror(errno));
	}
	if (archive_write_close(a))
		die("cannot write %s: %s", path, archive_error_string(a));
	archive_write_free(a);
}

static char *half_written;

static void remove_half_written(void)
{
	if (half_written)
		unlink(half_written);
}

/* Pack a record into O=/<name>.bundle.tar.gz. */
static void pack(const char *dir, const char *out)
{
	__auto_free char *path = NULL, *runs = NULL, *final = NULL;
	char *paths[ARRAY_SIZE(parts)];
	const char *name;
	struct record rec;
	struct image image;
	struct trial t;

	record_read(&rec, dir);
	trial_again(&t, &rec, &image, out);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		paths[i] = path_of(&parts[i], &rec, &image);
	name = strrchr(rec.dir, '/');
	path = fmt("%s/%s.bundle.tar.gz", out, name ? name + 1 : rec.dir);
	/* Among the records, where what a killed process has left is swept away */
	runs = fmt("%s/runs", out);
	final = fmt("%s/%s", runs, strrchr(path, '/') + 1);
	half_written = publish_name(final);
	make_dirs(runs);
	ui_stage(t.req.arch->name, "bundle");
	write_bundle(half_written, paths);
	publish_file(half_written, path);
	free(half_written);
	half_written = NULL;
	ui_done("%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		free(paths[i]);
	if (!ui_quiet())
		printf("make replay BUNDLE=%s\n", path);
	record_free(&rec);
}

/* ---- those that failed ----------------------------------------------------------- */

/* Does it show a failure, and again in a replay? */
static bool is_wanted(const struct record *rec)
{
	return !record_is_good(rec) && record_verdict(rec) != VERDICT_ERROR &&
	       !strcmp(record_text(rec, "request.timing"), "virtual");
}

/* Failures of one signature are one bug, which the shortest of them shows best. */
static void take(struct record *all, size_t *n, struct record *rec)
{
	const char *signature = record_text(rec, "signature");
	struct record longer = *rec;
	size_t i = 0;

	while (i < *n && strcmp(record_text(&all[i], "signature"), signature))
		i++;
	if (i == *n) {
		all[(*n)++] = *rec;
		return;
	}
	if (record_real(rec, "times.guest") < record_real(&all[i], "times.guest")) {
		longer = all[i];
		all[i] = *rec;
	}
	record_free(&longer);
}

/* Those to pack; false if one of them all is damaged */
static bool choose(const struct strv *dirs, struct strv *chosen)
{
	struct record *all = need(dirs->n, sizeof(*all));
	bool sound = true;
	size_t n = 0;

	for (size_t i = 0; i < dirs->n; i++) {
		struct record rec;
		__auto_free char *flaw = record_load(&rec, dirs->v[i]) ?: record_flaw(&rec);

		if (!flaw && is_wanted(&rec)) {
			take(all, &n, &rec);
			continue;
		}
		if (flaw)
			fprintf(stderr, "respawn: %s\n", flaw);
		sound &= !flaw;
		record_free(&rec);
	}
	for (size_t i = 0; i < n; i++) {
		strv_add(chosen, "%s", all[i].dir);
		record_free(&all[i]);
	}
	free(all);
	return sound;
}

/**
 * cmd_bundle - pack RUN=, or what failed in a folder of records
 * @o: what the user asked for
 *
 * Of failures with one signature the shortest one is packed; runs in real time, which can't
 * be replayed, are left out.
 *
 * Return: EXIT_PASS, or EXIT_ERROR if a record is damaged, which is left out
 */
int cmd_bundle(const struct options *o)
{
	__auto_strv struct strv dirs = { 0 }, chosen = { 0 };
	bool sound;

	records_find(o->run, &dirs);
	atexit(remove_half_written);
	/* What is no folder of records either is told so as a record. */
	if (!dirs.n || !strcmp(dirs.v[0], o->run)) {
		pack(o->run, o->out);
		return EXIT_PASS;
	}
	sound = choose(&dirs, &chosen);
	for (size_t i = 0; i < chosen.n; i++)
		pack(chosen.v[i], o->out);
	if (!chosen.n)
		ui_note("%s: nothing failed there that a replay would show", o->run);
	return sound ? EXIT_PASS : EXIT_ERROR;
}

/* ---- opening one --------------------------------------------------------------- */

/**
 * struct sums - what a bundle says of its files
 * @name: their names
 * @hex: their checksums
 */
struct sums {
	struct strv name;
	struct strv hex;
};

static const struct part *part_named(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(parts); i++)
		if (!strcmp(parts[i].name, name))
			return &parts[i];
	return NULL;
}

static char *read_entry(struct archive *a, struct archive_entry *e, const char *file, size_t *len)
{
	const char *name = archive_entry_pathname(e) ?: "a file without a name";
	char *data;

	*len = archive_entry_size(e);
	if (archive_entry_filetype(e) != AE_IFREG || archive_entry_size(e) < 0 || *len > PART_MAX)
		die("%s is no bundle: %s is no plain file", file, name);
	data = malloc(*len + 1);
	if (!data || archive_read_data(a, data, *len) != (la_ssize_t)*len)
		die("%s is damaged: %s ends early", file, name);
	data[*len] = '\0';
	return data;
}

/* The first entry: nothing is written that it does not name. */
static void read_sums(struct archive *a, const char *file, struct sums *sums)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *text = NULL;
	struct archive_entry *e;
	size_t len;

	if (archive_read_next_header(a, &e) ||
	    strcmp(archive_entry_pathname(e) ?: "", SUMS))
		die("%s is no bundle: it does not begin with " SUMS, file);
	text = read_entry(a, e, file, &len);
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char want[HASH_LEN], name[64];

		if (sscanf(lines.v[i], "%64s  %63s", want, name) != 2 || !part_named(name))
			die("%s is no bundle: its " SUMS " is damaged", file);
		strv_add(&sums->name, "%s", name);
		strv_add(&sums->hex, "%s", want);
	}
}

/* Without these a replay would take what lies elsewhere on this machine. */
static void expect_parts(const char *file, const struct sums *sums)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!parts[i].optional && !strv_has(&sums->name, parts[i].name))
			die("%s is no bundle: it has no %s", file, parts[i].name);
}

static const char *sum_named(const struct sums *sums, const char *name)
{
	for (size_t i = 0; name && i < sums->name.n; i++)
		if (!strcmp(sums->name.v[i], name))
			return sums->hex.v[i];
	return NULL;
}

static void unpack(const char *file, const char *dir, struct sums *sums)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int ret;

	archive_read_support_filter_gzip(a);
	archive_read_support_format_tar(a);
	if (archive_read_open_filename(a, file, 1 << 16))
		die("%s is no bundle: %s", file, archive_error_string(a));
	read_sums(a, file, sums);
	expect_parts(file, sums);
	while ((ret = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(e);
		const char *want = sum_named(sums, name);
		__auto_free char *path = NULL, *data = NULL;
		char is[HASH_LEN];
		size_t len;

		if (!want)
			die("%s is no bundle: it has a file %s, which its " SUMS " does not name",
			    file, name ?: "without a name");
		data = read_entry(a, e, file, &len);
		path = fmt("%s/%s", dir, name);
		write_file(path, data, len);
		hash_file(path, is);
		if (strcmp(is, want))
			die("%s is damaged: the checksum of %s is wrong", file, name);
	}
	if (ret != ARCHIVE_EOF)
		die("%s is damaged: %s", file, archive_error_string(a));
	archive_read_free(a);
}

static char *unpacked;

static void remove_unpacked(void)
{
	remove_tree(unpacked);
}

/**
 * bundle_open - unpack and verify a bundle
 * @file: the bundle
 * @out: O=
 *
 * Dies if it is none or damaged.
 *
 * Return: folder of the record, with all that was run in it; it is removed when
 * the program ends
 */
const char *bundle_open(const char *file, const char *out)
{
	__auto_free char *path = fmt("%s/runs/bundle", out);
	struct sums sums = { 0 };

	if (!exists(file))
		die("BUNDLE=%s: there is no such file", file);
	unpacked = publish_name(path);
	make_dirs(unpacked);
	atexit(remove_unpacked);
	unpack(file, unpacked, &sums);
	for (size_t i = 0; i < sums.name.n; i++) {
		__auto_free char *path = fmt("%s/%s", unpacked, sums.name.v[i]);

		if (!exists(path))
			die("%s is damaged: %s is missing", file, sums.name.v[i]);
	}
	strv_free(&sums.name);
	strv_free(&sums.hex);
	return unpacked;
}
