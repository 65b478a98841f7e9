/* SPDX-License-Identifier: GPL-2.0-only */
/* What a flavour's detector is not to report. */
#ifndef BUILD_EXCEPTIONS_H
#define BUILD_EXCEPTIONS_H

#include "build/request.h"

char *exceptions_in(const char *path, const char *text);
char *exceptions_of(const struct request *r);

#endif /* BUILD_EXCEPTIONS_H */
