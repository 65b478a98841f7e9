/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_IMAGE_H
#define RESPAWN_IMAGE_H

#include "build/focus.h"
#include "build/kernel.h"
#include "build/plan.h"
#include "build/request.h"
#include "build/tree.h"

/**
 * struct image - what a guest boots, and where it comes from
 * @asked: the request, as it was before anything was chosen; empty if nothing was left
 *	to be chosen
 * @tree: source of the kernel
 * @focus: what of it matters more than the rest
 * @plan: all steps there are
 * @kernel: the kernel
 * @initramfs: path of what it boots into
 * @told: what the record says of it that it is of; NULL if it was made for a request
 */
struct image {
	struct request asked;
	struct tree tree;
	struct focus focus;
	struct plan plan;
	struct kernel kernel;
	char *initramfs;
	const json_t *told;
};

void image_open(struct image *i, const struct request *r);
void image_build(struct image *i);

#endif /* RESPAWN_IMAGE_H */
