/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_BUGS_H
#define RESPAWN_BUGS_H

int bugs(void);

#endif /* RESPAWN_BUGS_H */
