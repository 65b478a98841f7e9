/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_UTIL_H
#define RESPAWN_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(f, a)	__attribute__((__format__(__printf__, f, a)))
#define __noreturn	__attribute__((__noreturn__))
#define __auto_free	__attribute__((cleanup(free_ptr)))
#define __auto_strv	__attribute__((cleanup(strv_free)))

void free_ptr(void *p);

/* Exit statuses, the same for every subcommand. */
enum {
	EXIT_PASS	= 0,
	EXIT_BAD	= 1,	/* a fail, crash or hang was seen */
	EXIT_ERROR	= 2,	/* the harness, the host or the usage is at fault */
	EXIT_UNTESTABLE	= 125,	/* bisect-step: this commit can't be tested */
	EXIT_ABORT	= 128,	/* bisect-step: the harness failed */
};

void die_for_bisect(void);
void die_hook(void (*fn)(void));
void die(const char *fmt, ...) __printf(1, 2) __noreturn;
void die_tree(const char *fmt, ...) __printf(1, 2) __noreturn;

char *fmt(const char *format, ...) __printf(1, 2);
char *copy(const char *s);
double now(void);

struct strv {
	char **v;
	size_t n;
};

void strv_add(struct strv *s, const char *format, ...) __printf(2, 3);
void strv_split(struct strv *s, const char *text, const char *delim);
char *strv_join(const struct strv *s, const char *delim);
bool strv_has(const struct strv *s, const char *word);
void strv_free(struct strv *s);
bool has_word(const char *words, const char *delim, const char *word);

char *read_file(const char *path, size_t *len);
void write_file(const char *path, const char *text, size_t len);
void copy_file(const char *from, const char *to);
void make_dirs(const char *path);
void remove_tree(const char *path);
bool exists(const char *path);
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

void lock_hook(void (*fn)(const char *what));
int lock_file(const char *path, const char *what);

/* Hex digits of a SHA-256 and the terminating NUL */
#define HASH_LEN	65

struct hash;

struct hash *hash_new(void);
void hash_add(struct hash *h, const void *data, size_t len);
void hash_str(struct hash *h, const char *s);
void hash_end(struct hash *h, char hex[HASH_LEN]);
void hash_file(const char *path, char hex[HASH_LEN]);

#endif /* RESPAWN_UTIL_H */
