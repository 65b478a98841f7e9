/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PAST_H
#define RESPAWN_PAST_H

/* How much of what a check needs was in the cache */
enum past {
	PAST_WARM,
	PAST_COLD,
};

void past_remember(enum past which, double seconds);
char *past_words(enum past which);

#endif /* RESPAWN_PAST_H */
