/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_HISTORY_H
#define RESPAWN_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct history_commit - a commit of a user's tree
 * @id: its name, whole
 * @subject: first line of its message
 * @author: who wrote it
 * @date: when, as YYYY-MM-DD
 * @parents: indices of those that are in the history
 * @nr_parents: how many
 * @weight: how likely it is to be what broke thread lifecycle, by what it touches
 */
struct history_commit {
	char *id;
	char *subject;
	char *author;
	char *date;
	size_t *parents;
	size_t nr_parents;
	double weight;
};

/**
 * struct history - what lies between two commits
 * @tree: the user's tree
 * @commits: the first is GOOD, the last is BAD; parents stand before children
 * @n: how many
 * @dirty: the work tree has changes that are in no commit
 */
struct history {
	const char *tree;
	struct history_commit *commits;
	size_t n;
	bool dirty;
};

void history_read(struct history *h, const char *tree, const char *good, const char *bad);
size_t history_find(const struct history *h, const char *name);
void history_free(struct history *h);

#endif /* RESPAWN_HISTORY_H */
