// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commits and what they descend from. Sums over all ancestors of each commit are what
 * a bisect asks for most often, so the graph is made ready for them once.
 */
#include <stdlib.h>
#include <string.h>

#include "bisect/graph.h"
#include "lib/util.h"

/**
 * graph_init - begin with GOOD alone
 * @g: gets it
 */
void graph_init(struct graph *g)
{
	*g = (struct graph){ 0 };
	graph_add(g, NULL, 0);
}

/**
 * graph_add - add a commit whose parents are there
 * @g: from graph_init()
 * @parents: their indices; what is before GOOD is left out
 * @n: how many
 */
void graph_add(struct graph *g, const size_t *parents, size_t n)
{
	struct graph_node *node;

	g->nodes = grow(g->nodes, g->n + 1, sizeof(*g->nodes));
	node = &g->nodes[g->n++];
	*node = (struct graph_node){ 0 };
	for (size_t i = 0; i < n; i++) {
		/* GOOD is an ancestor of all in any case. */
		if (!parents[i])
			continue;
		node->parents = grow(node->parents, node->nr_parents + 1, sizeof(size_t));
		node->parents[node->nr_parents++] = parents[i];
	}
}

/* Mark @from and its ancestors that are not marked; list them if @list is there. */
static size_t walk(const struct graph *g, size_t from, bool *is, size_t *stack, size_t *list)
{
	size_t depth = 0, n = 0;

	if (is[from])
		return 0;
	is[from] = true;
	stack[depth++] = from;
	while (depth) {
		size_t at = stack[--depth];
		const struct graph_node *node = &g->nodes[at];

		if (list)
			list[n] = at;
		n++;
		for (size_t i = 0; i < node->nr_parents; i++) {
			if (is[node->parents[i]])
				continue;
			is[node->parents[i]] = true;
			stack[depth++] = node->parents[i];
		}
	}
	return n;
}

/**
 * graph_close - no commit will be added any more
 * @g: with all of its commits
 *
 * The sums of a commit are those of one parent, and a few more: which, is found here.
 */
void graph_close(struct graph *g)
{
	size_t *count = need(g->n, sizeof(*count)), *stack = need(g->n, sizeof(*stack));
	size_t *list = need(g->n, sizeof(*list));
	bool *is = need(g->n, sizeof(*is));

	for (size_t i = 0; i < g->n; i++) {
		struct graph_node *node = &g->nodes[i];

		node->trunk = i;
		for (size_t k = 0; k < node->nr_parents; k++)
			if (node->trunk == i || count[node->parents[k]] > count[node->trunk])
				node->trunk = node->parents[k];
		if (node->nr_parents > 1) {
			memset(is, 0, g->n * sizeof(*is));
			walk(g, node->trunk, is, stack, NULL);
			for (size_t k = 0; k < node->nr_parents; k++)
				node->nr_side += walk(g, node->parents[k], is, stack,
						      list + node->nr_side);
			node->side = need(node->nr_side, sizeof(*list));
			memcpy(node->side, list, node->nr_side * sizeof(*list));
		}
		count[i] = 1 + node->nr_side + (node->trunk == i ? 0 : count[node->trunk]);
	}
	free(count);
	free(stack);
	free(list);
	free(is);
}

/**
 * graph_free - free what a graph has
 * @g: the graph
 */
void graph_free(struct graph *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->nodes[i].parents);
		free(g->nodes[i].side);
	}
	free(g->nodes);
	*g = (struct graph){ 0 };
}

/**
 * graph_ancestors - the ancestors of a commit
 * @g: the graph
 * @node: the commit
 * @is: gets for each commit whether it is one, or @node itself; not for GOOD, unless
 *	it is @node
 */
void graph_ancestors(const struct graph *g, size_t node, bool *is)
{
	size_t *stack = need(g->n, sizeof(*stack));

	memset(is, 0, g->n * sizeof(*is));
	walk(g, node, is, stack, NULL);
	free(stack);
}

/**
 * graph_sum - sum up over each commit and its ancestors
 * @g: after graph_close()
 * @values: @width numbers for each commit
 * @width: how many
 * @sums: gets @width sums for each commit
 */
void graph_sum(const struct graph *g, const double *values, size_t width, double *sums)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct graph_node *node = &g->nodes[i];
		double *sum = sums + i * width;

		memcpy(sum, values + i * width, width * sizeof(*sum));
		if (node->trunk != i)
			for (size_t k = 0; k < width; k++)
				sum[k] += sums[node->trunk * width + k];
		for (size_t s = 0; s < node->nr_side; s++)
			for (size_t k = 0; k < width; k++)
				sum[k] += values[node->side[s] * width + k];
	}
}
