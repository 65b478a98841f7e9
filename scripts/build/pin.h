/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PIN_H
#define RESPAWN_PIN_H

#include "lib/util.h"

/* The source is the same for every architecture; any will do to ask for it. */
#define PIN_ARCH	"amd64"

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

void pin_read(struct pin *p, const char *name);
char *pin_fetch(const struct pin *p);
char *pin_path(const char *name);

#endif /* RESPAWN_PIN_H */
