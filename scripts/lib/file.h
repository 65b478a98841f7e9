/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_FILE_H
#define RESPAWN_FILE_H

#include <stdbool.h>
#include <stddef.h>

char *read_file(const char *path, size_t *len);
char *publish_name(const char *path);
void publish_file(const char *tmp, const char *path);
bool publish_dir(const char *tmp, const char *path);
void write_file(const char *path, const char *text, size_t len);
void copy_file(const char *from, const char *to);
char *absolute_path(const char *path);
void make_dirs(const char *path);
void remove_tree(const char *path);
bool exists(const char *path);

#endif /* RESPAWN_FILE_H */
