/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_APT_H
#define RESPAWN_APT_H

char *apt_versions(const char *arch, const char *package);
char *apt_download(const char *arch, const char *package, const char *version,
		   const char *suite);

#endif /* RESPAWN_APT_H */
