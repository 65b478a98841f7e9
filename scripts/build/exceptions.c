// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a flavour's detector is not to report.
 *
 * A flavour may have a list, configs/flavour-<name>.exceptions. A line is an exception:
 * the file, the function, and the reason, for people. The guest is given the functions.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/exceptions.h"
#include "lib/die.h"
#include "lib/file.h"
#include "lib/host.h"
#include "lib/str.h"

/* As long as init takes it */
#define FUNCTION_MAX	63

static void add_exception(FILE *out, const char *path, size_t number, const char *line)
{
	char file[128], function[128], reason[2];

	line += strspn(line, " \t");
	if (*line == '#' || !*line)
		return;
	if (sscanf(line, "%127s %127s %1s", file, function, reason) != 3)
		die("%s: line %zu: an exception is a file, a function and the reason: %s",
		    path, number, line);
	if (strlen(function) > FUNCTION_MAX)
		die("%s: line %zu: a function of more than %d letters: %s", path, number,
		    FUNCTION_MAX, function);
	fprintf(out, "%s\n", function);
}

/**
 * exceptions_in - the functions that a list of exceptions names
 * @path: where the list is from, for messages
 * @text: the list
 *
 * Return: the names, one in a line, to be freed. Dies if a line is no exception.
 */
char *exceptions_in(const char *path, const char *text)
{
	__auto_free char *lines = copy(text);
	char *names = NULL, *rest = lines, *line;
	size_t len, number = 0;
	FILE *out = open_memstream(&names, &len);

	if (!out)
		die("out of memory");
	while ((line = strsep(&rest, "\n")))
		add_exception(out, path, ++number, line);
	if (fclose(out))
		die("out of memory");
	return names;
}

/**
 * exceptions_of - the functions that the detector of a flavour is not to report
 * @r: the request, for its flavour
 *
 * Called before anything is built, and when the initramfs is.
 *
 * Return: as exceptions_in(); empty where the flavour has no list
 */
char *exceptions_of(const struct request *r)
{
	__auto_free char *path = fmt("%s/configs/flavour-%s.exceptions", host_source(), r->config);
	__auto_free char *text = read_file(path, NULL);

	if (!text && errno != ENOENT)
		die("cannot read %s: %s", path, strerror(errno));
	return text ? exceptions_in(path, text) : copy("");
}
