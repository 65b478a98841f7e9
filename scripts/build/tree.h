/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TREE_H
#define RESPAWN_TREE_H

#include "build/pin.h"
#include "build/request.h"

/**
 * struct tree - a kernel source with the series on top, in the cache
 * @dir: all that belongs to it
 * @git: private repository that holds the base and what was applied
 * @src: work tree that kernels are built from
 * @name: what the base is, for people and records
 * @commit: of the user's tree, NULL if it is of none
 * @base: git's name of the base's content
 * @hash: git's name of the content with the series on top
 * @series: the series is part of that
 * @lock: descriptor while the work tree is ours, else -1
 *
 * The content's name says all there is to say of a source, so it is what
 * kernels are keyed by. There is one work tree per base: moving it from one
 * content to another touches just the files that differ, which is what make
 * then builds.
 */
struct tree {
	char *dir;
	char *git;
	char *src;
	char *name;
	char *commit;
	char *base;
	char *hash;
	bool series;
	int lock;
};

/**
 * struct tree_file - a file, and what it is to have in it
 * @path: from the top of the tree
 * @text: all of it
 */
struct tree_file {
	char *path;
	char *text;
};

char *tree_ask_user(const char *tree, const char *what, ...);
char *tree_user_commit(const char *tree, const char *name);
void tree_check_patches(const struct request *r);
void tree_open(struct tree *t, struct request *r);
void tree_open_base(struct tree *t, const struct request *r);
char *tree_apply(struct tree *t, const struct strv *patches, size_t n);
void tree_aside(struct tree *t, const char *name);
char *tree_path(const char *path);
char *tree_read(const struct tree *t, const char *file);
char *tree_read_of(const struct tree *t, const char *content, const char *file);
char *tree_diff(const struct tree *t, const char *from, const char *to);
char *tree_without_patches(const struct tree *t, const struct request *r);
char *tree_since(const struct request *r);
void tree_grep(const struct tree *t, const char *pattern, struct strv *found);
void tree_put(struct tree *t, const struct tree_file *files, size_t n);
void tree_checkout(struct tree *t);
void tree_unlock(struct tree *t);
void tree_try_series(const struct pin *p);
void tree_series(struct strv *files);
char *tree_open_pin(struct tree *t, const struct pin *p);

#endif /* RESPAWN_TREE_H */
