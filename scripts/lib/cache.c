// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lies in the cache: marked and locked by whoever uses it, thrown out when it
 * takes too much room, oldest use first. Who fills the cache knows what is in it;
 * here only the places are known.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cache.h"
#include "lib/host.h"
#include "lib/util.h"

enum room {
	ROOM_ANY,		/* made again when it is needed */
	ROOM_TREE,		/* a repository: only what somebody else has, too */
	ROOM_KEPT,
};

/**
 * struct place - where entries of a kind are
 * @name: of the kind
 * @pattern: what they are called, from the cache's folder on
 * @lock: what is locked while one is used, from the entry on; NULL if it is the
 *	entry itself, as cache_use() does
 * @apart: folders of an entry that are entries of their own, space separated
 * @room: whether it may go
 */
struct place {
	const char *name;
	const char *pattern;
	const char *lock;
	const char *apart;
	enum room room;
};

#define PLACE(n, p)	.name = n, .pattern = p

static const struct place places[] = {
	{ PLACE("kernels", "kernel/*") },
	{ PLACE("initramfs", "initramfs/*") },
	{ PLACE("snapshots", "snapshot/*") },
	{ PLACE("results", "memo/*/*") },
	{ PLACE("file hashes", "hash/*") },
	{ PLACE("packages", "download/*") },
	{ PLACE("build folders", "tree/*/out/*"), .lock = "../../lock" },
	{ PLACE("work trees", "tree/*/src"), .lock = "../lock" },
	{ PLACE("repositories", "tree/*"), .apart = "out src", .room = ROOM_TREE },
	/* ccache has a limit of its own, see trim_ccache(). */
	{ PLACE("compilations", "ccache"), .room = ROOM_KEPT },
	{ PLACE("BusyBox", "busybox/*"), .room = ROOM_KEPT },
	{ PLACE("package lists", "apt/*"), .room = ROOM_KEPT },
	{ PLACE("other", "*"), .room = ROOM_KEPT },
};

/* ---- in use ------------------------------------------------------------------ */

struct use {
	char *path;
	int fd;
};

static struct use *uses;
static size_t use_count;

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Give back what is no longer there: a campaign removes as much as it makes. */
static void forget_removed(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < use_count; i++) {
		if (same_file(uses[i].fd, uses[i].path)) {
			uses[kept++] = uses[i];
			continue;
		}
		close(uses[i].fd);
		free(uses[i].path);
	}
	use_count = kept;
}

/* A descriptor for each entry is more than the usual limit foresees. */
static void raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max > 1 << 16 ? 1 << 16 : r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static void remember_use(const char *path, int fd)
{
	if (!use_count)
		raise_limit();
	uses = reallocarray(uses, use_count + 1, sizeof(*uses));
	if (!uses)
		die("out of memory");
	uses[use_count++] = (struct use){ .path = copy(path), .fd = fd };
}

/**
 * cache_use - use an entry of the cache, if it is there
 * @path: the entry, a file or a folder
 *
 * Marks it as used now. It stays as long as this process and those that it forks;
 * a program that is run does not hold it. Called for all that is taken from the
 * cache or was put there, right before the first look into it.
 *
 * Return: whether it is there; if not, it is to be made, and asked for again. Dies if
 * it is there and can't be read.
 */
bool cache_use(const char *path)
{
	int fd;

	forget_removed();
	for (size_t i = 0; i < use_count; i++) {
		if (!strcmp(uses[i].path, path)) {
			futimens(uses[i].fd, NULL);
			return true;
		}
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return false;
	if (fd < 0)
		die("cannot use %s: %s", path, strerror(errno));
	while (flock(fd, LOCK_SH))
		if (errno != EINTR)
			die("cannot lock %s: %s", path, strerror(errno));
	/* Somebody who makes room was quicker. */
	if (!same_file(fd, path)) {
		close(fd);
		return false;
	}
	/* A cache that can't be written to has no age, and nobody makes room there. */
	futimens(fd, NULL);
	remember_use(path, fd);
	return true;
}

static void forget_use(const char *path)
{
	for (size_t i = 0; i < use_count; i++) {
		if (strcmp(uses[i].path, path))
			continue;
		close(uses[i].fd);
		free(uses[i].path);
		uses[i] = uses[--use_count];
		return;
	}
}

/**
 * cache_remove - remove an entry that this process needs no more
 * @path: the entry, a file or a folder
 *
 * What another process uses stays, one that this one has forked, too.
 *
 * Return: whether it is gone
 */
bool cache_remove(const char *path)
{
	__auto_free char *gone = publish_name(path);
	bool went = false;
	int fd;

	forget_use(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		went = !rename(path, gone);
	close(fd);
	if (went)
		remove_tree(gone);
	return went;
}

/* ---- what there is ------------------------------------------------------------ */

struct entry {
	const struct place *place;
	char *path;
	struct timespec used;
	uint64_t bytes;
};

struct entries {
	struct entry *e;
	size_t n;
};

/* A descriptor that keeps others off the entry, or -1 if somebody uses it */
static int try_lock(const struct entry *e)
{
	__auto_free char *path = e->place->lock ? fmt("%s/%s", e->path, e->place->lock)
						: copy(e->path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool is_apart(const struct place *p, const FTSENT *f)
{
	return p->apart && f->fts_level == 1 && has_word(p->apart, " ", f->fts_name);
}

static uint64_t bytes_of(const struct place *p, const char *path)
{
	char *const paths[] = { (char *)path, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	uint64_t blocks = 0;
	FTSENT *f;

	while (fts && (f = fts_read(fts))) {
		if (is_apart(p, f))
			fts_set(fts, f, FTS_SKIP);
		else if (f->fts_info != FTS_DP && f->fts_info != FTS_NS)
			blocks += f->fts_statp->st_blocks;
	}
	if (fts)
		fts_close(fts);
	return blocks * 512;
}

/*
 * What the entries took last time: a work tree has a hundred thousand files. Each
 * use changes an entry's time, so one with the same time takes the same room.
 */
static char *sizes_path(void)
{
	return fmt("%s/sizes", host_cache());
}

static char *size_line(const struct entry *e)
{
	return fmt("%s %lld.%09ld ", e->path, (long long)e->used.tv_sec, e->used.tv_nsec);
}

static bool size_known(struct entry *e, const struct strv *sizes)
{
	__auto_free char *line = size_line(e);

	for (size_t i = 0; i < sizes->n; i++)
		if (!strncmp(sizes->v[i], line, strlen(line)))
			return sscanf(sizes->v[i] + strlen(line), "%" SCNu64, &e->bytes) == 1;
	return false;
}

static void read_sizes(struct strv *sizes)
{
	__auto_free char *path = sizes_path(), *text = read_file(path, NULL);

	strv_split(sizes, text, "\n");
}

static void write_sizes(const struct entries *all)
{
	__auto_free char *path = sizes_path(), *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; f && i < all->n; i++) {
		__auto_free char *line = size_line(&all->e[i]);

		fprintf(f, "%s%" PRIu64 "\n", line, all->e[i].bytes);
	}
	if (!f || fclose(f))
		die("out of memory");
	write_file(path, text, len);
}

/* Is a name directly in the cache of a kind that has a row? */
static bool has_place(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (places[i].pattern[0] != '*' &&
		    strcspn(places[i].pattern, "/") == strlen(name) &&
		    !strncmp(places[i].pattern, name, strlen(name)))
			return true;
	return false;
}

static bool is_entry(const struct place *p, const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	if (has_end(name, ".tmp") || has_end(name, "lock"))
		return false;
	return *p->pattern != '*' || !has_place(name);
}

static void add_place(struct entries *all, const struct place *p, const struct strv *sizes)
{
	__auto_free char *pattern = fmt("%s/%s", host_cache(), p->pattern);
	glob_t g = { 0 };

	glob(pattern, GLOB_NOSORT, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct entry e = { .place = p };
		struct stat st;

		if (!is_entry(p, g.gl_pathv[i]) || lstat(g.gl_pathv[i], &st))
			continue;
		e.path = copy(g.gl_pathv[i]);
		e.used = st.st_mtim;
		if (!size_known(&e, sizes))
			e.bytes = bytes_of(p, e.path);
		all->e = reallocarray(all->e, all->n + 1, sizeof(e));
		if (!all->e)
			die("out of memory");
		all->e[all->n++] = e;
	}
	globfree(&g);
}

static void find_entries(struct entries *all)
{
	__auto_strv struct strv sizes = { 0 };

	read_sizes(&sizes);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		add_place(all, &places[i], &sizes);
}

static void free_entries(struct entries *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->e[i].path);
	free(all->e);
}

/**
 * cache_list - what there is in the cache
 * @kinds: gets an array with an item for each kind that there is something of, to
 *	be freed
 *
 * Return: how many items
 */
size_t cache_list(struct cache_kind **kinds)
{
	struct entries all = { 0 };
	struct cache_kind *k = calloc(ARRAY_SIZE(places), sizeof(*k));
	size_t n = 0;

	if (!k)
		die("out of memory");
	find_entries(&all);
	for (size_t i = 0; i < all.n; i++) {
		const struct entry *e = &all.e[i];
		int fd = try_lock(e);

		/* The entries of a kind follow each other. */
		if (!i || e->place != all.e[i - 1].place)
			k[n++] = (struct cache_kind){
				.name = e->place->name, .kept = e->place->room == ROOM_KEPT,
				.oldest = e->used.tv_sec,
			};
		k[n - 1].count++;
		k[n - 1].in_use += fd < 0;
		k[n - 1].bytes += e->bytes;
		if (e->used.tv_sec < k[n - 1].oldest)
			k[n - 1].oldest = e->used.tv_sec;
		if (e->used.tv_sec > k[n - 1].newest)
			k[n - 1].newest = e->used.tv_sec;
		if (fd >= 0)
			close(fd);
	}
	free_entries(&all);
	*kinds = k;
	return n;
}

/* ---- making room ---------------------------------------------------------------- */

/*
 * What a killed process leaves is untouched for as long. The process that a name tells
 * of may be one of another container that has the cache, too; and names that tell of
 * none are those of runs, which take longer.
 */
#define LEFT_SECONDS		3600
#define LEFT_BY_NONE_SECONDS	(24 * 3600)

/*
 * "<before><pid><after>" or "<before><pid>-<random><after>", and nothing behind it: the
 * process, or 0
 */
static pid_t pid_in(const char *name, const char *before, const char *after)
{
	int pid, end = 0;

	if (strncmp(name, before, strlen(before)))
		return 0;
	name += strlen(before);
	if (sscanf(name, "%d%n", &pid, &end) != 1 || pid <= 0)
		return 0;
	name += end;
	if (*name == '-')
		name += 1 + strspn(name + 1, "0123456789abcdef");
	return strcmp(name, after) ? 0 : pid;
}

/* Who made what has this name; 0 if it does not tell, as that of a record does not */
static pid_t maker(const char *name)
{
	static const char *const forms[][2] = {
		{ "index.", "" }, { "index.", ".lock" }, { "index.", ".tmp.lock" },
		{ "blob.", "" },
	};
	const char *dot = strrchr(name, '.');
	pid_t pid = 0;

	for (size_t i = 0; !pid && i < ARRAY_SIZE(forms); i++)
		pid = pid_in(name, forms[i][0], forms[i][1]);
	/* The names that publish_name() makes */
	while (!pid && dot && dot > name && *--dot != '.')
		;
	return pid ? pid : dot ? pid_in(dot, ".", ".tmp") : 0;
}

static bool is_left(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	pid_t pid = maker(name);
	struct stat st;

	if ((!pid && !has_end(name, ".tmp")) || lstat(path, &st))
		return false;
	if (pid && (!kill(pid, 0) || errno != ESRCH))
		return false;
	return st.st_mtime + (pid ? LEFT_SECONDS : LEFT_BY_NONE_SECONDS) < time(NULL);
}

static void sweep(const char *pattern)
{
	glob_t g = { 0 };

	glob(pattern, GLOB_NOSORT, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (is_left(g.gl_pathv[i]))
			remove_tree(g.gl_pathv[i]);
	globfree(&g);
}

/**
 * cache_sweep - remove what killed processes left half made in a folder
 * @dir: the folder
 *
 * Called for the folder of records. That of the cache is cache_trim()'s. What a
 * living process makes stays, and so does what was written to within the hour; where
 * the name does not tell the process, within the day.
 */
void cache_sweep(const char *dir)
{
	__auto_free char *pattern = fmt("%s/*", dir);

	sweep(pattern);
}

static void sweep_all(void)
{
	static const char *const where[] = {
		"*", "*/*", "memo/*/*", "tree/*/*", "tree/*/out/*", "tree/*/applied/*",
		"tree/*/git/objects/info/*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		__auto_free char *pattern = fmt("%s/%s", host_cache(), where[i]);

		sweep(pattern);
	}
}

/*
 * The archive may not have the package of a pin any more, so what was imported stays.
 * The repository of a git tree or a tarball of the user's goes, after those that
 * borrow objects from it.
 */
static bool may_go(const struct entry *e)
{
	__auto_free char *borrows = fmt("%s/git/objects/info/alternates", e->path);
	__auto_free char *aside = fmt("%s-*", e->path);
	glob_t g = { 0 };
	bool lends;

	if (e->place->room != ROOM_TREE)
		return e->place->room == ROOM_ANY;
	if (!exists(borrows) && !has_end(e->path, "/tarball"))
		return false;
	lends = !glob(aside, GLOB_NOSORT, NULL, &g);
	globfree(&g);
	return !lends;
}

static bool throw_out(const struct entry *e)
{
	__auto_free char *gone = publish_name(e->path);
	bool went;
	int fd;

	if (!may_go(e))
		return false;
	fd = try_lock(e);
	if (fd < 0)
		return false;
	went = !rename(e->path, gone);
	close(fd);
	remove_tree(gone);
	return went;
}

static int by_age(const void *a, const void *b)
{
	const struct timespec *s = &((const struct entry *)a)->used;
	const struct timespec *t = &((const struct entry *)b)->used;

	if (s->tv_sec != t->tv_sec)
		return s->tv_sec < t->tv_sec ? -1 : 1;
	return s->tv_nsec < t->tv_nsec ? -1 : s->tv_nsec > t->tv_nsec;
}

/* A quarter of the limit, at most, is for single object files. */
static void trim_ccache(struct entry *e, uint64_t max)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	struct run_opts o = { .env = &env, .quiet_err = true };

	if (e->bytes <= max / 4)
		return;
	strv_split(&argv, "ccache --cleanup", " ");
	strv_add(&env, "CCACHE_DIR=%s", e->path);
	strv_add(&env, "CCACHE_CONFIGPATH=/dev/null");
	strv_add(&env, "CCACHE_MAXSIZE=%" PRIu64 "k", max / 4 / 1000);
	run(&argv, &o);
	e->bytes = bytes_of(e->place, e->path);
}

static void trim(uint64_t max)
{
	struct entries all = { 0 };
	uint64_t total = 0;

	find_entries(&all);
	for (size_t i = 0; i < all.n; i++) {
		if (!strcmp(all.e[i].place->pattern, "ccache"))
			trim_ccache(&all.e[i], max);
		total += all.e[i].bytes;
	}
	qsort(all.e, all.n, sizeof(*all.e), by_age);
	for (size_t i = 0; i < all.n && total > max; i++) {
		if (!throw_out(&all.e[i]))
			continue;
		total -= all.e[i].bytes;
		all.e[i].bytes = 0;
	}
	write_sizes(&all);
	free_entries(&all);
}

/**
 * cache_trim - keep the cache within its limit
 * @max_bytes: the limit
 *
 * Throws out what was not used for longest, but nothing that a process uses now, and
 * removes what killed processes left half made. Called by each command that builds or
 * runs, before it begins; one that makes much calls it again. Does not wait: where
 * another process makes room already, nothing is done.
 */
void cache_trim(uint64_t max_bytes)
{
	__auto_free char *path = fmt("%s/trim.lock", host_cache());
	int fd;

	make_dirs(host_cache());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		die("cannot open lock %s: %s", path, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB)) {
		sweep_all();
		trim(max_bytes);
	}
	close(fd);
}

/* ---- hashes of files ------------------------------------------------------------ */

/* Within this time a file may change again without a new time of change. */
#define RACY_SECONDS	2

/**
 * cache_hash_file - SHA-256 of a file's content, remembered
 * @path: the file; dies if it can't be read
 * @hex: gets the digits
 *
 * For compilers and the like, which are large and hardly ever change. What is known
 * of a file counts as long as its inode and its time of change are the same, which
 * nobody can set back.
 */
void cache_hash_file(const char *path, char hex[HASH_LEN])
{
	__auto_free char *dir = fmt("%s/hash", host_cache()), *memo = NULL, *known = NULL;
	struct hash *h = hash_new();
	char key[HASH_LEN];
	struct stat st;

	if (stat(path, &st))
		die("cannot read %s: %s", path, strerror(errno));
	hash_str(h, path);
	hash_add(h, &st.st_dev, sizeof(st.st_dev));
	hash_add(h, &st.st_ino, sizeof(st.st_ino));
	hash_add(h, &st.st_size, sizeof(st.st_size));
	hash_add(h, &st.st_mtim, sizeof(st.st_mtim));
	hash_add(h, &st.st_ctim, sizeof(st.st_ctim));
	hash_end(h, key);
	memo = fmt("%s/%.24s", dir, key);
	known = read_file(memo, NULL);
	if (known && strlen(known) == HASH_LEN - 1) {
		memcpy(hex, known, HASH_LEN);
		return;
	}
	hash_file(path, hex);
	if (st.st_ctime + RACY_SECONDS >= time(NULL))
		return;
	make_dirs(dir);
	write_file(memo, hex, HASH_LEN - 1);
}
