/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_UTF8_H
#define RESPAWN_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* What stands for each byte that is part of no character: U+FFFD */
#define UTF8_NONE	"\xef\xbf\xbd"

size_t utf8_char(const char *s, size_t len);
size_t utf8_unfinished(const char *s, size_t len);
size_t utf8_cut(const char *s, size_t most);
size_t utf8_clean(char *to, const char *s, size_t len);
char *utf8_copy(const char *s);

#endif /* RESPAWN_UTF8_H */
