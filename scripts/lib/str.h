/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_STR_H
#define RESPAWN_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/die.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __auto_free	__attribute__((cleanup(free_ptr)))
#define __auto_strv	__attribute__((cleanup(strv_free)))

void free_ptr(void *p);

char *fmt(const char *format, ...) __printf(1, 2);
char *copy(const char *s);

struct strv {
	char **v;
	size_t n;
};

void strv_add(struct strv *s, const char *format, ...) __printf(2, 3);
void strv_lines(struct strv *s, const char *text);
void strv_split(struct strv *s, const char *text, const char *delim);
char *strv_join(const struct strv *s, const char *delim);
bool strv_has(const struct strv *s, const char *word);
void strv_free(struct strv *s);
bool has_end(const char *s, const char *end);
bool has_word(const char *words, const char *delim, const char *word);
const char *strv_nearest(const struct strv *s, const char *word);

#endif /* RESPAWN_STR_H */
