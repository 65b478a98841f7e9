// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree's own KUnit suites, which a .kunitconfig names. kunit_tool builds them in, and
 * they run as the kernel boots; here they are modules, so that each is part of a step.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "build/kunitconfig.h"
#include "lib/util.h"

#define FILE_NAME	".kunitconfig"

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

/* Is "CONFIG_X=y" or the like asked for in other words already? */
static bool is_set(const char *own, const char *line)
{
	__auto_free char *set = fmt("\n%.*s=", (int)strcspn(line, "="), line);

	return strstr(own, set);
}

/**
 * kunitconfig_modular - what a .kunitconfig asks for, with suites as modules
 * @own: the fragments that it comes on top of
 * @asked: text of the .kunitconfig
 *
 * Options that the fragments set stay as they are there. That an option is not set, which
 * saves time elsewhere, gives way: suites are written for kernels with all defaults.
 *
 * Return: all of it, to be freed
 */
char *kunitconfig_modular(const char *own, const char *asked)
{
	__auto_strv struct strv ours = { 0 }, lines = { 0 }, out = { 0 };

	strv_lines(&ours, own);
	for (size_t i = 0; i < ours.n; i++)
		if (!strstr(ours.v[i], " is not set") || strstr(ours.v[i], "_KUNIT_"))
			strv_add(&out, "%s", ours.v[i]);
	strv_add(&out, "\n# What a .kunitconfig asks for");
	strv_split(&lines, asked, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i];
		size_t name = strcspn(line, "=");

		if (strncmp(line, "CONFIG_", strlen("CONFIG_")) || is_set(own, line))
			continue;
		if (kunitconfig_is_test(line) && !strcmp(line + name, "=y"))
			strv_add(&out, "%.*s=m", (int)name, line);
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
 * kunitconfig_add - put the suites that a user names on top of a configuration
 * @own: the fragments
 * @t: the tree that is tested
 * @r: whose KUNITCONFIG= names them; an absolute path is the user's, any other the tree's
 *
 * Dies if there is no such file.
 *
 * Return: the configuration, to be freed
 */
char *kunitconfig_add(const char *own, const struct tree *t, const struct request *r)
{
	const char *path = r->kunitconfig;
	__auto_free char *text = NULL;

	if (!*path)
		return copy(own);
	text = *path == '/' ? read_own(path) : read_of_tree(t, path);
	if (!text && *path == '/')
		die("KUNITCONFIG=%s: there is no such file, and no " FILE_NAME " in a folder of that name",
		    path);
	if (!text)
		die_tree("KUNITCONFIG=%s: %s has no such file, and no %s/" FILE_NAME, path, t->name,
			 path);
	return kunitconfig_modular(own, text);
}
