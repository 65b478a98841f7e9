// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this host has and lacks, each problem with its remedy.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "build/needs.h"
#include "cmd/cmd.h"
#include "cmd/past.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "lib/util.h"
#include "run/qemu.h"

#define GB		1000000000.0
/* GB of disk that a check from nothing takes, and that a warm one may take */
#define DISK_COLD	6.0
#define DISK_WARM	1.0
/* GB of memory that a guest and its QEMU take, a link of the kernel included */
#define MEMORY		1.5

enum health {
	WELL,
	WEAK,			/* 'make check' works, but less well than it could */
	ILL,			/* it does not */
};

/* What is said of one thing; both are to be freed */
struct finding_of {
	char *is;
	char *remedy;
};

/* What of a table this machine lacks, for @a; QEMU and ccache have a line of their own. */
static void find_missing(const struct need *n, const struct arch *a, struct strv *missing)
{
	for (; n->probe != PROBE_END; n++) {
		if (!strcmp(n->name, "ccache") || (a && !strcmp(n->name, a->qemu)) ||
		    need_is_met(n, a))
			continue;
		if (a)
			strv_add(missing, "%s for %s", n->name, a->name);
		else
			strv_add(missing, "%s", n->name);
	}
}

static enum health programs(const struct options *o, struct finding_of *f)
{
	__auto_strv struct strv missing = { 0 };
	__auto_free char *names = NULL;

	(void)o;
	find_missing(needs_common, NULL, &missing);
	if (!missing.n) {
		f->is = copy("what builds kernels is there");
		return WELL;
	}
	names = strv_join(&missing, " ");
	f->is = fmt("missing: %s", names);
	f->remedy = copy("make deps");
	return ILL;
}

static enum health compilers(const struct options *o, struct finding_of *f)
{
	__auto_strv struct strv missing = { 0 }, there = { 0 };
	__auto_free char *names = NULL;

	for (size_t i = 0; o->arch[i]; i++) {
		const struct arch *a = o->arch[i];

		find_missing(a->needs, a, &missing);
		strv_add(&there, "%sgcc for %s", arch_is_host(a) ? "" : a->cross, a->name);
	}
	names = strv_join(missing.n ? &missing : &there, ", ");
	f->is = fmt("%s%s", missing.n ? "missing: " : "", names);
	f->remedy = missing.n ? copy("make deps, or ARCH= without it") : NULL;
	return missing.n ? ILL : WELL;
}

static enum health emulators(const struct options *o, struct finding_of *f)
{
	__auto_strv struct strv missing = { 0 };
	__auto_free char *names = NULL;

	for (size_t i = 0; o->arch[i]; i++) {
		__auto_free char *path = find_program(o->arch[i]->qemu);

		if (!path)
			strv_add(&missing, "%s", o->arch[i]->qemu);
	}
	if (!missing.n) {
		f->is = copy(qemu_version(o->arch[0]));
		return WELL;
	}
	names = strv_join(&missing, ", ");
	f->is = fmt("missing: %s", names);
	f->remedy = copy("make deps, or ARCH= without it");
	return ILL;
}

static enum health ccache(const struct options *o, struct finding_of *f)
{
	__auto_free char *path = find_program("ccache");

	(void)o;
	f->is = copy(path ? "compiles nothing twice" : "missing: each kernel is compiled anew");
	f->remedy = path ? NULL : copy("make deps");
	return path ? WELL : WEAK;
}

/* That it opens, and even makes a machine, does not say that a guest runs. */
static enum health kvm(const struct options *o, struct finding_of *f)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	(void)o;
	if (fd < 0) {
		f->is = fmt("/dev/kvm: %s; not needed in virtual time", strerror(errno));
		return WELL;
	}
	close(fd);
	f->is = copy("/dev/kvm opens; TIMING=real says whether a guest runs under it, not needed in virtual time");
	return WELL;
}

/* A folder, or the first one above it that is there */
static char *place_of(const char *folder)
{
	char *path = copy(folder);

	while (!exists(path) && strrchr(path, '/') > path)
		*strrchr(path, '/') = '\0';
	return path;
}

/* GB that the cache has, and how many kernels */
static double in_cache(size_t *kernels)
{
	struct cache_kind *kinds;
	size_t n = cache_list(&kinds);
	double total = 0;

	*kernels = 0;
	for (size_t i = 0; i < n; i++) {
		total += kinds[i].bytes / GB;
		if (!strcmp(kinds[i].name, "kernels"))
			*kernels = kinds[i].count;
	}
	free(kinds);
	return total;
}

/* Has the file system of @folder so many GB, and may we write there? */
static enum health room(const char *folder, double need, const char *variable,
			struct finding_of *f)
{
	__auto_free char *place = place_of(folder);
	struct statvfs st;
	double has;

	if (statvfs(place, &st)) {
		f->is = fmt("%s: %s", place, strerror(errno));
		f->remedy = fmt("%s= names a folder that can be written to", variable);
		return ILL;
	}
	has = (double)st.f_bavail * st.f_frsize / GB;
	f->is = fmt("%.1f GB free at %s", has, place);
	if (access(place, W_OK)) {
		f->remedy = fmt("%s can't be written to: %s= names another place", place, variable);
		return ILL;
	}
	if (has >= need)
		return WELL;
	f->remedy = fmt("%.0f GB are needed: make room, CACHE_MAX= lets the cache have less, or %s= names another place",
			need, variable);
	return ILL;
}

static enum health disk(const struct options *o, struct finding_of *f)
{
	size_t kernels;

	(void)o;
	in_cache(&kernels);
	return room(host_cache(), kernels ? DISK_WARM : DISK_COLD, "XDG_CACHE_HOME", f);
}

/* Records and logs; what is built goes to the cache. */
static enum health products(const struct options *o, struct finding_of *f)
{
	return room(o->out, DISK_WARM, "O", f);
}

static enum health memory(const struct options *o, struct finding_of *f)
{
	size_t guests = o->guests ?: host_jobs();
	struct sysinfo info;
	double has;

	if (sysinfo(&info)) {
		f->is = copy(strerror(errno));
		return WEAK;
	}
	has = (double)info.totalram * info.mem_unit / GB;
	f->is = fmt("%.1f GB, %u CPUs: %zu guests at once", has, host_jobs(), guests);
	if (has >= MEMORY * guests)
		return WELL;
	f->remedy = fmt("JOBS=%.0f has fewer guests at once", has / MEMORY > 1 ? has / MEMORY : 1);
	return has >= MEMORY ? WEAK : ILL;
}

static enum health cache(const struct options *o, struct finding_of *f)
{
	size_t kernels;
	double total = in_cache(&kernels);

	f->is = fmt("%.1f GB of CACHE_MAX=%llu, %zu kernels in it", total,
		    (unsigned long long)o->cache_max, kernels);
	return WELL;
}

static enum health duration(const struct options *o, struct finding_of *f)
{
	__auto_free char *cold = past_words(PAST_COLD), *warm = past_words(PAST_WARM);

	(void)o;
	f->is = fmt("a check took %s from nothing, %s with the kernels there", cold, warm);
	return WELL;
}

static const struct {
	const char *name;
	enum health (*look)(const struct options *o, struct finding_of *f);
} checks[] = {
	{ "programs", programs }, { "compilers", compilers }, { "QEMU", emulators },
	{ "ccache", ccache }, { "KVM", kvm }, { "disk", disk }, { "products", products },
	{ "memory", memory }, { "cache", cache }, { "time", duration },
};

/**
 * cmd_doctor - say what this host has and lacks
 * @o: what the user asked for
 *
 * Return: EXIT_PASS, or EXIT_ERROR if 'make check' could not work
 */
int cmd_doctor(const struct options *o)
{
	static const char *const words[] = { [WELL] = "ok", [WEAK] = "weak", [ILL] = "ILL" };
	static const enum ui_color colors[] = {
		[WELL] = UI_GREEN, [WEAK] = UI_YELLOW, [ILL] = UI_RED,
	};
	enum health worst = WELL;

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct finding_of f = { 0 };
		enum health h = checks[i].look(o, &f);

		worst = h > worst ? h : worst;
		printf("%-10s %s%-5s%s %s\n", checks[i].name, ui_on(stdout, colors[h]), words[h],
		       ui_off(stdout), f.is);
		if (f.remedy)
			printf("%-10s %-5s -> %s\n", "", "", f.remedy);
		free(f.is);
		free(f.remedy);
	}
	return worst == ILL ? EXIT_ERROR : EXIT_PASS;
}
