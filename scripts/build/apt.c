// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packages by name, of any architecture, with apt's own tools. The lists and
 * the packages lie in the cache: nothing of the system changes, and nobody has
 * to be root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "build/apt.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "lib/util.h"

/*
 * The archive that this system uses, as a line of sources.list for another release of it,
 * to be freed. An empty one if that can't be told: then nothing is found.
 */
static char *source_line(const char *suite)
{
	static const char format[] = "--format=$(REPO_URI) $(RELEASE) $(COMPONENT)";
	__auto_strv struct strv argv = { 0 }, lines = { 0 };
	__auto_free char *out = NULL;
	struct run_opts o = { .out = &out, .quiet_err = true };

	strv_add(&argv, "apt-get");
	strv_add(&argv, "indextargets");
	strv_add(&argv, "%s", format);
	strv_add(&argv, "Created-By: Packages");
	run(&argv, &o);
	strv_split(&lines, out, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char uri[512], release[128], component[64];

		if (sscanf(lines.v[i], "%511s %127s %63s", uri, release, component) == 3 &&
		    !strcmp(component, "main") && !strchr(release, '-'))
			return fmt("deb %s %s main\n", uri, suite);
	}
	return copy("");
}

static void use_suite(struct strv *argv, const char *dir, const char *suite)
{
	__auto_free char *path = fmt("%s/sources.list", dir), *line = source_line(suite);

	write_file(path, line, strlen(line));
	strv_add(argv, "-oDir::Etc::SourceList=%s", path);
	strv_add(argv, "-oDir::Etc::SourceParts=/dev/null");
}

static void apt_command(struct strv *argv, const char *tool, const char *arch, const char *suite)
{
	__auto_free char *dir = fmt("%s/apt/%s%s%s", host_cache(), arch, suite ? "-" : "",
				    suite ? suite : "");
	__auto_free char *lists = fmt("%s/lists/partial", dir);
	__auto_free char *archives = fmt("%s/archives/partial", dir);

	make_dirs(lists);
	make_dirs(archives);
	strv_add(argv, "%s", tool);
	strv_add(argv, "-oAPT::Architecture=%s", arch);
	strv_add(argv, "-oAPT::Architectures=%s", arch);
	strv_add(argv, "-oDir::State::Lists=%s/lists", dir);
	strv_add(argv, "-oDir::Cache=%s", dir);
	strv_add(argv, "-oDir::Cache::Archives=%s/archives", dir);
	strv_add(argv, "-oDir::State::status=/dev/null");
	strv_add(argv, "-oAPT::Sandbox::User=");
	strv_add(argv, "-oAcquire::Languages=none");
	strv_add(argv, "-oAcquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false");
	strv_add(argv, "-oDebug::NoLocking=1");
	if (suite)
		use_suite(argv, dir, suite);
}

static void apt_update(const char *arch, const char *suite)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *out = NULL;
	struct run_opts o = { .out = &out };

	apt_command(&argv, "apt-get", arch, suite);
	strv_add(&argv, "-q");
	strv_add(&argv, "update");
	run(&argv, &o);
}

/**
 * apt_versions - what the archive has of a package
 * @arch: Debian's name of the architecture
 * @package: name of the package
 *
 * Return: lines "version", newest first, to be freed; empty if there is none
 */
char *apt_versions(const char *arch, const char *package)
{
	__auto_strv struct strv argv = { 0 }, lines = { 0 };
	__auto_free char *out = NULL;
	struct run_opts o = { .out = &out, .quiet_err = true };
	char *versions = copy("");

	apt_update(arch, NULL);
	apt_command(&argv, "apt-cache", arch, NULL);
	strv_add(&argv, "madison");
	strv_add(&argv, "%s", package);
	run(&argv, &o);
	strv_split(&lines, out, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char version[128];
		char *more;

		if (sscanf(lines.v[i], "%*s | %127s |", version) != 1)
			continue;
		more = fmt("%s%s\n", versions, version);
		free_ptr(&versions);
		versions = more;
	}
	return versions;
}

/* apt writes a colon of the version as %3a: let the shell's pattern find it. */
static char *find_deb(const char *dir, const char *package)
{
	__auto_free char *pattern = fmt("%s/%s_*.deb", dir, package);
	char *found = NULL;
	glob_t g;

	if (!glob(pattern, 0, NULL, &g))
		found = copy(g.gl_pathv[0]);
	globfree(&g);
	return found;
}

/**
 * apt_download - have a package in the cache
 * @arch: Debian's name of the architecture
 * @package: name of the package
 * @version: the version, or NULL for whichever there is
 * @suite: release of Debian to have it from, or NULL for what this system uses
 *
 * The caller holds a lock. Looks the archive's lists up anew only if those that
 * are there do not have the package.
 *
 * Return: path of the .deb, to be freed, or NULL if it can't be had
 */
char *apt_download(const char *arch, const char *package, const char *version,
		   const char *suite)
{
	__auto_free char *dir = fmt("%s/download/%s-%s-%s", host_cache(), package,
				    version ? version : "any", arch);
	__auto_free char *tmp = publish_name(dir);
	char *deb = cache_use(dir) ? find_deb(dir, package) : NULL;

	for (int attempt = 0; !deb && attempt < 2; attempt++) {
		__auto_strv struct strv argv = { 0 };
		__auto_free char *out = NULL;
		struct run_opts o = { .out = &out, .dir = tmp };

		if (attempt)
			apt_update(arch, suite);
		remove_tree(tmp);
		make_dirs(tmp);
		apt_command(&argv, "apt-get", arch, suite);
		strv_add(&argv, "-q");
		strv_add(&argv, "download");
		if (version)
			strv_add(&argv, "%s=%s", package, version);
		else
			strv_add(&argv, "%s", package);
		if (run(&argv, &o))
			continue;
		/* One that is there has no package in it. */
		remove_tree(dir);
		publish_dir(tmp, dir);
		deb = cache_use(dir) ? find_deb(dir, package) : NULL;
	}
	remove_tree(tmp);
	return deb;
}
