// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a request to what a guest boots: source, kernel, initramfs.
 */
#define _GNU_SOURCE
#include "build/image.h"
#include "build/initramfs.h"

/**
 * image_open - find out what a request needs
 * @i: gets the names of it
 * @r: the request
 *
 * Nothing is built yet; a source that is missing is fetched. Dies if the source
 * can't be had, a patch does not apply, or a step is asked for that is not there.
 */
void image_open(struct image *i, const struct request *r)
{
	__auto_strv struct strv steps = { 0 };

	*i = (struct image){ 0 };
	kernel_check_config(r);
	tree_check_patches(r);
	plan_read(&i->plan, r);
	plan_chosen(&i->plan, r, &steps);
	tree_open(&i->tree, r);
	kernel_name(&i->kernel, r, &i->tree);
}

/**
 * image_build - have it
 * @i: from image_open()
 *
 * Builds only what is not in the cache. Dies if it does not build.
 */
void image_build(struct image *i)
{
	kernel_build(&i->kernel, &i->tree);
	i->initramfs = initramfs_build(&i->kernel, &i->tree, &i->plan);
}
