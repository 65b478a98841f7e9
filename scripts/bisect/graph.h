/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_GRAPH_H
#define RESPAWN_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct graph_node - a commit
 * @parents: indices of its parents, those before GOOD left out
 * @nr_parents: how many
 * @trunk: the parent with the most ancestors, or itself if it has no parent
 * @side: ancestors that it has beyond those of @trunk and itself
 * @nr_side: how many
 */
struct graph_node {
	size_t *parents;
	size_t nr_parents;
	size_t trunk;
	size_t *side;
	size_t nr_side;
};

/**
 * struct graph - commits from GOOD to BAD
 * @nodes: parents stand before children; the first is GOOD, the last is BAD
 * @n: how many
 *
 * GOOD is an ancestor of all others, and no candidate.
 */
struct graph {
	struct graph_node *nodes;
	size_t n;
};

void graph_init(struct graph *g);
void graph_add(struct graph *g, const size_t *parents, size_t n);
void graph_close(struct graph *g);
void graph_free(struct graph *g);
void graph_ancestors(const struct graph *g, size_t node, bool *is);
void graph_sum(const struct graph *g, const double *values, size_t width, double *sums);

#endif /* RESPAWN_GRAPH_H */
