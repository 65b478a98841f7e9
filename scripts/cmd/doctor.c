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

static enum health programs(const struct options *o, struct finding_of *f)
{
	static const char *const all[] = {
		"git", "cc", "make", "flex", "bison", "bc", "perl", "pkg-config",
	};
	__auto_strv struct strv missing = { 0 };
	__auto_free char *names = NULL;

	(void)o;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		__auto_free char *path = find_program(all[i]);

		if (!path)
			strv_add(&missing, "%s", all[i]);
	}
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
		__auto_free char *cc = fmt("%sgcc", arch_is_host(a) ? "" : a->cross);
		__auto_free char *path = find_program(cc);

		strv_add(path ? &there : &missing, "%s for %s", cc, a->name);
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

/* The folder of the cache, or the first one above it that is there */
static char *cache_place(void)
{
	char *path = copy(host_cache());

	while (!exists(path) && strrchr(path, '/') > path)
		*strrchr(path, '/') = '\0';
	return path;
}

static enum health disk(const struct options *o, struct finding_of *f)
{
	__auto_free char *place = cache_place();
	double need = exists(host_cache()) ? DISK_WARM : DISK_COLD, has;
	struct statvfs st;

	(void)o;
	if (statvfs(place, &st)) {
		f->is = fmt("%s: %s", place, strerror(errno));
		f->remedy = copy("XDG_CACHE_HOME= names a folder that can be written to");
		return ILL;
	}
	has = (double)st.f_bavail * st.f_frsize / GB;
	f->is = fmt("%.1f GB free at %s", has, place);
	if (access(place, W_OK)) {
		f->remedy = fmt("%s can't be written to: XDG_CACHE_HOME= names another place",
				place);
		return ILL;
	}
	if (has >= need)
		return WELL;
	f->remedy = fmt("%.0f GB are needed: make room, CACHE_MAX= lets the cache have less, or XDG_CACHE_HOME= names another place",
			need);
	return ILL;
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
	struct cache_kind *kinds;
	size_t n = cache_list(&kinds), kernels = 0;
	double total = 0;

	for (size_t i = 0; i < n; i++) {
		total += kinds[i].bytes / GB;
		if (!strcmp(kinds[i].name, "kernels"))
			kernels = kinds[i].count;
	}
	free(kinds);
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
	{ "ccache", ccache }, { "KVM", kvm }, { "disk", disk }, { "memory", memory },
	{ "cache", cache }, { "time", duration },
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
