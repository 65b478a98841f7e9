/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PLAN_H
#define RESPAWN_PLAN_H

#include <stddef.h>

#include "lib/util.h"

/**
 * struct step - something a guest can be asked to do
 * @name: what PLAN= calls it
 * @module: kernel module that is loaded for it, or "-"
 * @program: program that is run then, or "-"
 * @suites: KTAP suites that have to report, comma separated, or "-"
 * @needs: what the kernel has to have for it, comma separated: "series",
 *	options that the configuration asks for; or "-"
 */
struct step {
	char *name;
	char *module;
	char *program;
	char *suites;
	char *needs;
};

/**
 * struct plan - all the steps an image has
 * @steps: in the order they are done in
 * @n: how many
 * @text: the same as init reads it
 */
struct plan {
	struct step *steps;
	size_t n;
	char *text;
};

void plan_read(struct plan *p);
void plan_chosen(const struct plan *p, struct strv *names);
const struct step *plan_find(const struct plan *p, const char *name);

#endif /* RESPAWN_PLAN_H */
