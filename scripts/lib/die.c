// SPDX-License-Identifier: GPL-2.0-only
/*
 * One way to give up: a line of text and an exit status.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/die.h"

static bool bisecting;
static void (*before_death)(void);

/**
 * die_for_bisect - from now on die() and die_tree() end as git bisect wants
 *
 * Called by bisect-step before it does anything.
 */
void die_for_bisect(void)
{
	bisecting = true;
}

/**
 * die_hook - have something done before the last word is said
 * @fn: does it
 *
 * For the terminal, which may show a bar that is in the way.
 */
void die_hook(void (*fn)(void))
{
	before_death = fn;
}

static void __noreturn vdie(int status, const char *format, va_list args)
{
	if (before_death)
		before_death();
	fputs("respawn: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(status);
}

/**
 * die - the harness, the host or the usage is at fault: say so in a line, exit
 * @fmt: what is wrong and what to do, without a newline
 */
void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vdie(bisecting ? EXIT_ABORT : EXIT_ERROR, fmt, args);
}

/**
 * die_tree - the kernel tree is at fault: it does not build, or take a patch
 * @fmt: what is wrong and what to do, without a newline
 */
void die_tree(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vdie(bisecting ? EXIT_UNTESTABLE : EXIT_ERROR, fmt, args);
}
