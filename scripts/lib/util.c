// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every part of the host program needs: strings, files, child processes,
 * locks, hashes, and one way to give up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "lib/util.h"

static bool bisecting;
static void (*before_death)(void);

void free_ptr(void *p)
{
	free(*(void **)p);
}

/**
 * die_for_bisect - from now on die() and die_tree() end as git bisect wants
 *
 * Called by bisect-step before it does anything.
 */
void die_for_bisect(void)
{
	bisecting = true;
}

/**
 * die_hook - have something done before the last word is said
 * @fn: does it
 *
 * For the terminal, which may show a bar that is in the way.
 */
void die_hook(void (*fn)(void))
{
	before_death = fn;
}

static void __noreturn vdie(int status, const char *format, va_list args)
{
	if (before_death)
		before_death();
	fputs("respawn: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(status);
}

/**
 * die - the harness, the host or the usage is at fault: say so in a line, exit
 * @fmt: what is wrong and what to do, without a newline
 */
void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vdie(bisecting ? EXIT_ABORT : EXIT_ERROR, fmt, args);
}

/**
 * die_tree - the kernel tree is at fault: it does not build, or take a patch
 * @fmt: what is wrong and what to do, without a newline
 */
void die_tree(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vdie(bisecting ? EXIT_UNTESTABLE : EXIT_ERROR, fmt, args);
}

/**
 * fmt - a formatted string in memory of its own
 * @format: as for printf()
 *
 * Return: the string, to be freed; there is no failure but death.
 */
char *fmt(const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		die("out of memory");
	va_end(args);
	return s;
}

char *copy(const char *s)
{
	return fmt("%s", s);
}

/**
 * now - host time that only goes forward
 *
 * Return: seconds
 */
double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/**
 * strv_add - append a formatted string to a vector
 * @s: vector, all zeroes if empty; @s->v always ends with NULL
 * @format: as for printf()
 */
void strv_add(struct strv *s, const char *format, ...)
{
	va_list args;

	s->v = reallocarray(s->v, s->n + 2, sizeof(*s->v));
	if (!s->v)
		die("out of memory");
	va_start(args, format);
	if (vasprintf(&s->v[s->n], format, args) < 0)
		die("out of memory");
	va_end(args);
	s->v[++s->n] = NULL;
}

/**
 * strv_split - append the words of a text to a vector
 * @s: vector
 * @text: words, or NULL for none
 * @delim: characters between words
 */
void strv_split(struct strv *s, const char *text, const char *delim)
{
	__auto_free char *t = copy(text ? text : "");
	char *save, *w;

	for (w = strtok_r(t, delim, &save); w; w = strtok_r(NULL, delim, &save))
		strv_add(s, "%s", w);
}

/**
 * strv_join - the words of a vector as one text
 * @s: vector
 * @delim: what comes between two words
 *
 * Return: the text, to be freed
 */
char *strv_join(const struct strv *s, const char *delim)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; f && i < s->n; i++)
		fprintf(f, "%s%s", i ? delim : "", s->v[i]);
	if (!f || fclose(f))
		die("out of memory");
	return text;
}

bool strv_has(const struct strv *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], word))
			return true;
	return false;
}

/**
 * has_word - is a word one of a list?
 * @words: the list
 * @delim: characters between its words
 * @word: the word
 *
 * Return: whether it is
 */
bool has_word(const char *words, const char *delim, const char *word)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, words, delim);
	return strv_has(&all, word);
}

void strv_free(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv){ 0 };
}

/**
 * read_file - a whole file as a string
 * @path: the file
 * @len: gets its length, may be NULL
 *
 * Return: its text, ended with a NUL, to be freed; NULL with errno set if it
 * can't be read.
 */
char *read_file(const char *path, size_t *len)
{
	size_t n = 0, got, room = 1 << 14;
	FILE *f = fopen(path, "re");
	char *s;

	if (!f)
		return NULL;
	s = malloc(room);
	while (s && (got = fread(s + n, 1, room - n - 1, f)) > 0) {
		n += got;
		if (n + 1 == room)
			s = realloc(s, room *= 2);
	}
	if (!s)
		die("out of memory");
	if (ferror(f)) {
		free(s);
		s = NULL;
	} else {
		s[n] = '\0';
		if (len)
			*len = n;
	}
	fclose(f);
	return s;
}

/**
 * write_file - put a file in place whole, or not at all
 * @path: the file
 * @text: what goes in
 * @len: its length in bytes
 *
 * Goes through a temporary name in the same directory. Dies if it can't.
 */
void write_file(const char *path, const char *text, size_t len)
{
	__auto_free char *tmp = fmt("%s.%d.tmp", path, getpid());
	FILE *f = fopen(tmp, "we");

	if (!f)
		die("cannot write %s: %s", path, strerror(errno));
	if (fwrite(text, 1, len, f) != len || fflush(f) || fsync(fileno(f))) {
		int err = errno;

		unlink(tmp);
		die("cannot write %s: %s", path, strerror(err));
	}
	fclose(f);
	if (rename(tmp, path)) {
		int err = errno;

		unlink(tmp);
		die("cannot write %s: %s", path, strerror(err));
	}
}

/**
 * copy_file - copy a file, with the bytes shared where the file system can
 * @from: an existing file
 * @to: the copy
 *
 * Dies if it can't.
 */
void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = 1;

	while (in >= 0 && out >= 0 && n > 0)
		n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
	if (in < 0 || out < 0 || n < 0)
		die("cannot copy %s to %s: %s", from, to, strerror(errno));
	close(in);
	close(out);
}

/**
 * make_dirs - create a directory and what is missing above it
 * @path: the directory
 *
 * Dies if it can't.
 */
void make_dirs(const char *path)
{
	__auto_free char *p = copy(path);

	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(p, 0777);
		*slash = '/';
	}
	if (mkdir(p, 0777) && errno != EEXIST)
		die("cannot create directory %s: %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

/**
 * remove_tree - remove a file or a directory with all that is in it
 * @path: need not exist
 */
void remove_tree(const char *path)
{
	nftw(path, remove_one, 64, FTW_DEPTH | FTW_PHYS);
}

bool exists(const char *path)
{
	return !access(path, F_OK);
}

/**
 * find_program - look a program up as execvp() would
 * @name: its name, or a path
 *
 * Return: its path, to be freed, or NULL.
 */
char *find_program(const char *name)
{
	__auto_strv struct strv dirs = { 0 };

	if (strchr(name, '/'))
		return access(name, X_OK) ? NULL : copy(name);
	strv_split(&dirs, getenv("PATH"), ":");
	for (size_t i = 0; i < dirs.n; i++) {
		char *path = fmt("%s/%s", dirs.v[i], name);

		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return NULL;
}

static void __noreturn run_child(const struct strv *argv,
				 const struct run_opts *o, int out, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	/* A child that outlives the harness would go on writing to the cache. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(o->quiet_err ? null : out, STDERR_FILENO);
	for (size_t i = 0; o->env && i < o->env->n; i++)
		putenv(o->env->v[i]);
	if (o->dir && chdir(o->dir)) {
		dprintf(out, "%s: %s\n", o->dir, strerror(errno));
		_exit(127);
	}
	execvp(argv->v[0], argv->v);
	dprintf(out, "%s: %s\n", argv->v[0], strerror(errno));
	_exit(127);
}

/**
 * run - run a program and wait for it
 * @argv: its arguments
 * @opts: what to do with its output, see struct run_opts
 *
 * Return: its exit status, 127 if it can't be run, 128 + signal if one ended it
 */
int run(const struct strv *argv, const struct run_opts *opts)
{
	static const struct run_opts none;
	const struct run_opts *o = opts ? opts : &none;
	FILE *in, *log = NULL, *out = NULL;
	char *line = NULL;
	size_t room = 0, out_len;
	int fds[2], status;
	pid_t pid, self = getpid();

	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid)
		run_child(argv, o, fds[1], self);
	close(fds[1]);

	if (o->log)
		log = fopen(o->log, "ae");
	if (o->out)
		out = open_memstream(o->out, &out_len);
	in = fdopen(fds[0], "r");
	while (getline(&line, &room, in) > 0) {
		if (log)
			fputs(line, log);
		if (out)
			fputs(line, out);
		if (o->line)
			o->line(o->arg, line);
	}
	free(line);
	fclose(in);
	if (log)
		fclose(log);
	if (out)
		fclose(out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void (*waiting)(const char *what);

/**
 * lock_hook - have it said that a lock is waited for
 * @fn: says so; its argument is what the other one is doing
 */
void lock_hook(void (*fn)(const char *what))
{
	waiting = fn;
}

/**
 * lock_file - take a lock that ends with the process, waiting if need be
 * @path: the lock's file, created if missing
 * @what: what another one is doing meanwhile, for the message
 *
 * Return: a descriptor; closing it gives the lock back. Dies if it can't.
 */
int lock_file(const char *path, const char *what)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		die("cannot open lock %s: %s", path, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (waiting)
		waiting(what);
	while (flock(fd, LOCK_EX)) {
		if (errno != EINTR)
			die("cannot lock %s: %s", path, strerror(errno));
	}
	return fd;
}

struct hash {
	struct sha256_ctx ctx;
};

struct hash *hash_new(void)
{
	struct hash *h = malloc(sizeof(*h));

	if (!h)
		die("out of memory");
	sha256_init(&h->ctx);
	return h;
}

void hash_add(struct hash *h, const void *data, size_t len)
{
	sha256_update(&h->ctx, len, data);
}

/* The NUL goes in too, so that two strings do not hash as their sum. */
void hash_str(struct hash *h, const char *s)
{
	hash_add(h, s, strlen(s) + 1);
}

/**
 * hash_end - the digest, as hex digits
 * @h: is freed
 * @hex: gets the digits
 */
void hash_end(struct hash *h, char hex[HASH_LEN])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(&h->ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	free(h);
}

/**
 * hash_file - SHA-256 of a file's content
 * @path: the file; dies if it can't be read
 * @hex: gets the digits
 */
void hash_file(const char *path, char hex[HASH_LEN])
{
	FILE *f = fopen(path, "re");
	struct hash *h = hash_new();
	char buf[1 << 16];
	size_t n;

	if (!f)
		die("cannot read %s: %s", path, strerror(errno));
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		hash_add(h, buf, n);
	if (ferror(f))
		die("cannot read %s: %s", path, strerror(errno));
	fclose(f);
	hash_end(h, hex);
}
