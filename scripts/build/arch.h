/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_ARCH_H
#define RESPAWN_ARCH_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct arch - all that differs from one architecture to the next
 * @name: what ARCH= says
 * @aliases: other words for it that users type, space separated
 * @srcarch: the kernel's own ARCH=
 * @machine: uname -m of a host that is of this kind
 * @cross: prefix of the compiler on any other host
 * @target: image target of the kernel's Makefile
 * @image: where that puts the image
 * @debian: Debian's name, for BusyBox
 * @qemu: program
 * @qemu_machine: -M
 * @memory: address that the guest's memory begins at
 * @pvpanic: the device that a guest can stop itself with
 * @cpu: -cpu under TCG
 * @console: console= of the command line
 * @cmdline: what else the command line needs
 * @icount: virtual time of an instruction, as the exponent of 2 in ns
 * @virtual_cmdline: what is known of the machine beforehand in virtual time
 */
struct arch {
	const char *name;
	const char *aliases;
	const char *srcarch;
	const char *machine;
	const char *cross;
	const char *target;
	const char *image;
	const char *debian;
	const char *qemu;
	const char *qemu_machine;
	unsigned long long memory;
	const char *pvpanic;
	const char *cpu;
	const char *console;
	const char *cmdline;
	unsigned int icount;
	const char *virtual_cmdline;
};

extern const struct arch arches[];
extern const size_t arch_count;

const struct arch *arch_find(const char *name);
char *arch_names(void);
bool arch_is_host(const struct arch *a);

#endif /* RESPAWN_ARCH_H */
