// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest does: the table initramfs/plan, and those of the user's suites.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "build/kernel.h"
#include "options.h"
#include "build/plan.h"

static bool is_option(const char *need)
{
	return !strncmp(need, "CONFIG_", strlen("CONFIG_"));
}

static void check_needs(const char *path, const char *step, const char *needs)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, needs, ",");
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(needs, "-") && strcmp(all.v[i], "series") && !is_option(all.v[i]))
			die("%s: step %s needs '%s', which is not 'series', a CONFIG_ option or '-'",
			    path, step, all.v[i]);
}

static void add_step(struct plan *p, const char *path, const char *line)
{
	__auto_strv struct strv w = { 0 };

	strv_split(&w, line, " \t");
	if (!w.n || w.v[0][0] == '#')
		return;
	if (w.n == 4)
		strv_add(&w, "-");
	if (w.n != 5)
		die("%s: '%s' has not the columns step, module, program, suites and, if it will, needs",
		    path, line);
	check_needs(path, w.v[0], w.v[4]);
	p->steps = reallocarray(p->steps, p->n + 1, sizeof(*p->steps));
	p->steps[p->n++] = (struct step){ copy(w.v[0]), copy(w.v[1]), copy(w.v[2]),
					  copy(w.v[3]), copy(w.v[4]) };
}

static void add_file(struct plan *p, const char *path)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *text = read_file(path, NULL);
	char *more;

	if (!text)
		die("cannot read %s: a folder of suites needs a plan", path);
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		add_step(p, path, lines.v[i]);
	more = fmt("%s%s", p->text ? p->text : "", text);
	free(p->text);
	p->text = more;
}

/**
 * plan_read - read every table of steps
 * @p: gets them
 */
void plan_read(struct plan *p)
{
	__auto_strv struct strv dirs = { 0 };
	__auto_free char *own = fmt("%s/initramfs/plan", source_dir());

	*p = (struct plan){ 0 };
	add_file(p, own);
	strv_split(&dirs, opt.suites, " ");
	for (size_t i = 0; i < dirs.n; i++) {
		__auto_free char *path = fmt("%s/plan", dirs.v[i]);

		add_file(p, path);
	}
}

const struct step *plan_find(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->steps[i].name, name))
			return &p->steps[i];
	return NULL;
}

static bool is_there(const char *need)
{
	if (!is_option(need))
		return options_whole_series();
	for (size_t i = 0; opt.arch[i]; i++)
		if (!kernel_asks_for(opt.arch[i], need))
			return false;
	return true;
}

/* What a step needs and the kernels that were asked for lack, or NULL */
static char *lacks(const struct step *s)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, strcmp(s->needs, "-") ? s->needs : "", ",");
	for (size_t i = 0; i < all.n; i++)
		if (!is_there(all.v[i]))
			return copy(all.v[i]);
	return NULL;
}

static void __noreturn no_step(const struct plan *p, const char *name)
{
	char *all = copy("");

	for (size_t i = 0; i < p->n; i++)
		all = fmt("%s %s", all, p->steps[i].name);
	die("PLAN=%s: no such step, there are:%s", name, all);
}

/**
 * plan_chosen - the steps that PLAN= names, or all that the kernel can do
 * @p: the plan
 * @names: gets their names
 *
 * Dies of a name that is not there, and of a step that the kernel can't do.
 */
void plan_chosen(const struct plan *p, struct strv *names)
{
	strv_split(names, opt.plan, ", ");
	for (size_t i = 0; i < names->n; i++) {
		const struct step *s = plan_find(p, names->v[i]);
		__auto_free char *need = s ? lacks(s) : NULL;

		if (!s)
			no_step(p, names->v[i]);
		if (need && is_option(need))
			die("PLAN=%s: the step needs %s, which CONFIG=%s does not have",
			    s->name, need, opt.config);
		if (need)
			die("PLAN=%s: the step needs the series, which SERIES=none leaves out",
			    s->name);
	}
	for (size_t i = 0; !*opt.plan && i < p->n; i++) {
		__auto_free char *need = lacks(&p->steps[i]);

		if (!need)
			strv_add(names, "%s", p->steps[i].name);
	}
	if (!names->n)
		die("there is no step that this kernel can do");
}
