/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_STEER_NAMES_H
#define RESPAWN_STEER_NAMES_H
/*
 * What the module steer can be asked: the host checks the words of its users
 * against these lists, and the module is made from them.
 */

/**
 * steer_key - a number for the name of a task
 * @name: the name
 *
 * The host has it for the names in a script, and the module for tasks that it sees.
 *
 * Context: Any.
 * Return: the number
 */
static inline unsigned int steer_key(const char *name)
{
	unsigned int key = 2166136261u;

	while (*name)
		key = (key ^ (unsigned char)*name++) * 16777619u;
	return key;
}

/*
 * X(name, it acts at yield points, ns between timers unless "every" says): the
 * function <name>_at_block() is what it does at a yield point.
 */
#define STEER_DRAWING(X)			\
	X(random,	true,	0)		\
	X(pct,		true,	0)		\
	X(burst,	true,	0)		\
	X(hold,		true,	0)		\
	X(surw,		true,	0)		\
	X(pos,		true,	0)		\
	X(jitter,	false,	20000)

/* Those that draw, and the one that does as it is told */
#define STEER_STRATEGIES(X)			\
	STEER_DRAWING(X)			\
	X(script,	true,	0)

/* Those that seeds take turns with */
#define STEER_MIX	"random", "pct", "burst", "hold", "jitter"

/* As many pieces of code as can be in the focus */
#define FOCUS_RANGES	64

/* Bits for the pairs of blocks in the focus that were come by one after the other */
#define FOCUS_PAIRS	4096

/* As many parts of all draws, and places in a script */
#define ONLY_PARTS	48
#define SCRIPT_PLACES	32

/* X(name, default, what it is) */
#define STEER_PARAMETERS(X)							\
	X(one_in, 32, "a CPU gives way at one in so many basic blocks")		\
	X(most, 4, "how often it then gives way in a row at most")		\
	X(hold, 64, "how often a CPU that is held back gives way in a row at most") \
	X(span, 50000, "pct: a CPU loses its priority at one in so many basic blocks")	\
	X(dense, 8, "how much oftener a CPU gives way in the focus, if there is one") \
	X(thin, 16, "and how much more rarely elsewhere")			\
	X(walk, 0, "seed of where CPUs give way, 0 for that of the run")		\
	X(every, 0, "mean time between two timers of a CPU in ns, 0 for none")	\
	X(delay, 0, "ns to wait in place of each time to give way, where CPUs run in parallel")

#endif /* RESPAWN_STEER_NAMES_H */
