/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_GUEST_H
#define RESPAWN_GUEST_H

#include <sys/types.h>

#include "judge.h"
#include "kernel.h"
#include "smpboot.h"

/**
 * struct guest - one QEMU, from its start to the verdict
 * @kernel: what it boots
 * @initramfs: what it boots into
 * @dir: where it leaves its console; made by the caller
 * @smpboot: what becomes of the threads of a CPU that goes, or NULL
 * @steps: what it is asked to do
 * @accel: "virtual", "kvm" or "tcg"
 * @by_cpu: TIMEOUT= and STALL= count the seconds of CPU that QEMU used: on a host
 *	that is busy with other things, a guest that is slow does not hang
 * @eager: its first failure is all that is asked for
 * @judge: what is known of it; made by guest_prepare()
 * @argv: QEMU's arguments
 * @cmdline: the kernel's command line
 * @wall: host seconds it took
 * @boot: host seconds until init spoke, negative if it never did
 *
 * What follows is for guest.c alone.
 */
struct guest {
	const struct kernel *kernel;
	const char *initramfs;
	const char *dir;
	const struct smpboot *smpboot;
	const struct strv *steps;
	const char *accel;
	bool by_cpu;
	bool eager;
	struct judge *judge;
	struct strv argv;
	char *cmdline;
	double wall;
	double boot;

	pid_t pid;
	int pidfd;
	int console;
	int cpu_slot;
	double begun;
	double heard;
	double cpu_heard;
	enum ending ending;
	char *detail;
};

void guest_prepare(struct guest *g, const struct plan *plan);
void guests_run(struct guest *g, size_t n);
void guest_free(struct guest *g);
int guest_shell(struct guest *g);

#endif /* RESPAWN_GUEST_H */
