/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PROC_H
#define RESPAWN_PROC_H

#include <stdbool.h>

#include "lib/str.h"

double now(void);
char *find_program(const char *name);

typedef void (*line_fn)(void *arg, const char *line);

/**
 * struct run_opts - how run() runs a program; all of it may be left out
 * @env: "NAME=value" strings added to the environment
 * @dir: working directory
 * @log: file that gets everything the program prints
 * @out: gets what the program prints to stdout, and stderr too unless
 *	@quiet_err, to be freed
 * @quiet_err: stderr goes to /dev/null
 * @line: called for each line the program prints
 * @arg: first argument of @line
 */
struct run_opts {
	const struct strv *env;
	const char *dir;
	const char *log;
	char **out;
	bool quiet_err;
	line_fn line;
	void *arg;
};

int run(const struct strv *argv, const struct run_opts *opts);

#endif /* RESPAWN_PROC_H */
