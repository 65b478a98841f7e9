/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_QEMU_H
#define RESPAWN_QEMU_H

#include "run/guest.h"

/* Descriptors under which QEMU finds the file that is the guest's memory, and its monitor */
#define QEMU_MEMORY_FD	3
#define QEMU_MONITOR_FD	4
#define QEMU_LIBRARY_FD	5

#define QEMU_MEMORY	(256UL << 20)

/*
 * No files about the caches and the place of a CPU: to make and remove them is a
 * fifth of its way, and says nothing about threads.
 */
#define QEMU_FEWER_FILES \
	"initcall_blacklist=cacheinfo_sysfs_init,topology_sysfs_init,cpuinfo_regs_init"

unsigned int qemu_boot_cpus(const struct request *r);
void qemu_arguments(struct guest *g, const char *serial);
void qemu_shell_arguments(struct guest *g);
char *qemu_words(const struct request *r);
const char *qemu_version(const struct arch *a);

#endif /* RESPAWN_QEMU_H */
