// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree's own KUnit suites, which a .kunitconfig names. kunit_tool builds them in, and
 * they run as the kernel boots; here they are modules, so that each is part of a step.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <string.h>

#include "build/kunitconfig.h"
#include "lib/util.h"

#define FILE_NAME	".kunitconfig"
#define BLANKS		" \t\r\v\f"

/**
 * kunitconfig_is_test - is an option that of a suite?
 * @line: of a configuration, beginning with "CONFIG_"
 *
 * Kconfig does not say. kunit_tool's style guide has its name end so, and those who do
 * not follow it have a few other ways.
 *
 * Return: whether it is
 */
bool kunitconfig_is_test(const char *line)
{
	static const char *const ends[] = { "_TEST", "_TESTS", "_KUNIT" };
	size_t len;

	if (strncmp(line, "CONFIG_", strlen("CONFIG_")))
		return false;
	line += strlen("CONFIG_");
	len = strcspn(line, "= ");
	if (!strncmp(line, "TEST_", strlen("TEST_")))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t end = strlen(ends[i]);

		if (len > end && !strncmp(line + len - end, ends[i], end))
			return true;
	}
	return false;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Behind the name in "CONFIG_X=y" and "# CONFIG_X is not set", or NULL if it is neither */
static const char *past_name(const char *line)
{
	bool unset = !strncmp(line, "# ", 2);
	const char *name = line + (unset ? 2 : 0), *end;

	if (strncmp(name, "CONFIG_", strlen("CONFIG_")))
		return NULL;
	end = name + strlen("CONFIG_");
	if (!is_name(*end))
		return NULL;
	while (is_name(*end))
		end++;
	if (unset)
		return strcmp(end, " is not set") ? NULL : end;
	return *end == '=' && end[1] ? end : NULL;
}

/* Is an option that a line is about set in other words already? */
static bool is_set(const char *own, const char *line)
{
	const char *name = strstr(line, "CONFIG_"), *end = past_name(line);
	__auto_free char *set = fmt("\n%.*s=", (int)(end - name), name);

	return strstr(own, set);
}

/* The settings of a .kunitconfig, as kunit_tool reads it. Dies of a line that is none. */
static void read_lines(const char *file, const char *text, struct strv *settings)
{
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i] + strspn(lines.v[i], BLANKS);
		size_t len = strlen(line);
		__auto_free char *word = NULL;

		while (len && strchr(BLANKS, line[len - 1]))
			len--;
		word = fmt("%.*s", (int)len, line);
		if (past_name(word))
			strv_add(settings, "%s", word);
		else if (*word && *word != '#')
			die("%s: '%s' is no line of a .kunitconfig: CONFIG_X=y, '# CONFIG_X is not set' or a comment is wanted",
			    file, word);
	}
}

/*
 * That an option is not set saves time elsewhere, but suites are written for kernels with
 * all defaults. It is meant where another fragment has set the option before.
 */
static bool gives_way(const char *own, const char *line, size_t at)
{
	const char *end = *line == '#' ? past_name(line) : NULL;
	__auto_free char *before = NULL, *set = NULL;

	if (!end)
		return false;
	before = fmt("\n%.*s", (int)at, own);
	set = fmt("\n%.*s=", (int)(end - line - 2), line + 2);
	return !strstr(before, set);
}

/**
 * kunitconfig_modular - what a .kunitconfig asks for, with suites as modules
 * @usual: the fragments that all kernels have
 * @special: those of this kernel, on top
 * @file: what the .kunitconfig is called, for messages
 * @asked: its text
 *
 * Options that the fragments set stay as they are there. Dies of a line that is no
 * setting.
 *
 * Return: all of it, to be freed
 */
char *kunitconfig_modular(const char *usual, const char *special, const char *file,
			  const char *asked)
{
	__auto_strv struct strv ours = { 0 }, lines = { 0 }, out = { 0 };
	__auto_free char *own = fmt("\n%s\n%s", usual, special);
	size_t at = 0;

	strv_lines(&ours, usual);
	for (size_t i = 0; i < ours.n; i++) {
		if (!gives_way(usual, ours.v[i], at))
			strv_add(&out, "%s", ours.v[i]);
		at += strlen(ours.v[i]) + 1;
	}
	if (*special)
		strv_add(&out, "\n%s", special);
	strv_add(&out, "\n# What a .kunitconfig asks for");
	read_lines(file, asked, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i];

		if (is_set(own, line))
			continue;
		if (kunitconfig_is_test(line) && has_end(line, "=y"))
			strv_add(&out, "%.*s=m", (int)strcspn(line, "="), line);
		else
			strv_add(&out, "%s", line);
	}
	strv_add(&out, "%s", "");
	return strv_join(&out, "\n");
}

/* The text of the user's own file, or folder */
static char *read_own(const char *path)
{
	__auto_free char *inside = fmt("%s/" FILE_NAME, path);

	return read_file(exists(inside) ? inside : path, NULL);
}

/* As kunit_tool has it: a file of the tree, or a folder that has one of that name */
static char *read_of_tree(const struct tree *t, const char *path)
{
	__auto_free char *inside = fmt("%s/" FILE_NAME, path);
	char *text = tree_read(t, inside);

	return text ? text : tree_read(t, path);
}

/**
 * kunitconfig_is_own - are the suites of a request known without a tree?
 * @r: the request
 *
 * Return: whether its KUNITCONFIG= names none, or a file of the user's
 */
bool kunitconfig_is_own(const struct request *r)
{
	return !*r->kunitconfig || *r->kunitconfig == '/';
}

/**
 * kunitconfig_add - put the suites that a user names on top of a configuration
 * @usual: the fragments that all kernels have
 * @special: those of this kernel, on top
 * @t: the tree that is tested; not looked at for a file of the user's
 * @r: whose KUNITCONFIG= names them; an absolute path is the user's, any other the tree's
 *
 * Dies if there is no such file.
 *
 * Return: the configuration, to be freed
 */
char *kunitconfig_add(const char *usual, const char *special, const struct tree *t,
		      const struct request *r)
{
	__auto_free char *path = tree_path(r->kunitconfig), *text = NULL;

	if (!*path)
		return fmt("%s\n%s", usual, special);
	text = *path == '/' ? read_own(path) : read_of_tree(t, path);
	if (!text && *path == '/')
		die("KUNITCONFIG=%s: there is no such file, and no " FILE_NAME " in a folder of that name",
		    path);
	if (!text)
		die_tree("KUNITCONFIG=%s: %s has no such file, and no %s/" FILE_NAME, path, t->name,
			 path);
	return kunitconfig_modular(usual, special, path, text);
}
