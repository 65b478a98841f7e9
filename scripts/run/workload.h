/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_WORKLOAD_H
#define RESPAWN_WORKLOAD_H

#include <stdint.h>

#include <jansson.h>

/**
 * struct workload - what a guest is asked to do, as far as runs of one kernel
 *	and initramfs differ in it
 * @seed: of everything random
 * @cpus: CPUs of the guest
 * @cycles: rounds of the stress driver
 * @actors: processes of the stress driver that work on threads
 * @ops: what they do, empty for all they can
 * @strategy: where CPUs give way to each other
 * @steer: its parameters, comma separated
 * @more: words of KCMDLINE= that are init's, each with a space before it
 */
struct workload {
	uint64_t seed;
	unsigned int cpus;
	unsigned int cycles;
	unsigned int actors;
	const char *ops;
	const char *strategy;
	const char *steer;
	const char *more;
};

void workload_from_options(struct workload *w, uint64_t seed);
char *workload_for_kernel(void);
void workload_in_parallel(struct workload *w);
char *workload_cmdline(const struct workload *w);
char *workload_words(const struct workload *w);
void workload_to_json(const struct workload *w, json_t *o);
const char *workload_from_json(struct workload *w, const json_t *o);

#endif /* RESPAWN_WORKLOAD_H */
