/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PROC_H
#define RESPAWN_PROC_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/str.h"

double now(void);
char *find_program(const char *name);

typedef void (*line_fn)(void *arg, const char *line);

/**
 * struct run_opts - how run() runs a program; all of it may be left out
 * @env: "NAME=value" strings added to the clean environment it gets
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

bool proc_passes(const char *name);
void end_with_parent(pid_t parent);
int run(const struct strv *argv, const struct run_opts *opts);

/**
 * struct feed - a program that reads what we write, see feed_begin()
 * @to: where to write
 * @pid: of the program
 * @said: what it prints
 * @sigpipe: what SIGPIPE did before
 */
struct feed {
	FILE *to;
	pid_t pid;
	FILE *said;
	void (*sigpipe)(int sig);
};

void feed_begin(struct feed *f, const struct strv *argv);
int feed_end(struct feed *f, char **said);

#endif /* RESPAWN_PROC_H */
