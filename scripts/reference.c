// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference, the manual page and the shell's completion: what the program's tables
 * have in them, for people and for shells.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "../kunit/steer/steer_names.h"
#include "build/plan.h"
#include "cmd/cmd.h"
#include "judge/events.h"
#include "judge/trouble.h"
#include "lib/host.h"
#include "lib/util.h"
#include "options.h"
#include "report/report.h"

/* Of what is printed, in a comment of its kind; here the whole of it would be a tag. */
static void license(const char *before, const char *after)
{
	printf("%s%s-Identifier: GPL-2.0-only%s\n", before, "SPDX-License", after);
}

/**
 * struct entry - a command, as the table of these has it
 * @kind: CHECK, JOB, LOOK, STEP or INNER
 * @name: the word for it
 * @defaults: variables whose default is another one for it, or NULL
 * @help: what it does
 */
static const struct entry {
	const char *kind;
	const char *name;
	const char *defaults;
	const char *help;
} entries[] = {
#define ROW(kind, word, fn, defaults, help)	{ #kind, word, defaults, help },
	COMMANDS(ROW)
};

static bool is_target(const struct entry *e)
{
	return !has_word("STEP INNER", " ", e->kind);
}

/* ---- what there is ----------------------------------------------------------------- */

/* Names of files of respawn's own, without what comes before and after */
static void add_files(struct strv *names, const char *before, const char *after)
{
	__auto_free char *pattern = fmt("%s/%s*%s", host_source(), before, after);
	size_t head = strlen(host_source()) + 1 + strlen(before);
	glob_t g;

	if (glob(pattern, 0, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		strv_add(names, "%.*s", (int)(strlen(g.gl_pathv[i]) - head - strlen(after)),
			 g.gl_pathv[i] + head);
	globfree(&g);
}

static void add_arches(const struct options *o, struct strv *v)
{
	const struct arch *a = NULL;

	(void)o;
	while ((a = arch_next(a)))
		strv_add(v, "%s", a->name);
}

static void add_flavours(const struct options *o, struct strv *v)
{
	(void)o;
	strv_add(v, "default");
	add_files(v, "configs/flavour-", ".config");
}

static void add_pins(const struct options *o, struct strv *v)
{
	(void)o;
	add_files(v, "kernel-patch/pin-", "");
}

static void add_bugs(const struct options *o, struct strv *v)
{
	(void)o;
	add_files(v, "tests/bugs/", ".patch");
}

static void add_steps(const struct options *o, struct strv *v)
{
	struct plan p;

	plan_read(&p, &o->request);
	for (size_t i = 0; i < p.n; i++)
		strv_add(v, "%s", p.steps[i].name);
}

static void add_ops(const struct options *o, struct strv *v)
{
	__auto_free char *all = events_all_ops();

	(void)o;
	strv_split(v, all, " ");
}

static void add_formats(const struct options *o, struct strv *v)
{
	(void)o;
	strv_split(v, report_names(), " ");
}

static void add_records(const struct options *o, struct strv *v)
{
	__auto_free char *pattern = fmt("%s/runs/*-seed*", o->out);
	glob_t g;

	if (glob(pattern, 0, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		strv_add(v, "%s", g.gl_pathv[i]);
	globfree(&g);
}

/* Values of variables that are not in the table of these */
static const struct {
	const char *variable;
	void (*add)(const struct options *o, struct strv *v);
} values[] = {
	{ "ARCH", add_arches }, { "CONFIG", add_flavours }, { "PIN", add_pins },
	{ "PLAN", add_steps }, { "BUGS", add_bugs }, { "OPS", add_ops },
	{ "FORMAT", add_formats }, { "RUN", add_records },
};

/* Which values a variable may have, as far as they can be listed */
static void values_of(const struct options *o, const struct field *f, struct strv *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!strcmp(values[i].variable, f->name))
			values[i].add(o, v);
	if (f->kind == FIELD_CHOICE)
		strv_split(v, f->choices, " ");
	if (f->kind == FIELD_SWITCH)
		strv_split(v, "0 1", " ");
}

/* ---- completion -------------------------------------------------------------------- */

static const char bash[] =
	"# Completion of 'respawn' and, in respawn's folder, of 'make'.\n"
	"_respawn() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} word tool\n"
	"\tword=${line##*[[:space:]]}\n"
	"\tCOMPREPLY=()\n"
	"\ttool=$(type -P respawn || echo build/respawn)\n"
	"\t[ \"$1\" = make ] && tool=build/respawn\n"
	"\tif [ ! -x \"$tool\" ] || [ \"$1\" = make -a ! -f kernel-patch/pin ]; then\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tlocal IFS=$'\\n' all\n"
	"\tall=$(RESPAWN_WORD=$word \"$tool\" complete 2>/dev/null)\n"
	"\t# What stands before a '=' is no part of the word for bash.\n"
	"\tcase $word in *=*) all=$(printf '%s\\n' \"$all\" | cut -d= -f2-) ;; esac\n"
	"\tCOMPREPLY=($all)\n"
	"\tcase ${COMPREPLY[0]} in *=) compopt -o nospace ;; esac\n"
	"}\n"
	"complete -o default -F _respawn respawn make\n";

int cmd_completion(const struct options *o)
{
	(void)o;
	fputs(bash, stdout);
	return EXIT_PASS;
}

/* Lists have commas: the last part is what is being typed. */
static void complete_value(const struct options *o, const struct field *f, const char *value)
{
	const char *comma = strrchr(value, ','), *part = comma ? comma + 1 : value;
	__auto_strv struct strv all = { 0 };

	values_of(o, f, &all);
	for (size_t i = 0; i < all.n; i++)
		if (!strncmp(all.v[i], part, strlen(part)))
			printf("%s=%.*s%s\n", f->name, (int)(part - value), value, all.v[i]);
}

/**
 * cmd_complete - print what may stand where a word has begun
 * @o: what the user asked for
 *
 * Called by the completion of a shell, which has the word in RESPAWN_WORD.
 *
 * Return: EXIT_PASS
 */
int cmd_complete(const struct options *o)
{
	const char *word = getenv("RESPAWN_WORD") ?: "", *value = strchr(word, '=');
	const struct field *f;

	for (size_t i = 0; (f = options_field(i)); i++) {
		size_t len = strlen(f->name);

		if (!value && !strncmp(f->name, word, strlen(word)))
			printf("%s=\n", f->name);
		else if (value && (size_t)(value - word) == len && !strncmp(f->name, word, len))
			complete_value(o, f, value + 1);
	}
	for (size_t i = 0; !value && i < ARRAY_SIZE(entries); i++)
		if (is_target(&entries[i]) && !strncmp(entries[i].name, word, strlen(word)))
			printf("%s\n", entries[i].name);
	return EXIT_PASS;
}

/* ---- words of Markdown -------------------------------------------------------------- */

/* In a cell of a table a bar ends it, and an angle bracket hides what follows. */
static char *cell(const char *text, bool code)
{
	char *to = malloc(2 * strlen(text) + 1), *at = to;

	if (!to)
		die("out of memory");
	for (; *text; text++) {
		if (*text == '|' || (*text == '<' && !code))
			*at++ = '\\';
		*at++ = *text;
	}
	*at = '\0';
	return to;
}

static void row(const char *name, const char *text)
{
	__auto_free char *what = cell(text, false);

	printf("| `%s` | %s |\n", name, what);
}

static void command_row(const struct entry *e)
{
	__auto_free char *what = cell(e->help, false);

	printf("| `%s` | %s | %s%s%s |\n", e->name, what, e->defaults ? "`" : "",
	       e->defaults ?: "", e->defaults ? "`" : "");
}

/* What make does by itself: in its file a comment of two blanks says so. */
static void makefile_targets(void (*show)(const char *name, const char *help))
{
	__auto_free char *path = fmt("%s/Makefile", host_source()), *text = read_file(path, NULL);
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, text ?: "", "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *colon = strstr(lines.v[i], ": ");

		if (strncmp(lines.v[i], "#  ", 3) || !colon)
			continue;
		*colon = '\0';
		show(lines.v[i] + 3, colon + 2);
	}
}

/* ---- the reference ----------------------------------------------------------------- */

static char *joined(const struct options *o, const struct field *f)
{
	__auto_strv struct strv v = { 0 }, none = { 0 };

	/* What lies in the user's folder is not of the program. */
	if (strcmp(f->name, "RUN") && strcmp(f->name, "OPS"))
		values_of(o, f, &v);
	return strv_join(v.n ? &v : &none, ", ");
}

static void variables(const struct options *o)
{
	const struct field *f;

	printf("\n## Variables\n\nA default may be another one for a command, see above. Where it says who reads a variable, to others it may not be said.\n\n"
	       "| variable | default | values | what it is | read by |\n|---|---|---|---|---|\n");
	for (size_t i = 0; (f = options_field(i)); i++) {
		__auto_free char *all = joined(o, f), *what = cell(f->help, false);

		printf("| `%s` | %s%s%s | %s | %s | %s |\n", f->name, *f->def ? "`" : "",
		       f->def, *f->def ? "`" : "", all, what, f->of ?: "");
	}
}

static void steps(const struct options *o)
{
	struct plan p;

	plan_read(&p, &o->request);
	printf("\n## Steps\n\n| step | suites | needs |\n|---|---|---|\n");
	for (size_t i = 0; i < p.n; i++)
		printf("| `%s` | %s | %s |\n", p.steps[i].name, p.steps[i].suites,
		       p.steps[i].needs);
}

static char *first_comment(const char *path)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *text = read_file(path, NULL);

	strv_split(&lines, text ? text : "", "\n");
	return copy(lines.n > 1 && !strncmp(lines.v[1], "# ", 2) ? lines.v[1] + 2 : "");
}

static void flavours(void)
{
	__auto_strv struct strv names = { 0 };

	add_files(&names, "configs/flavour-", ".config");
	printf("\n## Flavours\n\n| `CONFIG=` | what it is good at |\n|---|---|\n"
	       "| `default` | speed |\n");
	for (size_t i = 0; i < names.n; i++) {
		__auto_free char *path = fmt("%s/configs/flavour-%s.config", host_source(),
					     names.v[i]);
		__auto_free char *what = first_comment(path);

		row(names.v[i], what);
	}
}

static void architectures(void)
{
	const struct arch *a = NULL;

	printf("\n## Architectures\n\n| `ARCH=` | QEMU | virtual time | snapshots | without `ARCH=` |\n|---|---|---|---|---|\n");
	while ((a = arch_next(a)))
		printf("| `%s` | `%s -M %s` | %s | %s | %s |\n", a->name, a->qemu,
		       a->qemu_machine, a->icount ? "yes" : "no", a->resumes ? "yes" : "no",
		       a->by_name ? "no" : "yes");
}

static void steering(void)
{
#define PARAMETER(name, def, what)	\
	printf("| `%s` | %u | %s |\n", #name, (unsigned int)(def), what);
	printf("\n## Parameters of strategies\n\n| `STEER=` | default | what it is |\n|---|---|---|\n");
	STEER_PARAMETERS(PARAMETER)
	printf("| `only` | `0-ffff` | parts of all that is drawn at which CPUs give way, of `random`, `burst` and `hold`; minimise finds them |\n");
}

static void trouble(void)
{
	printf("\n## Trouble\n\nWhat a kernel says when it is in trouble, by the first row that matches.\n\n"
	       "| row | what it means | words |\n|---|---|---|\n");
	for (size_t i = 0; i < trouble_rows; i++) {
		const struct trouble_row *r = &trouble_table[i];
		__auto_free char *words = cell(r->text, true), *what = cell(r->what, false);
		__auto_free char *more = cell(r->text2 ?: "", true);

		printf("| `%s` | %s | `%s`%s%s%s |\n", r->id, what, words,
		       *more ? " ... `" : "", more, *more ? "`" : "");
	}
}

static void list_of(const char *title, const char *intro,
		    void (*add)(const struct options *o, struct strv *v), const struct options *o)
{
	__auto_strv struct strv v = { 0 };

	add(o, &v);
	printf("\n## %s\n\n%s", title, intro);
	for (size_t i = 0; i < v.n; i++)
		printf("%s`%s`", i ? ", " : "", v.v[i]);
	printf("\n");
}

/**
 * cmd_reference - print docs/reference.md
 * @o: all defaults
 *
 * Return: EXIT_PASS
 */
int cmd_reference(const struct options *o)
{
	license("<!-- ", " -->");
	printf("# Reference\n\n"
	       "Made from the program's own tables, by `build/respawn reference`.\n\n"
	       "## Targets\n\n| `make` | what it does | defaults of its own |\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (is_target(&entries[i]))
			command_row(&entries[i]);
	printf("\nOf the Makefile alone:\n\n| `make` | what it does |\n|---|---|\n");
	makefile_targets(row);
	printf("\nOf the program alone:\n\n| `build/respawn` | what it does | defaults of its own |\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (!is_target(&entries[i]))
			command_row(&entries[i]);
	variables(o);
	steps(o);
	flavours();
	architectures();
	steering();
	list_of("Operations of the stress driver", "Of `OPS=`: ",
		add_ops, o);
	list_of("Formats of reports", "`FORMAT=` of `make report`: ", add_formats, o);
	trouble();
	return EXIT_PASS;
}

/* ---- the manual page --------------------------------------------------------------- */

/* What roff would take for itself */
static void roff(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static void man_item(const char *name, const char *value, const char *text)
{
	printf(".TP\n.B ");
	roff(name);
	printf("\n");
	roff(text);
	if (*value) {
		printf(" [");
		roff(value);
		printf("]");
	}
	printf("\n");
}

static void man_target(const char *name, const char *help)
{
	man_item(name, "", help);
}

static const char man_head[] =
	".\\\" Made from the program's own tables, by 'build/respawn man'.\n"
	".TH RESPAWN 1\n.SH NAME\n"
	"respawn \\- test the life of kernel threads under CPU hotplug, in QEMU\n"
	".SH SYNOPSIS\n.B make\n.I target\n.RI [ NAME=value ]...\n.br\n"
	".B respawn\n.I command\n.RB [ \\-s ]\n.RI [ NAME=value ]...\n"
	".SH DESCRIPTION\n"
	"respawn builds a small Linux kernel, boots it in QEMU, takes CPUs offline and online while the threads of these\n"
	"CPUs are destroyed and respawned, and says what broke. A stress run is deterministic: its seed names the schedule,\n"
	"and the same seed shows the same failure to the last bit.\n";

static const char man_tail[] =
	".SH EXIT STATUS\n"
	".TP\n.B 0\nall passed\n"
	".TP\n.B 1\na test failed, or a guest crashed or hung\n"
	".TP\n.B 2\nthe harness, the host or the usage is at fault\n"
	".TP\n.B 125\nbisect\\-step: the commit can't be tested\n"
	".TP\n.B 128\nbisect\\-step: the harness failed, and the bisect has to stop\n"
	".SH FILES\n"
	".TP\n.I ${XDG_CACHE_HOME:\\-~/.cache}/respawn\nsources, kernels, images, snapshots\n"
	".TP\n.I build/runs\nrecords of runs\n"
	".SH SEE ALSO\ndocs/manual.md, docs/reference.md, docs/record.md and docs/found.md of respawn's folder\n";

/**
 * cmd_man - print docs/respawn.1
 * @o: all defaults
 *
 * Return: EXIT_PASS
 */
int cmd_man(const struct options *o)
{
	const struct field *f;

	(void)o;
	license(".\\\" ", "");
	fputs(man_head, stdout);
	printf(".SH TARGETS\n");
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (is_target(&entries[i]))
			man_item(entries[i].name, entries[i].defaults ?: "", entries[i].help);
	makefile_targets(man_target);
	printf(".SH OTHER COMMANDS\nOf the program alone.\n");
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (!is_target(&entries[i]))
			man_item(entries[i].name, entries[i].defaults ?: "", entries[i].help);
	printf(".SH VARIABLES\nOn the command line, or in the environment.\n");
	for (size_t i = 0; (f = options_field(i)); i++)
		man_item(f->name, f->def, f->help);
	fputs(man_tail, stdout);
	return EXIT_PASS;
}
