/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_ARCH_H
#define RESPAWN_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARCH_NEEDS_MAX	6

enum probe {
	PROBE_END,
	PROBE_PROGRAM,		/* in the PATH */
	PROBE_HEADER,		/* the host's C compiler finds it */
	PROBE_LIB,		/* the compiler of the architecture finds it */
};

/* Where something is needed */
enum where {
	ANYWHERE,
	WHERE_NATIVE,		/* on a host of this architecture */
	WHERE_CROSS,		/* on any other host */
};

/**
 * struct need - something the machine has to have
 * @probe: how it is looked for
 * @name: what is looked for
 * @package: Debian's package that has it
 * @why: what it is for
 * @where: on which hosts
 */
struct need {
	enum probe probe;
	const char *name;
	const char *package;
	const char *why;
	enum where where;
};

/**
 * typedef call_fn - is this the call of a function?
 * @code: instructions, up to the end of a function
 * @left: bytes up to there
 * @at: address of the first one
 * @to: gets the address of what is called
 *
 * Return: how long the call is, 0 if it is none, in bytes
 */
typedef size_t (*call_fn)(const uint8_t *code, size_t left, uint64_t at, uint64_t *to);

/**
 * struct arch - all that differs from one architecture to the next
 * @name: what ARCH= says
 * @aliases: other words for it that users type, NULL-terminated
 * @srcarch: the kernel's own ARCH=
 * @machine: uname -m of a host that is of this kind
 * @cross: prefix of the compiler on any other host
 * @target: image target of the kernel's Makefile
 * @image: where that puts the image
 * @debian: Debian's name, for BusyBox
 * @suite: release of Debian that has BusyBox for it, where the host's does not; or NULL
 * @qemu: program
 * @qemu_machine: -M
 * @memory: address that the guest's memory begins at
 * @pvpanic: the device that a guest can stop itself with, NULL if there is none
 * @resumes: QEMU lets a guest go on from a snapshot
 * @cpu: -cpu under TCG
 * @cpu_threads: what @cpu needs besides to have two threads to a core; NULL if it can't
 * @console: console= of the command line
 * @cmdline: what else the command line needs
 * @cmdline_max: bytes of it that every kernel takes; more are cut off in silence
 * @icount: virtual time of an instruction, as the exponent of 2 in ns; 0 if a guest does
 *	not run in virtual time
 * @virtual_args: what else QEMU is told in virtual time
 * @virtual_cmdline: what is known of the machine beforehand in virtual time
 * @call: how its compiler calls a function of the kernel; NULL where nobody asks
 * @align: bytes between two places where an instruction may begin
 * @by_name: it is meant only where it is named, and not where all are
 * @needs: what its kernels and guests need of the machine, up to a PROBE_END
 */
struct arch {
	const char *name;
	const char *aliases[4];
	const char *srcarch;
	const char *machine;
	const char *cross;
	const char *target;
	const char *image;
	const char *debian;
	const char *suite;
	const char *qemu;
	const char *qemu_machine;
	unsigned long long memory;
	const char *pvpanic;
	bool resumes;
	const char *cpu;
	const char *cpu_threads;
	const char *console;
	const char *cmdline;
	size_t cmdline_max;
	unsigned int icount;
	const char *virtual_args;
	const char *virtual_cmdline;
	call_fn call;
	size_t align;
	bool by_name;
	struct need needs[ARCH_NEEDS_MAX + 1];
};

const struct arch *arch_next(const struct arch *a);
const struct arch *arch_next_usual(const struct arch *a);
const struct arch *arch_find(const char *name);
bool arch_is_host(const struct arch *a);

#endif /* RESPAWN_ARCH_H */
