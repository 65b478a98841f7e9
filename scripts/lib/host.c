// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where things lie on this machine: respawn's own sources, the cache that all
 * checkouts share; and how much of the machine a build may take.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/host.h"
#include "lib/util.h"

/* The link to the checkout that make leaves in O=, beside the program */
#define SOURCE_LINK	"source"
/* What no other folder has */
#define SOURCE_MARK	"kernel-patch/series"

static unsigned int jobs;

static void program_path(char *exe, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", exe, size - 1);

	exe[n > 0 ? n : 0] = '\0';
}

/**
 * host_folder - the folder that this program is in
 *
 * What it makes goes there, wherever it is called from, if nobody says where to.
 *
 * Return: its path
 */
const char *host_folder(void)
{
	static char folder[4096];
	char *slash;

	if (*folder)
		return folder;
	program_path(folder, sizeof(folder));
	slash = strrchr(folder, '/');
	if (!slash)
		die("/proc/self/exe does not say which program this is");
	*slash = '\0';
	return folder;
}

/**
 * host_source - find the checkout that this program was built from
 *
 * Looks beside the program and in the folders above it. A link is followed now
 * and not when the program was built, so a copy of a checkout uses itself.
 *
 * Return: path of the folder that holds kernel-patch/, configs/ and so on. Dies
 * if it is gone.
 */
const char *host_source(void)
{
	static char *source;
	char exe[4096];

	if (source)
		return source;
	program_path(exe, sizeof(exe));
	for (char *slash = strrchr(exe, '/'); slash && slash > exe; slash = strrchr(exe, '/')) {
		__auto_free char *link = NULL, *mark = NULL;

		*slash = '\0';
		link = fmt("%s/" SOURCE_LINK, exe);
		mark = fmt("%s/" SOURCE_MARK, link);
		if (!exists(mark))
			continue;
		source = realpath(link, NULL);
		if (source)
			return source;
	}
	die("the checkout that this program belongs to is gone: 'make host' in a checkout makes one that finds it");
}

/**
 * host_cache - the folder of all that is kept between runs and clones
 *
 * Return: its path, ${XDG_CACHE_HOME:-~/.cache}/respawn. Dies if neither is set.
 */
const char *host_cache(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	static char *cache;

	if (cache)
		return cache;
	if (xdg && *xdg == '/')
		cache = fmt("%s/respawn", xdg);
	else if (home && *home == '/')
		cache = fmt("%s/.cache/respawn", home);
	else
		die("neither XDG_CACHE_HOME nor HOME is set: there is no place for the cache");
	return cache;
}

/**
 * host_jobs - how many jobs a build may run at once
 *
 * Return: what host_set_jobs() said, else the number of CPUs
 */
unsigned int host_jobs(void)
{
	return jobs ?: sysconf(_SC_NPROCESSORS_ONLN);
}

/**
 * host_set_jobs - limit builds
 * @n: jobs at once; 0 is one per CPU
 *
 * Called once, with what make was told by -j.
 */
void host_set_jobs(unsigned int n)
{
	jobs = n;
}
