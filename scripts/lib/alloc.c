// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is there: there is no failure but death.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "lib/alloc.h"
#include "lib/die.h"

/**
 * need - an array of zeroes
 * @n: how many elements; none is allowed
 * @size: bytes of one
 *
 * Return: it, to be freed
 */
void *need(size_t n, size_t size)
{
	void *p = calloc(n ?: 1, size);

	if (!p)
		die("out of memory");
	return p;
}

/**
 * grow - have room for more elements in an array
 * @p: the array, or NULL
 * @n: how many there is room for then
 * @size: bytes of one
 *
 * Return: it, perhaps elsewhere; what is new is not set
 */
void *grow(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (!p)
		die("out of memory");
	return p;
}
