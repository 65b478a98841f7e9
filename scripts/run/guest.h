/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_GUEST_H
#define RESPAWN_GUEST_H

#include <sys/types.h>

#include "judge/judge.h"
#include "build/kernel.h"
#include "run/qmp.h"
#include "run/smpboot.h"
#include "run/snapshot.h"
#include "run/workload.h"

/**
 * struct guest - one QEMU, from its start to the verdict
 * @kernel: what it boots
 * @initramfs: what it boots into
 * @dir: where it leaves its console; made by the caller
 * @smpboot: what becomes of the threads of a CPU that goes, or NULL
 * @steps: what it is asked to do
 * @work: what the steps are to make of it; guest_prepare() fills it in from the
 *	user's variables if it is empty
 * @accel: "virtual", "kvm" or "tcg"
 * @by_cpu: TIMEOUT= and STALL= count the seconds of CPU that QEMU used: on a host
 *	that is busy with other things, a guest that is slow does not hang
 * @eager: its first failure is all that is asked for
 * @from: what it goes on from, or NULL if it boots
 * @waits: it stops before it does anything, until there is @work in its memory
 * @pauses: where others end it is paused, for a debugger: guests_run() is done with
 *	it then, and guest_kill() ends it
 * @monitored: QEMU has a monitor
 * @hear: takes what that says; may be NULL
 * @judge: what is known of it; made by guest_prepare()
 * @argv: QEMU's arguments
 * @cmdline: the kernel's command line
 * @wall: host seconds it took
 * @boot: host seconds until init spoke, negative if it never did
 * @ending: how it ended
 * @stopped: QEMU has stopped it
 * @memory: file that is its memory
 * @qmp: QEMU's monitor
 *
 * What follows is for guest.c alone.
 */
struct guest {
	const struct kernel *kernel;
	const char *initramfs;
	const char *dir;
	const struct smpboot *smpboot;
	const struct strv *steps;
	struct workload work;
	const char *accel;
	bool by_cpu;
	bool eager;
	const struct snapshot *from;
	bool waits;
	bool pauses;
	bool monitored;
	void (*hear)(struct guest *g, const json_t *message);
	struct judge *judge;
	struct strv argv;
	char *cmdline;
	double wall;
	double boot;
	enum ending ending;
	bool stopped;
	int memory;
	struct qmp qmp;

	pid_t pid;
	int pidfd;
	int console;
	int cpu_slot;
	double begun;
	double heard;
	double cpu_heard;
	double given_up;
	char *detail;
};

/*
 * No files about the caches and the place of a CPU: to make and remove them is a
 * fifth of its way, and says nothing about threads.
 */
#define GUEST_FEWER_FILES \
	"initcall_blacklist=cacheinfo_sysfs_init,topology_sysfs_init,cpuinfo_regs_init"

void guest_prepare(struct guest *g, const struct plan *plan);
void guest_prepare_again(struct guest *g, const struct plan *plan);
void guest_start(struct guest *g);
void guest_monitor(struct guest *g);
void guest_hear(struct guest *g);
void guest_give_up(struct guest *g, char *why);
void guest_kill(struct guest *g);
size_t guests_places(void);
void guests_run(struct guest *g, size_t n);

/**
 * struct guest_source - where guests come from that are not all known at first
 * @next: the next one, from guest_prepare(), or NULL if there is none for now
 * @over: takes one that is over and judged
 * @show: shows progress
 * @most: how many may run at once, 0 for as many as the host has CPUs
 * @arg: first argument of all of them
 */
struct guest_source {
	struct guest *(*next)(void *arg);
	void (*over)(void *arg, struct guest *g);
	void (*show)(void *arg);
	size_t most;
	void *arg;
};

void guests_run_from(const struct guest_source *source);
void guest_free(struct guest *g);
int guest_shell(struct guest *g);

#endif /* RESPAWN_GUEST_H */
