// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a request to what a guest boots: source, kernel, initramfs.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "build/exceptions.h"
#include "build/image.h"
#include "build/initramfs.h"
#include "build/overlay.h"
#include "lib/ui.h"

/* Who makes an image by hand has chosen. */
static bool is_auto(const struct request *r)
{
	return r->series && !strcmp(r->series, "auto");
}

/* What is wrong with a request whatever the source is like, before any is fetched */
static void check(const struct image *i)
{
	__auto_free char *config = NULL;
	__auto_strv struct strv steps = { 0 };
	struct request most = i->asked;

	if (is_auto(&most))
		most.series = "full";
	config = kernel_config(&most, NULL);
	free(exceptions_of(&most));
	tree_check_patches(&most);
	plan_chosen(&i->plan, &most, config, &steps);
}

/* What only the series has can't be done without it. */
static void check_without(const struct image *i)
{
	const struct request *r = &i->kernel.req;
	__auto_free char *need = plan_lacks(&i->plan, r, i->kernel.config);

	if (!is_auto(&i->asked) || request_has_series(r))
		return;
	if (need)
		die_tree("PLAN=%s: this needs %s, which this tree can't have", r->plan, need);
	if (!strcmp(r->smpboot, "respawn"))
		die_tree("SMPBOOT=respawn: this needs the series, which this tree can't have");
}

static void name_all(struct image *i, struct request r)
{
	__auto_strv struct strv steps = { 0 };

	tree_open(&i->tree, &r);
	kernel_check_selftests(&r, &i->tree);
	focus_choose(&i->focus, &i->tree, &r);
	overlay_lay(&i->tree, &r);
	kernel_name(&i->kernel, &r, &i->tree);
	check_without(i);
	/* What a file of the tree asks for is known now. */
	plan_chosen(&i->plan, &r, i->kernel.config, &steps);
}

/**
 * image_open - find out what a request needs
 * @i: gets the names of it; what was left to be chosen is in @i->kernel.req
 * @r: the request
 *
 * Nothing is built yet; a source that is missing is fetched. Dies if the source
 * can't be had, a patch does not apply, or a step is asked for that is not there.
 */
void image_open(struct image *i, const struct request *r)
{
	*i = (struct image){ .asked = *r };
	plan_read(&i->plan, r);
	check(i);
	name_all(i, *r);
}

/* A tree that the series applies to need not build with it. */
static void do_without(struct image *i, const char *why)
{
	struct request r = i->asked;

	ui_note("with the series, the %s; tested without it", why);
	r.series = "none";
	name_all(i, r);
}

/**
 * image_build - have it
 * @i: from image_open(); SERIES=auto may become another thing than it was there
 *
 * Builds only what is not in the cache. Dies if it does not build.
 */
void image_build(struct image *i)
{
	__auto_free char *why = NULL;

	if (is_auto(&i->asked) && request_has_series(&i->kernel.req))
		why = kernel_have(&i->kernel, &i->tree);
	if (why)
		do_without(i, why);
	kernel_build(&i->kernel, &i->tree);
	focus_locate(&i->focus, &i->kernel);
	i->initramfs = initramfs_build(&i->kernel, &i->tree, &i->plan);
}
