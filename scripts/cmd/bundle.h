/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BUNDLE_H
#define RESPAWN_BUNDLE_H

const char *bundle_open(const char *file, const char *out);

#endif /* RESPAWN_BUNDLE_H */
