// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: the table of all that a run can be asked, and the way of a request
 * into a record and back. What reads a user's variables walks the same table.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "../kunit/steer/steer_names.h"
#include "build/request.h"
#include "lib/util.h"

#define NAME(name, points, every)	#name " "
/* "none" is no strategy, "mix" is one after the other, see seeds.c. */
#define STRATEGIES	"none " STEER_STRATEGIES(NAME) "mix"

#define AT(member)	.offset = offsetof(struct request, member)
#define UP_TO(a, b, w)	.least = a, .most = b, .why = w
#define SECONDS		UP_TO(1, INT_MAX, "the least is 1 second, the most 2147483647")

const struct field request_fields[] = {
	{ "ARCH", "", FIELD_ARCH, AT(arch),
	  .help = "architectures: x86_64 and arm64 if empty, riscv64 and s390x where named" },
	{ "CONFIG", "default", FIELD_TEXT, AT(config),
	  .help = "kernel flavour: default, or a file configs/flavour-<name>.config" },
	{ "PIN", "", FIELD_TEXT, AT(pin),
	  .help = "another pinned kernel: the one of kernel-patch/pin-<PIN>" },
	{ "TREE", "", FIELD_PATH, AT(tree),
	  .help = "git tree to test at its HEAD, instead of the pinned kernel" },
	{ "COMMIT", "", FIELD_TEXT, AT(commit), .later = true,
	  .help = "commit of TREE= to test, its HEAD if empty" },
	{ "KERNEL_TARBALL", "", FIELD_PATH, AT(tarball),
	  .help = "kernel source package or tarball to use as the pinned kernel" },
	{ "SERIES", "", FIELD_CHOICE, AT(series), .choices = "auto full none",
	  .help = "full, none, or auto: full where it builds; full for the pin, auto with TREE=" },
	{ "PATCHES", "", FIELD_PATHS, AT(patches),
	  .help = "patches to apply after the series, spaces between them" },
	{ "OVERLAY", "full", FIELD_CHOICE, AT(overlay), .choices = "full none", .later = true,
	  .help = "full, or none: no yield points, and nothing else of kernel-overlay/" },
	{ "YIELD_FILES", "", FIELD_TEXT, AT(yield_files), .later = true,
	  .help = "C files of the kernel with yield points, beside the usual ones" },
	{ "FOCUS", "", FIELD_TEXT, AT(focus), .later = true,
	  .help = "functions or C files to aim at, none, or auto: what PATCHES= and TREE= change" },
	{ "SINCE", "", FIELD_TEXT, AT(since), .later = true,
	  .help = "commit that TREE= is compared with for FOCUS=auto, its upstream if empty" },
	{ "SUITES", "", FIELD_PATHS, AT(suites),
	  .help = "folders with more suites (Kbuild, plan, programs), spaces between them" },
	{ "KUNITCONFIG", "", FIELD_TEXT, AT(kunitconfig), .later = true,
	  .help = "the tree's own KUnit suites: a .kunitconfig, or a folder with one" },
	{ "SELFTESTS", "", FIELD_TEXT, AT(selftests), .later = true,
	  .help = "the tree's own kselftests: folders of tools/testing/selftests, as cpu-hotplug" },
	{ "PLAN", "", FIELD_TEXT, AT(plan), .help = "steps to run, comma separated, all if empty" },
	{ "SEED", "1", FIELD_NUMBER, AT(seed), .most = INT64_MAX,
	  .help = "seed of the stress driver" },
	{ "CYCLES", "20", FIELD_NUMBER, AT(cycles),
	  UP_TO(1, INT_MAX, "1 to 2147483647"),
	  .help = "rounds of the stress driver, guest seconds of a torture module" },
	{ "ACTORS", "3", FIELD_NUMBER, AT(actors), UP_TO(0, 13, "13 are the most"),
	  .help = "processes of the stress driver that work on threads" },
	{ "OPS", "", FIELD_TEXT, AT(ops),
	  .help = "operations of the stress driver, name or name:weight, comma separated" },
	{ "STRATEGY", "none", FIELD_CHOICE, AT(strategy), .choices = STRATEGIES,
	  .help = "where CPUs give way to each other: " STRATEGIES },
	{ "STEER", "", FIELD_TEXT, AT(steer),
	  .help = "parameters of the strategy, as one_in=32,most=4" },
	{ "KEEP", "", FIELD_TEXT, AT(keep), .later = true,
	  .help = "draws of actors to make, as 1:0-7,9/2:3, all if empty; minimise finds them" },
	{ "AIM", "", FIELD_TEXT, AT(aim), .later = true,
	  .help = "operations to do more often, comma separated; FOCUS= finds them" },
	{ "NEAR", "", FIELD_TEXT, AT(near), .later = true,
	  .help = "operations that are less rare than others beside AIM=; FOCUS= finds them" },
	{ "RANGES", "", FIELD_TEXT, AT(ranges), .later = true,
	  .help = "addresses of the focus, base+offset:length+...; FOCUS= finds them" },
	{ "SCRIPT", "", FIELD_TEXT, AT(script), .later = true,
	  .help = "where CPUs give way with STRATEGY=script, and nowhere else; minimise finds it" },
	{ "PLACES", "", FIELD_TEXT, AT(places), .later = true,
	  .help = "the addresses of SCRIPT=, which finds them" },
	{ "SMP", "4", FIELD_NUMBER, AT(smp),
	  UP_TO(2, 8, "hotplug needs at least 2 CPUs, the kernels are built for 8"),
	  .help = "CPUs of the guest, 2 to 8" },
	{ "THREADS", "1", FIELD_NUMBER, AT(threads), .later = true,
	  UP_TO(1, 2, "a core has one thread or two"),
	  .help = "CPUs that are threads of one core: 1, or 2 (x86_64)" },
	{ "SMPBOOT", "", FIELD_CHOICE, AT(smpboot), .choices = "respawn park",
	  .help = "threads of an offline CPU: respawn or park; both, a guest each, if empty" },
	{ "TIMING", "", FIELD_CHOICE, AT(timing), .choices = "virtual real",
	  .help = "virtual (deterministic, the default) or real (parallel)" },
	{ "ACCEL", "auto", FIELD_CHOICE, AT(accel), .choices = "auto kvm tcg",
	  .help = "accelerator where TIMING=real: auto, kvm or tcg" },
	{ "KCMDLINE", "", FIELD_TEXT, AT(kcmdline),
	  .help = "more words for the guest kernel's command line" },
	{ "TIMEOUT", "300", FIELD_NUMBER, AT(timeout), SECONDS,
	  .help = "host seconds a guest may take, of those that QEMU can use" },
	{ "STALL", "60", FIELD_NUMBER, AT(stall), SECONDS,
	  .help = "such seconds without a word on the console are a hang" },
	{ "CONSOLE_MAX", "64", FIELD_NUMBER, AT(console_max), UP_TO(1, 4096, "1 to 4096 MB"),
	  .help = "MB that a guest's console may have" },
	{ "SNAPSHOT", "1", FIELD_SWITCH, AT(snapshot),
	  .help = "0: each guest boots, rather than one for all to go on from" },
};

const size_t request_field_count = ARRAY_SIZE(request_fields);

static void *member(const struct request *r, const struct field *f)
{
	return (char *)r + f->offset;
}

static char *key_of(const struct field *f)
{
	char *key = copy(f->name);

	for (char *c = key; *c; c++)
		*c = tolower((unsigned char)*c);
	return key;
}

static json_t *value_to_json(const struct request *r, const struct field *f)
{
	switch (f->kind) {
	case FIELD_ARCH:
		return json_string(r->arch->name);
	case FIELD_NUMBER:
		return json_integer(*(const uint64_t *)member(r, f));
	case FIELD_SWITCH:
		return json_boolean(*(const bool *)member(r, f));
	default:
		return json_string(*(const char *const *)member(r, f));
	}
}

/**
 * request_to_json - write a request down
 * @r: the request
 *
 * Called for each record, and for the key of what is remembered of a run.
 *
 * Return: an object with a member for each field, for json_decref(). Dies of text
 * that is no UTF-8.
 */
json_t *request_to_json(const struct request *r)
{
	json_t *o = json_object();

	for (size_t i = 0; i < request_field_count; i++) {
		__auto_free char *key = key_of(&request_fields[i]);

		if (json_object_set_new(o, key, value_to_json(r, &request_fields[i])))
			die("%s=: this is no UTF-8, which a record can't have",
			    request_fields[i].name);
	}
	return o;
}

/* A user can't ask for a part of the series, which the check of it does. */
static bool is_choice(const struct field *f, const char *word)
{
	return !*word || has_word(f->choices, " ", word) ||
	       (f->offset == offsetof(struct request, series) && !strcmp(word, "part"));
}

/* Whether @v is a value that the field can have; if so, it is set. */
static bool value_from_json(struct request *r, const struct field *f, const json_t *v)
{
	void *to = member(r, f);

	switch (f->kind) {
	case FIELD_ARCH:
		r->arch = json_is_string(v) ? arch_find(json_string_value(v)) : NULL;
		return r->arch;
	case FIELD_NUMBER:
		*(uint64_t *)to = json_integer_value(v);
		return json_is_integer(v) && *(uint64_t *)to >= f->least &&
		       *(uint64_t *)to <= f->most;
	case FIELD_SWITCH:
		*(bool *)to = json_is_true(v);
		return json_is_boolean(v);
	default:
		if (!json_is_string(v) ||
		    (f->kind == FIELD_CHOICE && !is_choice(f, json_string_value(v))))
			return false;
		*(const char **)to = copy(json_string_value(v));
		return true;
	}
}

/**
 * request_from_json - read a request
 * @r: gets it
 * @o: what request_to_json() made
 *
 * Return: NULL, or which member is missing or of no use, to be freed
 */
char *request_from_json(struct request *r, const json_t *o)
{
	for (size_t i = 0; i < request_field_count; i++) {
		const struct field *f = &request_fields[i];
		char *key = key_of(f);
		const json_t *v = json_object_get(o, key);

		if (!v && f->later && f->kind == FIELD_NUMBER)
			*(uint64_t *)member(r, f) = strtoull(f->def, NULL, 10);
		else if (!v && f->later)
			*(const char **)member(r, f) = f->def;
		else if (!value_from_json(r, f, v))
			return key;
		free_ptr(&key);
	}
	return NULL;
}

/**
 * request_words - how a user would ask for the workload of a request
 * @r: the request
 *
 * Return: variables as make takes them, to be freed
 */
char *request_words(const struct request *r)
{
	return fmt("ARCH=%s SEED=%llu CYCLES=%llu SMP=%llu%s ACTORS=%llu STRATEGY=%s%s%s%s%s%s%s%s%s",
		   r->arch->name, (unsigned long long)r->seed, (unsigned long long)r->cycles,
		   (unsigned long long)r->smp, r->threads > 1 ? " THREADS=2" : "",
		   (unsigned long long)r->actors, r->strategy,
		   *r->steer ? " STEER=" : "", r->steer, *r->ops ? " OPS=" : "", r->ops,
		   *r->keep ? " KEEP=" : "", r->keep, *r->script ? " SCRIPT=" : "", r->script);
}

/**
 * request_has_series - is any of the series applied to the kernel under test?
 * @r: the request
 *
 * Return: false with SERIES=none; true if that is still to be chosen
 */
bool request_has_series(const struct request *r)
{
	return strcmp(r->series, "none");
}

/**
 * request_has_whole_series - can the kernel under test do all that the series adds?
 * @r: the request
 *
 * Return: false with SERIES=none, and while not all patches are applied
 */
bool request_has_whole_series(const struct request *r)
{
	return !strcmp(r->series, "full");
}

/**
 * request_has_overlay - has the kernel under test what kernel-overlay/ adds?
 * @r: the request
 *
 * Return: false with OVERLAY=none
 */
bool request_has_overlay(const struct request *r)
{
	return strcmp(r->overlay, "none");
}

/**
 * request_is_virtual - is the run deterministic?
 * @r: the request
 *
 * Return: whether it runs in virtual time
 */
bool request_is_virtual(const struct request *r)
{
	return !strcmp(r->timing, "virtual");
}
