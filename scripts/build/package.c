// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is inside packages: a kernel source goes from the package, which may be
 * a .deb around a tar around a tar, straight into a git repository, with no
 * file in between.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "build/package.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "lib/util.h"

/* An archive, maybe inside an entry of another one */
struct layer {
	struct archive *a;
	struct layer *outer;
	const char *file;
};

static void broken(struct layer *l)
{
	while (l->outer)
		l = l->outer;
	/* What the user named is the user's. */
	die("%s is truncated or broken: %s%s", l->file,
	    archive_error_string(l->a) ? archive_error_string(l->a) : "bad content",
	    strncmp(l->file, host_cache(), strlen(host_cache())) ? "" :
	    "; remove it and try again");
}

static struct archive *reader(void)
{
	struct archive *a = archive_read_new();

	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_ar(a);
	return a;
}

static void layer_open(struct layer *l, const char *file)
{
	*l = (struct layer){ .a = reader(), .file = file };
	if (archive_read_open_filename(l->a, file, 1 << 16))
		broken(l);
}

static la_ssize_t layer_read(struct archive *a, void *arg, const void **buf)
{
	static char data[4][1 << 16];
	struct layer *l = arg;
	int depth = 0;
	la_ssize_t n;

	(void)a;
	for (struct layer *o = l->outer; o; o = o->outer)
		depth++;
	*buf = data[depth & 3];
	n = archive_read_data(l->outer->a, data[depth & 3], sizeof(data[0]));
	if (n < 0)
		broken(l->outer);
	return n;
}

static void layer_inside(struct layer *l, struct layer *outer)
{
	*l = (struct layer){ .a = reader(), .outer = outer };
	if (archive_read_open(l->a, l, NULL, layer_read, NULL))
		broken(l);
}

static void layer_close(struct layer *l)
{
	archive_read_free(l->a);
}

static bool has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* Go on to the entry that @match likes; NULL at the end. */
static struct archive_entry *seek(struct layer *l, bool (*match)(const char *))
{
	struct archive_entry *e;
	int ret;

	while ((ret = archive_read_next_header(l->a, &e)) == ARCHIVE_OK)
		if (match(archive_entry_pathname(e)))
			return e;
	if (ret != ARCHIVE_EOF)
		broken(l);
	return NULL;
}

static bool is_data(const char *path)
{
	return has_prefix(path, "data.tar");
}

static bool is_source(const char *path)
{
	const char *base = strrchr(path, '/');

	return base && strstr(path, "usr/src/") && strstr(base, ".tar");
}

static void blob(FILE *out, const void *data, size_t len)
{
	fprintf(out, "data %zu\n", len);
	fwrite(data, 1, len, out);
	fputc('\n', out);
}

static void import_entry(struct layer *l, struct archive_entry *e, FILE *out)
{
	const char *name = archive_entry_pathname(e);
	const char *path = strchr(name + (has_prefix(name, "./") ? 2 : 0), '/');
	static char *data;
	static size_t room;
	size_t size = archive_entry_size(e), got = 0;
	la_ssize_t n;

	/* The first folder is the package's name, not the kernel's. */
	if (!path || !path[1])
		return;
	if (archive_entry_filetype(e) == AE_IFLNK) {
		const char *to = archive_entry_symlink(e);

		fprintf(out, "M 120000 inline %s\n", path + 1);
		blob(out, to, strlen(to));
		return;
	}
	if (archive_entry_filetype(e) != AE_IFREG)
		return;
	if (size > room) {
		room = size;
		data = realloc(data, room);
		if (!data)
			die("out of memory");
	}
	while (got < size && (n = archive_read_data(l->a, data + got, size - got)) > 0)
		got += n;
	if (got < size)
		broken(l);
	fprintf(out, "M %s inline %s\n",
		archive_entry_perm(e) & 0100 ? "100755" : "100644", path + 1);
	blob(out, data, size);
}

/*
 * Quick rather than small: this is read once per checkout. And only "done" makes it
 * whole: if we die, nothing is kept.
 */
static void importer(struct feed *f, const char *git)
{
	__auto_strv struct strv argv = { 0 };

	strv_add(&argv, "git");
	strv_add(&argv, "--git-dir=%s", git);
	strv_split(&argv, "-c core.compression=1 -c pack.compression=1", " ");
	strv_split(&argv, "fast-import --quiet --depth=0 --force --done", " ");
	feed_begin(f, &argv);
}

/* A pack that was not finished, and what git writes down when it fails */
static void remove_half(const char *git)
{
	static const char *const halves[] = {
		"objects/pack/tmp_*", "fast_import_crash_*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
		__auto_free char *pattern = fmt("%s/%s", git, halves[i]);
		glob_t g = { 0 };

		glob(pattern, GLOB_NOSORT, NULL, &g);
		for (size_t j = 0; j < g.gl_pathc; j++)
			unlink(g.gl_pathv[j]);
		globfree(&g);
	}
}

static void __noreturn not_imported(const char *package, const char *git, int status,
				    const char *said)
{
	const char *why = strstr(said, "fatal: ");

	remove_half(git);
	if (status == 127)
		die("git does not run (%.*s); 'make deps' installs it", (int)strcspn(said, "\n"),
		    said);
	why = why ? why + strlen("fatal: ") : *said ? said : "it said nothing";
	die("git fast-import did not store %s (status %d): %.*s; is the disk full?", package,
	    status, (int)strcspn(why, "\n"), why);
}

/**
 * source_import - make a kernel source a commit of a git repository
 * @package: a .deb of Debian's linux-source, or a tarball
 * @git: the repository; nobody else imports into it now
 * @ref: reference that gets the commit
 *
 * Shows progress. Dies if the package is not as it should be, or git does not store it;
 * @ref is set last.
 */
void source_import(const char *package, const char *git, const char *ref)
{
	__auto_free char *said = NULL;
	struct layer file, data, tar, *source = &file;
	struct archive_entry *e;
	struct stat st;
	struct feed f;
	int status, ret;

	if (stat(package, &st))
		die("cannot read %s: %s", package, strerror(errno));
	layer_open(&file, package);
	if (strlen(package) > 4 && !strcmp(package + strlen(package) - 4, ".deb")) {
		if (!seek(&file, is_data))
			die("%s has no data.tar: not a Debian package", package);
		layer_inside(&data, &file);
		if (!seek(&data, is_source))
			die("%s has no tarball in usr/src: not a linux-source package", package);
		layer_inside(&tar, &data);
		source = &tar;
	}

	remove_half(git);
	importer(&f, git);
	fprintf(f.to, "commit %s\ncommitter respawn <respawn@localhost> 0 +0000\n", ref);
	blob(f.to, "kernel source", strlen("kernel source"));
	while ((ret = archive_read_next_header(source->a, &e)) == ARCHIVE_OK && !ferror(f.to)) {
		import_entry(source, e, f.to);
		ui_progress(archive_filter_bytes(file.a, -1), st.st_size, "");
	}
	if (ret != ARCHIVE_OK && ret != ARCHIVE_EOF)
		broken(source);
	fputs("done\n", f.to);
	status = feed_end(&f, &said);
	if (status)
		not_imported(package, git, status, said);
	if (source != &file) {
		layer_close(&tar);
		layer_close(&data);
	}
	layer_close(&file);
}

static const char *below_root(const char *path)
{
	static const char *const tops[] = { "./", "usr/" };

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		path += has_prefix(path, tops[i]) ? strlen(tops[i]) : 0;
	return path;
}

/**
 * source_extract - take one file out of a .deb
 * @package: the .deb
 * @member: the file's path in it, without a leading "./" or "usr/": what is in one folder
 *	in a release of Debian is in the other one in the next
 * @to: where it goes, as an executable
 *
 * Dies if it is not there.
 */
void source_extract(const char *package, const char *member, const char *to)
{
	__auto_free char *tmp = publish_name(to);
	struct layer file, data;
	struct archive_entry *e;
	char buf[1 << 16];
	la_ssize_t n;
	FILE *f;

	layer_open(&file, package);
	if (!seek(&file, is_data))
		die("%s has no data.tar: not a Debian package", package);
	layer_inside(&data, &file);
	do {
		if (archive_read_next_header(data.a, &e))
			die("%s has no %s", package, member);
	} while (strcmp(below_root(archive_entry_pathname(e)), member));
	f = fopen(tmp, "we");
	if (!f)
		die("cannot write %s: %s", tmp, strerror(errno));
	while ((n = archive_read_data(data.a, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, f);
	if (n < 0) {
		unlink(tmp);
		broken(&data);
	}
	if (ferror(f) || fclose(f) || chmod(tmp, 0755)) {
		int err = errno;

		unlink(tmp);
		die("cannot write %s: %s", to, strerror(err));
	}
	publish_file(tmp, to);
	layer_close(&data);
	layer_close(&file);
}
