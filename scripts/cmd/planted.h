/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PLANTED_H
#define RESPAWN_PLANTED_H

#include "build/image.h"

/**
 * struct planted - a bug to plant
 * @name: its file's name, without the end
 * @path: the patch
 * @bare: the patch for the kernel without the series, where it is another one
 * @class: what kind it is
 * @race: it takes an interleaving that is rare by itself
 * @historical: mainline once had it
 * @threads: it takes a machine whose cores have two threads
 */
struct planted {
	char *name;
	char *path;
	char *bare;
	char *class;
	bool race;
	bool historical;
	bool threads;
};

size_t planted_read(const char *folder, const char *names, struct planted **all);
bool planted_fits(const struct planted *b, const struct request *r);
void planted_open(const struct planted *b, const char *patch, struct image *i,
		  struct request *r);
void planted_build(const struct planted *b, const char *patch, struct image *i,
		   struct request *r);

#endif /* RESPAWN_PLANTED_H */
