/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PACKAGE_H
#define RESPAWN_PACKAGE_H

void source_import(const char *package, const char *git, const char *ref);
void source_extract(const char *package, const char *member, const char *to);

#endif /* RESPAWN_PACKAGE_H */
