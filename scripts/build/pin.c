// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pinned kernel: which package it is, how it comes here, how it moves on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/apt.h"
#include "options.h"
#include "build/pin.h"
#include "build/tree.h"
#include "lib/ui.h"

/* The source is the same for every architecture; any will do to ask for it. */
#define ANY_ARCH	"amd64"

/* The pin that the series is made for has no name. */
static bool is_named(void)
{
	return opt.pin && *opt.pin;
}

static char *pin_path(void)
{
	return fmt("%s/kernel-patch/pin%s%s", source_dir(), is_named() ? "-" : "",
		   is_named() ? opt.pin : "");
}

static void __noreturn no_pin(const char *path)
{
	__auto_free char *pattern = fmt("%s/kernel-patch/pin-*", source_dir());
	char *all = copy("");
	glob_t g = { 0 };

	if (!is_named())
		die("cannot read %s: %s", path, strerror(errno));
	glob(pattern, 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++)
		all = fmt("%s %s", all, g.gl_pathv[i] + strlen(pattern) - 1);
	die("PIN=%s: there is no such pin, there are:%s; without PIN= it is the kernel of the series",
	    opt.pin, all);
}

/**
 * pin_read - read kernel-patch/pin, or the one that PIN= names
 * @p: gets what is there
 *
 * Dies if it is not as it should be.
 */
void pin_read(struct pin *p)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *path = pin_path(), *text = read_file(path, NULL);
	char key[32], value[256];

	memset(p, 0, sizeof(*p));
	if (!text)
		no_pin(path);
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		if (sscanf(lines.v[i], "%31s %255s", key, value) != 2)
			continue;
		if (!strcmp(key, "package"))
			p->package = copy(value);
		else if (!strcmp(key, "version"))
			p->version = copy(value);
		else if (!strcmp(key, "sha256"))
			snprintf(p->sha256, sizeof(p->sha256), "%.64s", value);
	}
	if (!p->package || !p->version || strlen(p->sha256) != HASH_LEN - 1)
		die("%s: package, version and sha256 are not all there", path);
}

static void check_sum(const struct pin *p, const char *deb)
{
	char sum[HASH_LEN];

	hash_file(deb, sum);
	if (!strcmp(sum, p->sha256))
		return;
	/* What is wrong must not be found again by the next run. */
	unlink(deb);
	die("%s %s has SHA-256 %s, the pin says %s: the download is broken or the archive's package changed; try again, then use KERNEL_TARBALL= or 'make repin'",
	    p->package, p->version, sum, p->sha256);
}

/**
 * pin_fetch - have the pinned package in the cache, and be sure of it
 * @p: the pin
 *
 * Called with the lock of the pinned tree held. Dies if it can't be had.
 *
 * Return: path of the .deb, to be freed
 */
char *pin_fetch(const struct pin *p)
{
	__auto_strv struct strv have = { 0 };
	__auto_free char *versions = NULL;
	char *deb;

	if (!find_program("apt-get"))
		die("the pinned kernel is fetched with apt-get, which this machine does not have; set KERNEL_TARBALL= to a tarball of %s's kernel",
		    p->package);
	deb = apt_download(ANY_ARCH, p->package, p->version);
	if (deb) {
		check_sum(p, deb);
		return deb;
	}
	versions = apt_versions(ANY_ARCH, p->package);
	strv_split(&have, versions, "\n");
	if (!have.n)
		die("the archive gives no %s at all: no network, or no Debian; set KERNEL_TARBALL= to a tarball of that kernel",
		    p->package);
	die("the archive no longer has %s %s, its newest is %s; set KERNEL_TARBALL= to the package or a tarball, or move on with 'make repin'",
	    p->package, p->version, have.v[0]);
}

/**
 * pin_move - move the pin to the newest package of its series
 *
 * The pin that the series is made for moves only if the patches still apply.
 *
 * Return: an exit status
 */
int pin_move(void)
{
	__auto_strv struct strv have = { 0 };
	__auto_free char *path = pin_path(), *versions = NULL, *deb = NULL;
	__auto_free char *text = NULL, *was = NULL;
	const char *comment;
	struct pin old, new;

	pin_read(&old);
	was = read_file(path, NULL);
	was[strstr(was, "package ") - was] = '\0';
	comment = was;
	versions = apt_versions(ANY_ARCH, old.package);
	strv_split(&have, versions, "\n");
	if (!have.n)
		die("the archive gives no %s: no network, or no Debian", old.package);
	if (!strcmp(have.v[0], old.version)) {
		ui_note("the pin is at the newest already: %s %s", old.package, old.version);
		return EXIT_PASS;
	}
	new = (struct pin){ .package = old.package, .version = have.v[0] };
	deb = apt_download(ANY_ARCH, new.package, new.version);
	if (!deb)
		die("cannot download %s %s", new.package, new.version);
	hash_file(deb, new.sha256);
	if (!is_named())
		tree_try_series(&new);
	text = fmt("%spackage %s\nversion %s\nsha256 %s\n", comment, new.package,
		   new.version, new.sha256);
	write_file(path, text, strlen(text));
	ui_note("pinned %s %s, was %s%s", new.package, new.version, old.version,
		is_named() ? "" : "; the series applies");
	return EXIT_PASS;
}
