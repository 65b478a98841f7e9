/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_CHECK_SERIES_H
#define RESPAWN_CHECK_SERIES_H

int check_series(void);

#endif /* RESPAWN_CHECK_SERIES_H */
