/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_DIE_H
#define RESPAWN_DIE_H

#define __printf(f, a)	__attribute__((__format__(__printf__, f, a)))
#define __noreturn	__attribute__((__noreturn__))

/* Exit statuses, the same for every subcommand. */
enum {
	EXIT_PASS	= 0,
	EXIT_BAD	= 1,	/* a fail, crash or hang was seen */
	EXIT_ERROR	= 2,	/* the harness, the host or the usage is at fault */
	EXIT_UNTESTABLE	= 125,	/* bisect-step: this commit can't be tested */
	EXIT_ABORT	= 128,	/* bisect-step: the harness failed */
};

void die_for_bisect(void);
void die_hook(void (*fn)(void));
void die(const char *fmt, ...) __printf(1, 2) __noreturn;
void die_tree(const char *fmt, ...) __printf(1, 2) __noreturn;

#endif /* RESPAWN_DIE_H */
