// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest does: the table initramfs/plan, and those of the user's suites.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "plan.h"

static void add_step(struct plan *p, const char *path, const char *line)
{
	__auto_strv struct strv w = { 0 };
	const char *needs;

	strv_split(&w, line, " \t");
	if (!w.n || w.v[0][0] == '#')
		return;
	if (w.n != 4 && w.n != 5)
		die("%s: '%s' has not the columns step, module, program, suites and, if it will, needs",
		    path, line);
	needs = w.n == 5 ? w.v[4] : "-";
	if (strcmp(needs, "-") && strcmp(needs, "series"))
		die("%s: step %s needs '%s', which can only be 'series' or '-'", path,
		    w.v[0], needs);
	p->steps = reallocarray(p->steps, p->n + 1, sizeof(*p->steps));
	p->steps[p->n++] = (struct step){ copy(w.v[0]), copy(w.v[1]), copy(w.v[2]),
					  copy(w.v[3]), *needs != '-' };
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

/* Can the kernel that was asked for do this step? */
static bool is_possible(const struct step *s)
{
	return options_series() || !s->series;
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
 * Dies of a name that is not there, and of a step that needs the series where
 * there is none.
 */
void plan_chosen(const struct plan *p, struct strv *names)
{
	strv_split(names, opt.plan, ", ");
	for (size_t i = 0; i < names->n; i++) {
		const struct step *s = plan_find(p, names->v[i]);

		if (!s)
			no_step(p, names->v[i]);
		if (!is_possible(s))
			die("PLAN=%s: the step needs the series, which SERIES=none leaves out",
			    s->name);
	}
	for (size_t i = 0; !*opt.plan && i < p->n; i++)
		if (is_possible(&p->steps[i]))
			strv_add(names, "%s", p->steps[i].name);
}
