/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_OPTIONS_H
#define RESPAWN_OPTIONS_H

#include "cmd/cmd.h"

void options_parse(struct options *o, const char *command, const char *defaults, int argc,
		   char **argv);
void options_help(void);
const struct field *options_field(size_t i);

#endif /* RESPAWN_OPTIONS_H */
