// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is printed on a console may be of any bytes. What is said of it goes into
 * JSON, which is UTF-8 and nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "judge/utf8.h"
#include "lib/util.h"

/* How long a character is that begins with this byte, 0 if none does */
static size_t length_of(unsigned char b)
{
	if (b < 0x80)
		return 1;
	if (b >= 0xc2 && b <= 0xdf)
		return 2;
	if (b >= 0xe0 && b <= 0xef)
		return 3;
	return b >= 0xf0 && b <= 0xf4 ? 4 : 0;
}

/* Can this byte be the @nr-th of the character that begins with @first? */
static bool goes_on(unsigned char first, size_t nr, unsigned char b)
{
	unsigned char low = 0x80, high = 0xbf;

	if (nr == 1 && first == 0xe0)
		low = 0xa0;	/* or it would be longer than it need be */
	else if (nr == 1 && first == 0xed)
		high = 0x9f;	/* or it would be a surrogate */
	else if (nr == 1 && first == 0xf0)
		low = 0x90;
	else if (nr == 1 && first == 0xf4)
		high = 0x8f;	/* or it would be beyond U+10FFFF */
	return b >= low && b <= high;
}

/* How many bytes of a character there are, and whether that is all of it */
static size_t part_of_char(const char *s, size_t len, bool *whole)
{
	size_t want = len ? length_of((unsigned char)*s) : 0;
	size_t n = want ? 1 : 0;

	while (n && n < want && n < len && goes_on((unsigned char)*s, n, (unsigned char)s[n]))
		n++;
	*whole = n && n == want;
	return n;
}

/**
 * utf8_char - how long is the character here?
 * @s: bytes
 * @len: how many
 *
 * Return: its length in bytes, 0 if there is no valid character
 */
size_t utf8_char(const char *s, size_t len)
{
	bool whole;
	size_t n = part_of_char(s, len, &whole);

	return whole ? n : 0;
}

/**
 * utf8_unfinished - how much of a text's end may be the beginning of a character?
 * @s: the text
 * @len: its length in bytes
 *
 * Return: how many bytes, 0 to 3
 */
size_t utf8_unfinished(const char *s, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		bool whole;

		if (part_of_char(s + len - back, back, &whole) == back)
			return whole ? 0 : back;
	}
	return 0;
}

/**
 * utf8_cut - where to cut a text so that no character is cut
 * @s: the text, valid UTF-8
 * @most: how many bytes at most
 *
 * Return: how many bytes to keep
 */
size_t utf8_cut(const char *s, size_t most)
{
	size_t n = strnlen(s, most + 1);

	if (n <= most)
		return n;
	for (n = most; n && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

/**
 * utf8_clean - make any bytes valid UTF-8
 * @to: gets the text and a NUL, has room for three times @len and the NUL
 * @s: the bytes
 * @len: how many
 *
 * Each byte that is part of no character becomes UTF8_NONE.
 *
 * Return: the length of the text
 */
size_t utf8_clean(char *to, const char *s, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_char(s + i, len - i);

		memcpy(to + out, n ? s + i : UTF8_NONE, n ? n : strlen(UTF8_NONE));
		out += n ? n : strlen(UTF8_NONE);
		i += n ? n : 1;
	}
	to[out] = '\0';
	return out;
}

/**
 * utf8_copy - a text of any bytes, made valid UTF-8
 * @s: the text
 *
 * Return: the copy, to be freed
 */
char *utf8_copy(const char *s)
{
	size_t len = strlen(s);
	char *to = malloc(3 * len + 1);

	if (!to)
		die("out of memory");
	utf8_clean(to, s, len);
	return to;
}
