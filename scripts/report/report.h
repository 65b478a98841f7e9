/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_REPORT_H
#define RESPAWN_REPORT_H

#include "run/guest.h"

void report_table(const struct guest *g, size_t n);
void report_failure(const struct guest *g, const char *record);
void report_total(const struct guest *g, size_t n, unsigned int same, unsigned int different);

#endif /* RESPAWN_REPORT_H */
