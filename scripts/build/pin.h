/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PIN_H
#define RESPAWN_PIN_H

#include "lib/util.h"

/**
 * struct pin - the one kernel source package that the series is made for
 * @package: Debian's name of it
 * @version: Debian's version
 * @sha256: of the .deb
 */
struct pin {
	char *package;
	char *version;
	char sha256[HASH_LEN];
};

void pin_read(struct pin *p);
char *pin_fetch(const struct pin *p);
int pin_move(void);

#endif /* RESPAWN_PIN_H */
