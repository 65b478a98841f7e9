// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lies in the cache, how much room it takes and how much it may take.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/util.h"

#define GB	1000000000.0

/* In the unit that fits, to be freed */
static char *since(time_t then)
{
	double s = difftime(time(NULL), then);

	if (s < 2 * 3600)
		return fmt("%.0f min", s / 60);
	if (s < 48 * 3600)
		return fmt("%.0f h", s / 3600);
	return fmt("%.0f days", s / (24 * 3600));
}

static void print_kind(const struct cache_kind *k)
{
	__auto_free char *oldest = since(k->oldest), *newest = since(k->newest);

	printf("%-14s %6zu %6zu %9.3f %9s %9s  %s\n", k->name, k->count, k->in_use,
	       k->bytes / GB, newest, oldest, k->kept ? "stays" : "");
}

/**
 * cmd_cache - show what there is in the cache
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_cache(const struct options *o)
{
	struct cache_kind *kinds;
	size_t n = cache_list(&kinds);
	uint64_t total = 0;

	printf("%s\n", host_cache());
	printf("%-14s %6s %6s %9s %9s %9s\n", "", "there", "in use", "GB", "last use",
	       "first out");
	for (size_t i = 0; i < n; i++) {
		print_kind(&kinds[i]);
		total += kinds[i].bytes;
	}
	printf("%-14s %6s %6s %9.3f  of CACHE_MAX=%" PRIu64 "\n", "total", "", "", total / GB,
	       o->cache_max);
	free(kinds);
	return EXIT_PASS;
}
