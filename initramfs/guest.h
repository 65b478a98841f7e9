/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_GUEST_H
#define RESPAWN_GUEST_H
/*
 * What the guest's programs share: a seeded generator, files, CPU lists, and
 * the tasks and slab objects there are.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "kmsg.h"

#define CPU_DIR		"/sys/devices/system/cpu"

typedef unsigned long long u64;

/* CPUs are the bits of a word. */
#define CPUS_MAX	64
#define TASKS_MAX	4096
#define COMM_LEN	64

/**
 * struct task - what /proc/PID/stat says of a task
 * @pid: its pid
 * @cpu: where it ran last
 * @threads: how many there are in its process
 * @state: as a letter
 * @comm: its name
 */
struct task {
	int pid;
	int cpu;
	unsigned int threads;
	char state;
	char comm[COMM_LEN];
};

struct tasks {
	size_t nr;
	struct task task[TASKS_MAX];
};

/**
 * struct census - all that must be the same before and after
 * @tasks: the tasks there were
 * @slab: objects of task_struct that are not these tasks' ones
 */
struct census {
	struct tasks tasks;
	long slab;
};

static inline bool bit(u64 mask, unsigned int n)
{
	return mask >> n & 1;
}

/* What failed. Each function that returns bool has said why, if it is false. */
void fail_tell(void (*tell)(const char *what));
__printf(1, 2)
bool fail(const char *fmt, ...);
bool fail_file(const char *path, int err);

int module_load(const char *name, const char *parameters);
int module_unload(const char *name);

u64 random_next(u64 *state);
unsigned int random_bit(u64 *state, u64 mask);

void plant_unusable(const char *path);
int open_file(const char *path, int flags);
int read_text(const char *path, char *buf, size_t size);
int write_text(const char *path, const char *text);
bool must_write(const char *path, const char *text);
void hush(void);
void talk_again(void);
bool keep_open(const char *path);
int write_kept(const char *path, const char *text);
bool await_child(pid_t child, int *status);
bool ended_well(const char *what, int status);
bool install_busybox(void);
bool is_preempt_rt(void);
bool read_number(const char *name, u64 *value);

bool parse_cpulist(const char *list, u64 *mask);
bool read_online(u64 *mask);
bool read_late(u64 online, u64 *mask);
bool movable_cpus(u64 cpus, u64 *state, u64 *movable);

bool read_tasks(struct tasks *tasks);
bool read_tasks_again(struct tasks *tasks, unsigned int *last);
bool take_census(struct census *c, bool (*settle)(void));
bool same_tasks(const struct census *before, const struct census *after);
void leave_out_cpus(struct census *c, u64 cpus);
bool no_zombie(const struct census *c);
bool same_slab(const struct census *before, const struct census *after);

#endif /* RESPAWN_GUEST_H */
