/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PLAN_H
#define RESPAWN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "build/request.h"
#include "lib/util.h"

/* What a step is */
enum step_kind {
	STEP_SUITE,		/* a module that reports by itself */
	STEP_DRIVER,		/* a program that works on a module, and reports */
	STEP_STRESS,		/* a driver whose seed is a schedule */
};

/* Modules that the steps or init load besides those that the plan names */
#define PLAN_BESIDES	"steer", "snapshot", "visitor"

/**
 * struct step - something a guest can be asked to do
 * @name: what PLAN= calls it
 * @module: kernel module that is loaded for it, or "-"
 * @program: program that is run then, or "-"
 * @suites: KTAP suites that have to report, comma separated, or "-"
 * @needs: what the kernel has to have for it, comma separated: "series",
 *	options that the configuration asks for; or "-"
 * @kind: what it is
 * @once: it is the same whatever becomes of the threads of a dead CPU
 */
struct step {
	char *name;
	char *module;
	char *program;
	char *suites;
	char *needs;
	enum step_kind kind;
	bool once;
};

/**
 * struct plan - all the steps an image has
 * @steps: in the order they are done in
 * @n: how many
 * @text: the same as init reads it
 * @dirs: folders that sources of modules and programs come from
 */
struct plan {
	struct step *steps;
	size_t n;
	char *text;
	struct strv dirs;
};

void plan_read(struct plan *p, const struct request *r);
void plan_parse(struct plan *p, const char *path, const char *text);
void plan_chosen(const struct plan *p, const struct request *r, const char *config,
		 struct strv *names);
char *plan_program(const struct plan *p, const char *name);
const struct step *plan_find(const struct plan *p, const char *name);
const struct step *plan_stress(const struct plan *p);
char *plan_step_lacks(const struct step *s, const struct request *r, const char *config);
char *plan_lacks(const struct plan *p, const struct request *r, const char *config);
bool plan_is_stress(const struct plan *p, const struct strv *names);

#endif /* RESPAWN_PLAN_H */
