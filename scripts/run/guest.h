/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_GUEST_H
#define RESPAWN_GUEST_H

#include <poll.h>
#include <sys/types.h>

#include "build/image.h"
#include "judge/judge.h"
#include "run/allotted.h"
#include "run/qmp.h"

struct guest;

/**
 * struct guest_hooks - who has a hand in a guest's life
 * @hear: its monitor said something
 */
struct guest_hooks {
	void (*hear)(struct guest *g, const json_t *message);
};

/**
 * struct guest - one QEMU, from its start to the verdict
 * @image: what it boots
 * @req: what it is asked; names its steps, its strategy and its mode of smpboot
 * @dir: where it leaves its console; made by the caller
 * @accel: "virtual", "kvm" or "tcg"
 * @eager: its first failure is all that is asked for
 * @waits: it stops before it does anything, for a snapshot
 * @resumes: it goes on from one
 * @gdb: socket where a debugger finds it, or NULL; where others end, such a guest
 *	is paused, and guest_kill() ends it
 * @hooks: who has a hand in it, or NULL
 * @hook_data: theirs
 * @steps: the names of @req's plan
 * @is_stress: these are a stress run
 * @judge: what is known of it
 * @argv: QEMU's arguments
 * @cmdline: the kernel's command line
 * @wall: host seconds it took
 * @boot: host seconds until init spoke, negative if it never did
 * @ending: how it ended
 * @detail: the same for people, where the host had a hand in it
 * @stopped: QEMU has stopped it
 * @memory: file that is its memory
 * @qmp: QEMU's monitor
 * @monitored: QEMU has one
 *
 * What follows is for guest.c alone.
 */
struct guest {
	const struct image *image;
	struct request req;
	const char *dir;
	const char *accel;
	bool eager;
	bool waits;
	bool resumes;
	const char *gdb;
	const struct guest_hooks *hooks;
	const void *hook_data;
	struct strv steps;
	bool is_stress;
	struct judge *judge;
	struct strv argv;
	char *cmdline;
	double wall;
	double boot;
	enum ending ending;
	char *detail;
	bool stopped;
	int memory;
	struct qmp qmp;
	bool monitored;

	struct judge_asked asked;
	pid_t pid;
	int pidfd;
	int console;
	size_t console_size;
	int cpu_slot;
	double begun;
	struct allotted allotted;
	double heard;
	double given_up;
};

/* Descriptors of a guest that something may come from */
#define GUEST_FDS	2

void guest_prepare(struct guest *g);
void guest_start(struct guest *g);
void guest_fds(const struct guest *g, struct pollfd fds[GUEST_FDS]);
bool guest_poll(struct guest *g, const struct pollfd fds[GUEST_FDS]);
enum ending guest_ending(int status, const char *said, char **detail);
void guest_fetch(struct guest *g);
void guest_give_up(struct guest *g, char *why);
void guest_kill(struct guest *g);
int guest_shell(struct guest *g);
void guest_free(struct guest *g);

#endif /* RESPAWN_GUEST_H */
