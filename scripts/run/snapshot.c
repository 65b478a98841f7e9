// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots: a guest boots once, and run after run goes on from there. The guest
 * stops its machine itself, as its init is about to learn what to do, so that it
 * is always at the same instruction; what a run is to do the host writes into the
 * memory of the machine before it lets it go on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cache.h"
#include "lib/host.h"
#include "lib/ui.h"
#include "run/memory.h"
#include "run/pool.h"
#include "run/qemu.h"
#include "run/snapshot.h"

#define STATE		"state"
#define WORDS		"words"
/* What QEMU calls the file with the state */
#define STATE_FD	"state"

/* The state is not bigger than the memory, and the disk is no network. */
#define FASTEST		((json_int_t)1 << 40)

static void begin(const struct guest *g)
{
	qmp_say(&g->qmp, "qmp_capabilities", NULL);
	qmp_say(&g->qmp, "migrate-set-capabilities",
		json_pack("{s:[{s:s, s:b}, {s:s, s:b}]}", "capabilities",
			  "capability", "events", "state", 1,
			  /* The memory is ours to move, see memory.c. */
			  "capability", "x-ignore-shared", "state", 1));
}

static bool has_moved(const json_t *message)
{
	const json_t *data = json_object_get(message, "data");
	const char *status = json_string_value(json_object_get(data, "status"));

	return qmp_is_event(message, "MIGRATION") && status && !strcmp(status, "completed");
}

/* The file ends with where the memory begins. */
static off_t memory_at(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	uint64_t at;

	if (end < (off_t)sizeof(at) ||
	    pread(fd, &at, sizeof(at), end - sizeof(at)) != sizeof(at) || at > (uint64_t)end)
		die("a snapshot is damaged: it has no memory; remove it");
	return at;
}

/* ---- going on --------------------------------------------------------------- */

/* The machine stands still, and has its memory. */
static void hand_words(struct guest *g)
{
	__auto_free char *words = qemu_words(&g->req);
	const struct snapshot *s = g->hook_data;
	size_t len = strlen(words) + 1;

	if (len > s->size)
		die("%s: the guest takes no more than %zu bytes", words, s->size - 1);
	if (pwrite(g->memory, words, len, s->at - g->req.arch->memory) != (ssize_t)len)
		die("cannot write into a guest's memory: %s", strerror(errno));
}

/* QEMU has its machine now, with nothing in its memory, and waits. */
static void resume(struct guest *g)
{
	const struct snapshot *s = g->hook_data;
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("cannot read %s: %s", s->path, strerror(errno));
	lseek(fd, memory_at(fd), SEEK_SET);
	memory_load(g->memory, QEMU_MEMORY, fd);
	lseek(fd, 0, SEEK_SET);
	begin(g);
	/* QEMU would tell a network where the guest is now, by timers of the host's. */
	qmp_say(&g->qmp, "migrate-set-parameters", json_pack("{s:i}", "announce-rounds", 0));
	qmp_hand_over(&g->qmp, STATE_FD, fd);
	qmp_say(&g->qmp, "migrate-incoming", json_pack("{s:s}", "uri", "fd:" STATE_FD));
	close(fd);
}

static void hear_resuming(struct guest *g, const json_t *message)
{
	const struct snapshot *s = g->hook_data;
	const char *complaint = qmp_complaint(message);

	if (complaint)
		return guest_give_up(g, fmt("QEMU cannot go on from %s: %s", s->path, complaint));
	if (json_object_get(message, "QMP"))
		return resume(g);
	if (!has_moved(message))
		return;
	hand_words(g);
	qmp_say(&g->qmp, "cont", NULL);
}

static const struct guest_hooks resuming = { .hear = hear_resuming };

/**
 * snapshot_use - have a guest go on from a snapshot
 * @g: the guest, before guest_prepare()
 * @s: the snapshot; has to live as long
 */
void snapshot_use(struct guest *g, const struct snapshot *s)
{
	g->resumes = true;
	g->hooks = &resuming;
	g->hook_data = s;
}

/* ---- taking one ------------------------------------------------------------- */

static void save(struct guest *g)
{
	__auto_free char *path = fmt("%s/" STATE, g->dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		die("cannot write %s: %s", path, strerror(errno));
	qmp_say(&g->qmp, "migrate-set-parameters", json_pack("{s:I}", "max-bandwidth", FASTEST));
	qmp_hand_over(&g->qmp, STATE_FD, fd);
	qmp_say(&g->qmp, "migrate", json_pack("{s:s}", "uri", "fd:" STATE_FD));
	close(fd);
}

/* QEMU has written its part, and the machine stands still. */
static void save_memory(const struct guest *g)
{
	__auto_free char *path = fmt("%s/" STATE, g->dir);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	uint64_t at = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

	if (fd < 0)
		die("cannot write %s: %s", path, strerror(errno));
	memory_save(g->memory, QEMU_MEMORY, fd);
	if (write(fd, &at, sizeof(at)) != sizeof(at) || close(fd))
		die("cannot write %s: %s", path, strerror(errno));
}

static void hear_saving(struct guest *g, const json_t *message)
{
	const char *complaint = qmp_complaint(message);

	if (complaint)
		return guest_give_up(g, fmt("QEMU makes no snapshot: %s", complaint));
	if (json_object_get(message, "QMP")) {
		begin(g);
	} else if (qmp_is_event(message, "GUEST_PANICKED")) {
		save(g);
	} else if (has_moved(message)) {
		save_memory(g);
		qmp_say(&g->qmp, "quit", NULL);
	}
}

static const struct guest_hooks saving = { .hear = hear_saving };

/* What a snapshot depends on: the machine, all that boots in it, and QEMU */
static char *key_of(const struct guest *g)
{
	struct hash *h = hash_new();
	char key[HASH_LEN];

	hash_str(h, "snapshot 2");
	/* The boot was judged, and found to be without a fault. */
	hash_str(h, judge_version());
	hash_str(h, qemu_version(g->req.arch));
	for (size_t i = 0; i < g->argv.n; i++)
		hash_str(h, g->argv.v[i]);
	hash_end(h, key);
	return fmt("%s/snapshot/%.24s", host_cache(), key);
}

static bool read_snapshot(struct snapshot *s, const char *dir)
{
	__auto_free char *words = fmt("%s/" WORDS, dir), *text = NULL;

	*s = (struct snapshot){ .path = fmt("%s/" STATE, dir) };
	if (cache_use(dir))
		text = read_file(words, NULL);
	if (text && exists(s->path) &&
	    sscanf(text, "%llx %zu %64s", &s->at, &s->size, s->sha256) == 3)
		return true;
	free(s->path);
	*s = (struct snapshot){ 0 };
	return false;
}

static void no_snapshot(const struct guest *g, const char *why, const char *what)
{
	ui_note("%s: no snapshot, each one boots: %s: %s", g->req.arch->name, why,
		what ? what : "it waits for no words");
}

/* There now, whole; or somebody else was faster, and theirs is as good. */
static bool keep(const struct guest *g, const char *dir)
{
	__auto_free char *words = fmt("%s/" WORDS, g->dir), *text = NULL;
	__auto_free char *state = fmt("%s/" STATE, g->dir);
	char sum[HASH_LEN];
	unsigned long long at;
	size_t size;

	if (g->ending == ENDING_KILLED || g->ending == ENDING_QEMU_FAILED)
		die("no snapshot of a guest: %s", judge_failure(g->judge));
	if (g->ending != ENDING_ITSELF || !judge_words(g->judge, &at, &size)) {
		no_snapshot(g, "a guest does not get as far", judge_failure(g->judge));
		return false;
	}
	if (judge_boot_trouble(g->judge)) {
		no_snapshot(g, "a guest has trouble as it boots", judge_boot_trouble(g->judge));
		return false;
	}
	hash_file(state, sum);
	text = fmt("%llx %zu %s\n", at, size, sum);
	write_file(words, text, strlen(text));
	publish_dir(g->dir, dir);
	return true;
}

static struct strv unfinished;

static void remove_unfinished(void)
{
	for (size_t i = 0; i < unfinished.n; i++)
		remove_tree(unfinished.v[i]);
}

static void boot(struct guest *g, size_t n)
{
	if (!unfinished.n)
		atexit(remove_unfinished);
	for (size_t i = 0; i < n; i++) {
		make_dirs(g[i].dir);
		strv_add(&unfinished, "%s", g[i].dir);
	}
	pool_run_all(g, n);
}

/* The guest that takes the snapshot that @like can go on from */
static void prepare_boot(struct guest *g, const struct guest *like, char **dir)
{
	*g = *like;
	g->waits = true;
	g->hooks = &saving;
	guest_prepare(g);
	*dir = key_of(g);
	g->dir = publish_name(*dir);
}

static bool is_among(char *const *dirs, size_t n, const char *dir)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(dirs[i], dir))
			return true;
	return false;
}

/**
 * snapshots_take - have snapshots of guests
 * @s: gets them
 * @like: the guests, with all set that the caller of guest_prepare() sets
 * @n: how many
 *
 * Boots those that the cache does not have, side by side, and no two that are the
 * same.
 *
 * Return: false if a guest does not get as far: then boot each, and see why not
 */
bool snapshots_take(struct snapshot *s, const struct guest *like, size_t n)
{
	struct guest *g = calloc(n, sizeof(*g));
	char **dirs = calloc(n, sizeof(*dirs));
	size_t m = 0;
	bool all = true;

	if (!g || !dirs)
		die("out of memory");
	for (size_t i = 0; i < n; i++) {
		prepare_boot(&g[m], &like[i], &dirs[i]);
		if (!read_snapshot(&s[i], dirs[i]) && !is_among(dirs, i, dirs[i])) {
			/* One that is there is not whole. */
			remove_tree(dirs[i]);
			m++;
		} else {
			guest_free(&g[m]);
		}
	}
	if (m)
		boot(g, m);
	for (size_t i = 0; i < m; i++) {
		__auto_free char *dir = key_of(&g[i]);

		all &= keep(&g[i], dir);
		guest_free(&g[i]);
	}
	for (size_t i = 0; i < n; i++) {
		if (all && !s[i].path)
			all = read_snapshot(&s[i], dirs[i]);
		free(dirs[i]);
	}
	free(dirs);
	free(g);
	return all;
}
