/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BUNDLE_H
#define RESPAWN_BUNDLE_H

int bundle(void);
char *bundle_open(const char *file);

#endif /* RESPAWN_BUNDLE_H */
