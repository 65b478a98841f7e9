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
#include "build/pin.h"
#include "lib/host.h"
#include "lib/ui.h"

/**
 * pin_path - where a pin is written down
 * @name: its name; the one that the series is made for has none
 *
 * Return: the file, to be freed
 */
char *pin_path(const char *name)
{
	return fmt("%s/kernel-patch/pin%s%s", host_source(), *name ? "-" : "", name);
}

static void __noreturn no_pin(const char *path, const char *name)
{
	__auto_free char *pattern = fmt("%s/kernel-patch/pin-*", host_source());
	char *all = copy("");
	glob_t g = { 0 };

	if (!*name)
		die("cannot read %s: %s", path, strerror(errno));
	glob(pattern, 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++)
		all = fmt("%s %s", all, g.gl_pathv[i] + strlen(pattern) - 1);
	die("PIN=%s: there is no such pin, there are:%s; without PIN= it is the kernel of the series",
	    name, all);
}

/**
 * pin_read - read a pin
 * @p: gets what is there
 * @name: its name, empty for the one that the series is made for
 *
 * Dies if it is not as it should be.
 */
void pin_read(struct pin *p, const char *name)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *path = pin_path(name), *text = read_file(path, NULL);
	char key[32], value[256];

	memset(p, 0, sizeof(*p));
	if (!text)
		no_pin(path, name);
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
	deb = apt_download(PIN_ARCH, p->package, p->version, NULL);
	if (deb) {
		check_sum(p, deb);
		return deb;
	}
	versions = apt_versions(PIN_ARCH, p->package);
	strv_split(&have, versions, "\n");
	if (!have.n)
		die("the archive gives no %s at all: no network, or no Debian; set KERNEL_TARBALL= to a tarball of that kernel",
		    p->package);
	die("the archive no longer has %s %s, its newest is %s; set KERNEL_TARBALL= to the package or a tarball, or move on with 'make repin'",
	    p->package, p->version, have.v[0]);
}
