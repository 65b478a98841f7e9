// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest does: the table initramfs/plan, and those of the user's suites.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "build/kernel.h"
#include "lib/host.h"
#include "build/plan.h"

static bool is_option(const char *need)
{
	return !strncmp(need, "CONFIG_", strlen("CONFIG_"));
}

/* What a user brings with a variable of that name */
static const char *brought(const struct request *r, const char *need)
{
	if (!strcmp(need, "KUNITCONFIG"))
		return r->kunitconfig;
	return !strcmp(need, "SELFTESTS") ? r->selftests : NULL;
}

static bool is_need(const char *need)
{
	static const struct request none = { .kunitconfig = "", .selftests = "" };

	return !strcmp(need, "-") || !strcmp(need, "series") || is_option(need) ||
	       brought(&none, need);
}

static void check_needs(const char *path, const char *step, const char *needs)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, needs, ",");
	for (size_t i = 0; i < all.n; i++)
		if (!is_need(all.v[i]))
			die("%s: step %s needs '%s', which is not 'series', 'KUNITCONFIG', 'SELFTESTS', a CONFIG_ option or '-'",
			    path, step, all.v[i]);
}

/* Columns from the right may be left out; these stand for them. */
static const char *const usual[] = { [4] = "-", [5] = "suite", [6] = "both" };

static enum step_kind kind_of(const char *path, const struct strv *w)
{
	static const char *const kinds[] = {
		[STEP_SUITE] = "suite", [STEP_DRIVER] = "driver", [STEP_STRESS] = "stress",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(w->v[5], kinds[i]))
			return i;
	die("%s: step %s is a '%s', which is not 'suite', 'driver' or 'stress'", path, w->v[0],
	    w->v[5]);
}

static void add_step(struct plan *p, const char *path, const char *line)
{
	__auto_strv struct strv w = { 0 };

	strv_split(&w, line, " \t");
	if (!w.n || w.v[0][0] == '#')
		return;
	if (w.n < 4 || w.n > ARRAY_SIZE(usual))
		die("%s: '%s' has not the columns step, module, program, suites and, if it will, needs, kind, smpboot",
		    path, line);
	while (w.n < ARRAY_SIZE(usual))
		strv_add(&w, "%s", usual[w.n]);
	check_needs(path, w.v[0], w.v[4]);
	if (!has_word("both once", " ", w.v[6]))
		die("%s: step %s runs '%s', which is neither 'both' nor 'once'", path, w.v[0],
		    w.v[6]);
	if (plan_find(p, w.v[0]))
		die("%s: there is a step %s already", path, w.v[0]);
	p->steps = reallocarray(p->steps, p->n + 1, sizeof(*p->steps));
	if (!p->steps)
		die("out of memory");
	p->steps[p->n++] = (struct step){
		.name = copy(w.v[0]), .module = copy(w.v[1]), .program = copy(w.v[2]),
		.suites = copy(w.v[3]), .needs = copy(w.v[4]), .kind = kind_of(path, &w),
		.once = !strcmp(w.v[6], "once"),
	};
}

static void add_text(struct plan *p, const char *path, const char *text)
{
	__auto_strv struct strv lines = { 0 };
	char *more;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		add_step(p, path, lines.v[i]);
	more = fmt("%s%s", p->text ? p->text : "", text);
	free(p->text);
	p->text = more;
}

static void add_file(struct plan *p, const char *path)
{
	__auto_free char *text = read_file(path, NULL);

	if (!text)
		die("cannot read %s: a folder of suites needs a plan", path);
	add_text(p, path, text);
}

/* A program is a file NAME.c, a folder NAME with a main.c, or a script NAME.sh. */
static bool has_program(const char *dir, const char *name)
{
	__auto_free char *file = fmt("%s/%s.c", dir, name);
	__auto_free char *in_folder = fmt("%s/%s/main.c", dir, name);
	__auto_free char *script = fmt("%s/%s.sh", dir, name);

	return exists(file) || exists(in_folder) || exists(script);
}

/* The folders that have a program of this name, ours before the user's */
static void program_folders(const struct plan *p, const char *name, struct strv *found)
{
	for (size_t i = 0; i < p->dirs.n; i++) {
		/* The folder of modules that come with respawn has no programs. */
		__auto_free char *dir = i ? copy(p->dirs.v[i]) : fmt("%s/initramfs", host_source());

		if (has_program(dir, name))
			strv_add(found, "%s", dir);
	}
}

/**
 * plan_program - where a program of a guest comes from
 * @p: the plan
 * @name: of the program
 *
 * Dies if no folder has it.
 *
 * Return: the folder, to be freed
 */
char *plan_program(const struct plan *p, const char *name)
{
	__auto_strv struct strv found = { 0 };

	program_folders(p, name, &found);
	if (!found.n)
		die("program %s, which a plan names, is in no folder of suites: %s.c, %s/main.c or %s.sh is wanted",
		    name, name, name, name);
	return copy(found.v[0]);
}

/* A program of a user's step: there is one, and it is not hidden by another. */
static void check_program(const struct plan *p, const char *name)
{
	__auto_strv struct strv found = { 0 };

	if (!strcmp(name, "-"))
		return;
	free(plan_program(p, name));
	program_folders(p, name, &found);
	if (found.n > 1)
		die("program %s, which a plan names, is in %s and in %s: call one of them otherwise",
		    name, found.v[0], found.v[1]);
}

/* What a line of a Kbuild has after "obj-m +=" and its kin; nothing if it is another one */
static const char *objects(const char *line)
{
	const char *eq;

	line += strspn(line, " \t");
	eq = strncmp(line, "obj-", strlen("obj-")) ? NULL : strchr(line, '=');
	return eq ? eq + 1 : "";
}

static char *kbuild_text(const char *dir)
{
	__auto_free char *kbuild = fmt("%s/Kbuild", dir), *makefile = fmt("%s/Makefile", dir);
	char *text = read_file(kbuild, NULL) ?: read_file(makefile, NULL);

	for (char *at = text; at && (at = strstr(at, "\\\n")); )
		memset(at, ' ', 2);
	return text;
}

static void folder_modules(const char *dir, struct strv *names);

/* "a.o" is a module, "b/" a folder with a Kbuild of its own. */
static void object_modules(const char *dir, const char *word, struct strv *names)
{
	const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
	__auto_free char *below = fmt("%s/%.*s", dir, (int)(name - word), word);

	if (has_end(name, ".o"))
		strv_add(names, "%.*s", (int)(strlen(name) - strlen(".o")), name);
	else if (slash && !*name && *word != '.' && *word != '/')
		folder_modules(below, names);
}

/*
 * The modules that the Kbuild of a folder names, whatever it makes them on condition of. What
 * it works out otherwise, make alone knows, and it is found when all is built.
 */
static void folder_modules(const char *dir, struct strv *names)
{
	__auto_free char *text = kbuild_text(dir);
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, text ?: "", "\n");
	for (size_t i = 0; i < lines.n; i++) {
		__auto_strv struct strv words = { 0 };

		lines.v[i][strcspn(lines.v[i], "#")] = '\0';
		strv_split(&words, objects(lines.v[i]), " \t");
		for (size_t k = 0; k < words.n; k++)
			object_modules(dir, words.v[k], names);
	}
}

static bool is_loaded(const struct plan *p, const char *module)
{
	static const char *const besides[] = { PLAN_BESIDES };
	bool is = false;

	for (size_t i = 0; i < ARRAY_SIZE(besides); i++)
		is |= !strcmp(besides[i], module);
	for (size_t i = 0; i < p->n; i++)
		is |= !strcmp(p->steps[i].module, module);
	return is;
}

/* A module that a guest loads is of one folder, too. */
static void check_modules(const struct plan *p)
{
	__auto_strv struct strv known = { 0 }, from = { 0 };

	for (size_t i = 0; p->dirs.n > 1 && i < p->dirs.n; i++) {
		__auto_strv struct strv names = { 0 };
		size_t before = known.n;

		folder_modules(p->dirs.v[i], &names);
		for (size_t k = 0; k < names.n; k++) {
			for (size_t n = 0; n < before; n++)
				if (!strcmp(known.v[n], names.v[k]) && is_loaded(p, names.v[k]))
					die("module %s is made in %s and in %s: call one of them otherwise",
					    names.v[k], from.v[n], p->dirs.v[i]);
			strv_add(&known, "%s", names.v[k]);
			strv_add(&from, "%s", p->dirs.v[i]);
		}
	}
}

/**
 * plan_read - read every table of steps
 * @p: gets them
 * @r: whose SUITES= may bring more
 *
 * Dies if a program of theirs is missing, or a program or a module in two folders.
 */
void plan_read(struct plan *p, const struct request *r)
{
	__auto_free char *own = fmt("%s/initramfs/plan", host_source());
	size_t ours;

	*p = (struct plan){ 0 };
	add_file(p, own);
	ours = p->n;
	strv_add(&p->dirs, "%s/kunit", host_source());
	strv_split(&p->dirs, r->suites, " ");
	for (size_t i = 1; i < p->dirs.n; i++) {
		__auto_free char *path = fmt("%s/plan", p->dirs.v[i]);

		add_file(p, path);
	}
	for (size_t i = ours; i < p->n; i++)
		check_program(p, p->steps[i].program);
	check_modules(p);
}

/**
 * plan_parse - read a table of steps that an image has
 * @p: gets them; nobody knows any more which folders they came from
 * @path: what has the table, for people
 * @text: the table
 *
 * Dies if it is none.
 */
void plan_parse(struct plan *p, const char *path, const char *text)
{
	*p = (struct plan){ 0 };
	add_text(p, path, text);
}

/**
 * plan_find - a step by its name
 * @p: the plan
 * @name: the name
 *
 * Return: the step, or NULL if there is none
 */
const struct step *plan_find(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->steps[i].name, name))
			return &p->steps[i];
	return NULL;
}

/**
 * plan_is_stress - is this a stress run?
 * @p: the plan
 * @names: the steps that it has
 *
 * Return: whether a stress step is all there is
 */
bool plan_is_stress(const struct plan *p, const struct strv *names)
{
	const struct step *s = names->n == 1 ? plan_find(p, names->v[0]) : NULL;

	return s && s->kind == STEP_STRESS;
}

/**
 * plan_stress - the stress run
 * @p: the plan
 *
 * Return: the first step that is one, or NULL if there is none
 */
const struct step *plan_stress(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].kind == STEP_STRESS)
			return &p->steps[i];
	return NULL;
}

/**
 * plan_step_lacks - can a kernel do a step?
 * @s: the step
 * @r: the kernel's request
 * @config: from kernel_config(); NULL, where it is not known yet, has all options
 *
 * Return: what the step needs and the kernel lacks, to be freed, or NULL
 */
char *plan_step_lacks(const struct step *s, const struct request *r, const char *config)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, strcmp(s->needs, "-") ? s->needs : "", ",");
	for (size_t i = 0; i < all.n; i++) {
		const char *variable = brought(r, all.v[i]);

		if (is_option(all.v[i]) ? config && !kernel_asks_for(config, all.v[i]) :
		    variable ? !*variable : !request_has_whole_series(r))
			return copy(all.v[i]);
	}
	return NULL;
}

/**
 * plan_lacks - does a request name a step that its kernel can't do?
 * @p: the plan
 * @r: the request, with steps that are there
 * @config: as for plan_step_lacks()
 *
 * Return: what the first one needs and the kernel lacks, to be freed, or NULL
 */
char *plan_lacks(const struct plan *p, const struct request *r, const char *config)
{
	__auto_strv struct strv names = { 0 };
	char *need = NULL;

	strv_split(&names, r->plan, ", ");
	for (size_t i = 0; !need && i < names.n; i++)
		need = plan_step_lacks(plan_find(p, names.v[i]), r, config);
	return need;
}

static void __noreturn no_step(const struct plan *p, const char *name)
{
	__auto_strv struct strv all = { 0 };
	__auto_free char *names = NULL;

	for (size_t i = 0; i < p->n; i++)
		strv_add(&all, "%s", p->steps[i].name);
	names = strv_join(&all, " ");
	die("PLAN=%s: no such step, there are: %s", name, names);
}

/* Dies of a step that is not there, or that the kernel can't do. */
static void check_step(const struct plan *p, const struct request *r, const char *config,
		       const char *name)
{
	const struct step *s = plan_find(p, name);
	__auto_free char *need = NULL;

	if (!s)
		no_step(p, name);
	need = plan_step_lacks(s, r, config);
	if (need && is_option(need))
		die("PLAN=%s: the step needs %s, which CONFIG=%s does not have", s->name, need,
		    r->config);
	if (need && strcmp(need, "series"))
		die("PLAN=%s: the step needs %s=, which says what to run", s->name, need);
	if (need)
		die("PLAN=%s: the step needs the series, which SERIES=none leaves out", s->name);
}

/**
 * plan_chosen - the steps that a request names, or all that its kernel can do
 * @p: the plan
 * @r: the request
 * @config: as for plan_step_lacks()
 * @names: gets their names
 *
 * Dies of a name that is not there, and of a step that the kernel can't do.
 */
void plan_chosen(const struct plan *p, const struct request *r, const char *config,
		 struct strv *names)
{
	strv_split(names, r->plan, ", ");
	if (*r->plan && !names->n)
		die("PLAN=%s: this names no step", r->plan);
	for (size_t i = 0; i < names->n; i++)
		check_step(p, r, config, names->v[i]);
	for (size_t i = 0; !*r->plan && i < p->n; i++) {
		__auto_free char *need = plan_step_lacks(&p->steps[i], r, config);

		if (!need)
			strv_add(names, "%s", p->steps[i].name);
	}
	if (!names->n)
		die("there is no step that this kernel can do");
}
