/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_REQUEST_H
#define RESPAWN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "build/arch.h"

/**
 * struct request - all that one run is asked
 * @arch: the architecture
 * @config: flavour of the kernel configuration
 * @pin: which pinned kernel, empty for the one the series is made for
 * @tree: a git tree to test instead of the pinned kernel, or empty
 * @commit: the commit of @tree to test, empty for its HEAD
 * @tarball: a kernel source package or tarball to use as the pinned one, or empty
 * @series: "full", or "none" for a kernel without the series; "auto" until it is known
 *	which of these it is, see image_open(); or "part", which is asked for by the
 *	check of the series alone
 * @patches: patches to apply after the series, space separated
 * @overlay: "full", or "none" for a kernel without what kernel-overlay/ adds
 * @yield_files: C files that get yield points beside the usual ones, space separated
 * @focus: functions and files that matter more, comma separated; "auto", or empty, for
 *	what @patches and @tree change; or "none"
 * @since: the commit that changes of @tree are counted from, or empty
 * @suites: folders with suites of the user's own, space separated
 * @kunitconfig: file of the tree's, or of the user's, that names KUnit suites, or a folder
 *	with one; or empty
 * @selftests: folders of the tree's kselftests, comma separated, or empty
 * @plan: steps of the guest's plan, comma separated; empty for all
 * @seed: of everything random
 * @cycles: rounds of the stress driver
 * @actors: processes of the stress driver that work on threads
 * @ops: what the stress driver does, comma separated, empty for all it can
 * @strategy: where CPUs give way to each other
 * @steer: parameters of the strategy, comma separated
 * @keep: which draws of which actors are made, as "1:0-7,9/2:3"; empty for all
 * @aim: operations that get into the focus, comma separated
 * @near: operations that get close to it, comma separated
 * @ranges: where the focus is, as the module steer takes it
 * @script: where CPUs give way with the strategy "script", see build/script.c
 * @places: where that is in the kernel, as the module steer takes it
 * @smp: CPUs of the guest
 * @threads: of each core; 1, or 2, which are CPUs of their own
 * @smpboot: what becomes of the threads of a dead CPU: "respawn", "park", or
 *	empty where the one who runs it chooses
 * @timing: "virtual" or "real"
 * @accel: "auto", "kvm" or "tcg"
 * @kcmdline: more words for the kernel's command line
 * @timeout: seconds of host time that a guest may take in all
 * @stall: seconds of host time that a guest's console may be silent
 * @console_max: MB that a guest's console may have
 * @snapshot: the guest goes on from a snapshot where it can, and does not boot
 *
 * A plain value: copied by assignment. The strings live as long as the program.
 */
struct request {
	const struct arch *arch;
	const char *config;
	const char *pin;
	const char *tree;
	const char *commit;
	const char *tarball;
	const char *series;
	const char *patches;
	const char *overlay;
	const char *yield_files;
	const char *focus;
	const char *since;
	const char *suites;
	const char *kunitconfig;
	const char *selftests;
	const char *plan;
	uint64_t seed;
	uint64_t cycles;
	uint64_t actors;
	const char *ops;
	const char *strategy;
	const char *steer;
	const char *keep;
	const char *aim;
	const char *near;
	const char *ranges;
	const char *script;
	const char *places;
	uint64_t smp;
	uint64_t threads;
	const char *smpboot;
	const char *timing;
	const char *accel;
	const char *kcmdline;
	uint64_t timeout;
	uint64_t stall;
	uint64_t console_max;
	bool snapshot;
};

enum field_kind {
	FIELD_TEXT,
	FIELD_PATH,		/* made absolute */
	FIELD_PATHS,		/* several, space separated */
	FIELD_CHOICE,		/* one of the words of @choices, or empty */
	FIELD_NUMBER,
	FIELD_SHARE,		/* of 1, and no more than can be told; for commands alone */
	FIELD_SWITCH,		/* 0 or 1 */
	FIELD_ARCH,		/* an architecture; a user may name several */
};

/**
 * struct field - a variable that a user can set, and where its value goes
 * @name: the variable; in a record it is this in small letters
 * @def: what it is if the user does not say
 * @kind: how it is read and written
 * @offset: of the member in the structure that has it
 * @choices: words that FIELD_CHOICE takes, space separated
 * @least: least FIELD_NUMBER
 * @most: greatest FIELD_NUMBER
 * @why: why no number is taken that is smaller or greater, for the message
 * @of: commands that read it, space separated, or NULL for all
 * @later: a record may lack it, which was made before there was such a variable, and
 *	means the default
 * @help: what it is, for people
 */
struct field {
	const char *name;
	const char *def;
	enum field_kind kind;
	size_t offset;
	const char *choices;
	uint64_t least;
	uint64_t most;
	const char *why;
	const char *of;
	bool later;
	const char *help;
};

extern const struct field request_fields[];
extern const size_t request_field_count;

json_t *request_to_json(const struct request *r);
char *request_from_json(struct request *r, const json_t *o);
char *request_words(const struct request *r);

bool request_has_series(const struct request *r);
bool request_has_whole_series(const struct request *r);
bool request_has_overlay(const struct request *r);
bool request_is_virtual(const struct request *r);

#endif /* RESPAWN_REQUEST_H */
