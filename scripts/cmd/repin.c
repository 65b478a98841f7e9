// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pin moves on to the newest package of its kernel.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "build/apt.h"
#include "build/pin.h"
#include "build/tree.h"
#include "cmd/cmd.h"
#include "lib/ui.h"

/**
 * cmd_repin - move the pin to the newest package of its series
 * @o: what the user asked for
 *
 * The pin that the series is made for moves only if the patches still apply.
 *
 * Return: an exit status
 */
int cmd_repin(const struct options *o)
{
	const char *name = o->request.pin;
	__auto_strv struct strv have = { 0 };
	__auto_free char *path = pin_path(name), *versions = NULL, *deb = NULL;
	__auto_free char *text = NULL, *was = NULL;
	const char *comment;
	struct pin old, new;

	pin_read(&old, name);
	was = read_file(path, NULL);
	was[strstr(was, "package ") - was] = '\0';
	comment = was;
	versions = apt_versions(PIN_ARCH, old.package);
	strv_split(&have, versions, "\n");
	if (!have.n)
		die("the archive gives no %s: no network, or no Debian", old.package);
	if (!strcmp(have.v[0], old.version)) {
		ui_note("the pin is at the newest already: %s %s", old.package, old.version);
		return EXIT_PASS;
	}
	new = (struct pin){ .package = old.package, .version = have.v[0] };
	deb = apt_download(PIN_ARCH, new.package, new.version, NULL);
	if (!deb)
		die("cannot download %s %s", new.package, new.version);
	hash_file(deb, new.sha256);
	if (!*name)
		tree_try_series(&new);
	text = fmt("%spackage %s\nversion %s\nsha256 %s\n", comment, new.package,
		   new.version, new.sha256);
	write_file(path, text, strlen(text));
	ui_note("pinned %s %s, was %s%s", new.package, new.version, old.version,
		*name ? "" : "; the series applies");
	return EXIT_PASS;
}
