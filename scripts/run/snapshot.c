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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/guest.h"
#include "options.h"
#include "lib/ui.h"

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
		json_pack("{s:[{s:s, s:b}]}", "capabilities", "capability", "events",
			  "state", 1));
}

static bool has_moved(const json_t *message)
{
	const json_t *data = json_object_get(message, "data");
	const char *status = json_string_value(json_object_get(data, "status"));

	return qmp_is_event(message, "MIGRATION") && status && !strcmp(status, "completed");
}

/* ---- going on --------------------------------------------------------------- */

/* The machine stands still, and has its memory. */
static void hand_words(struct guest *g)
{
	__auto_free char *words = workload_cmdline(&g->work);
	const struct snapshot *s = g->from;
	size_t len = strlen(words) + 1;

	if (len > s->size)
		die("%s: the guest takes no more than %zu bytes", words, s->size - 1);
	if (pwrite(g->memory, words, len, s->at - g->kernel->arch->memory) != (ssize_t)len)
		die("cannot write into a guest's memory: %s", strerror(errno));
}

static void hear_resuming(struct guest *g, const json_t *message)
{
	const char *complaint = qmp_complaint(message);

	if (complaint)
		return guest_give_up(g, fmt("QEMU cannot go on from %s: %s", g->from->path,
					    complaint));
	if (!has_moved(message))
		return;
	hand_words(g);
	qmp_say(&g->qmp, "cont", NULL);
}

/**
 * snapshot_resume - have a guest go on from its snapshot
 * @g: the guest, its QEMU started and waiting
 */
void snapshot_resume(struct guest *g)
{
	int fd = open(g->from->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("cannot read %s: %s", g->from->path, strerror(errno));
	g->hear = hear_resuming;
	begin(g);
	/* QEMU would tell a network where the guest is now, by timers of the host's. */
	qmp_say(&g->qmp, "migrate-set-parameters", json_pack("{s:i}", "announce-rounds", 0));
	qmp_hand_over(&g->qmp, STATE_FD, fd);
	qmp_say(&g->qmp, "migrate-incoming", json_pack("{s:s}", "uri", "fd:" STATE_FD));
	close(fd);
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

static void hear_saving(struct guest *g, const json_t *message)
{
	const char *complaint = qmp_complaint(message);

	if (complaint)
		return guest_give_up(g, fmt("QEMU makes no snapshot: %s", complaint));
	if (json_object_get(message, "QMP"))
		begin(g);
	else if (qmp_is_event(message, "GUEST_PANICKED"))
		save(g);
	else if (has_moved(message))
		qmp_say(&g->qmp, "quit", NULL);
}

/* What a snapshot depends on: the machine, all that boots in it, and QEMU */
static char *key_of(const struct guest *g)
{
	__auto_strv struct strv version = { 0 };
	__auto_free char *said = NULL;
	struct run_opts opts = { .out = &said };
	struct hash *h = hash_new();
	char key[HASH_LEN];

	strv_add(&version, "%s", g->argv.v[0]);
	strv_add(&version, "--version");
	if (run(&version, &opts))
		die("%s is not installed; 'make deps' installs it", g->argv.v[0]);
	hash_str(h, said);
	for (size_t i = 0; i < g->argv.n; i++)
		hash_str(h, g->argv.v[i]);
	hash_end(h, key);
	return fmt("%s/snapshot/%.24s", opt.cache, key);
}

static bool read_snapshot(struct snapshot *s, const char *dir)
{
	__auto_free char *words = fmt("%s/" WORDS, dir), *text = read_file(words, NULL);

	*s = (struct snapshot){ .path = fmt("%s/" STATE, dir) };
	if (text && exists(s->path) && sscanf(text, "%llx %zu", &s->at, &s->size) == 2)
		return true;
	free(s->path);
	*s = (struct snapshot){ 0 };
	return false;
}

/* There now, whole; or somebody else was faster, and theirs is as good. */
static bool keep(const struct guest *g, const char *dir)
{
	__auto_free char *words = fmt("%s/" WORDS, g->dir), *text = NULL;
	unsigned long long at;
	size_t size;

	if (g->ending == ENDING_KILLED || g->ending == ENDING_QEMU_FAILED)
		die("no snapshot of a guest: %s", judge_failure(g->judge));
	if (g->ending != ENDING_ITSELF || !judge_words(g->judge, &at, &size))
		return false;
	text = fmt("%llx %zu\n", at, size);
	write_file(words, text, strlen(text));
	if (rename(g->dir, dir) && !exists(dir))
		die("cannot rename %s: %s", g->dir, strerror(errno));
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
	guests_run(g, n);
}

/**
 * snapshots_take - have snapshots of guests
 * @s: gets them
 * @like: the guests, with all set that the caller of guest_prepare() sets
 * @n: how many
 * @plan: all steps there are
 *
 * Boots those that the cache does not have, side by side.
 *
 * Return: false if a guest does not get as far: then boot each, and see why not
 */
bool snapshots_take(struct snapshot *s, const struct guest *like, size_t n,
		    const struct plan *plan)
{
	struct guest *g = calloc(n, sizeof(*g));
	size_t *missing = calloc(n, sizeof(*missing)), m = 0;
	char **dirs = calloc(n, sizeof(*dirs));
	bool all = true;

	if (!g || !missing || !dirs)
		die("out of memory");
	for (size_t i = 0; i < n; i++) {
		bool there;

		g[m] = like[i];
		g[m].waits = true;
		g[m].hear = hear_saving;
		guest_prepare(&g[m], plan);
		dirs[i] = key_of(&g[m]);
		g[m].dir = fmt("%s.%d.tmp", dirs[i], getpid());
		there = exists(dirs[i]);
		if (read_snapshot(&s[i], dirs[i])) {
			guest_free(&g[m]);
			continue;
		}
		/* One that was not whole; one that came since is somebody's. */
		if (there)
			remove_tree(dirs[i]);
		missing[m++] = i;
	}
	if (m)
		boot(g, m);
	for (size_t i = 0; i < m; i++) {
		all &= keep(&g[i], dirs[missing[i]]) &&
		       read_snapshot(&s[missing[i]], dirs[missing[i]]);
		guest_free(&g[i]);
	}
	for (size_t i = 0; i < n; i++)
		free(dirs[i]);
	free(dirs);
	free(missing);
	free(g);
	if (!all)
		ui_note("a guest does not get as far as to a snapshot: each one boots");
	return all;
}

/**
 * snapshots_use - have guests go on from snapshots rather than boot
 * @g: the guests, with all set that the caller of guest_prepare() sets
 * @n: how many
 * @plan: all steps there are
 */
void snapshots_use(struct guest *g, size_t n, const struct plan *plan)
{
	struct snapshot *s = calloc(n, sizeof(*s));

	if (!s)
		die("out of memory");
	if (!snapshots_take(s, g, n, plan))
		return;
	for (size_t i = 0; i < n; i++)
		g[i].from = &s[i];
}

/* ---- in a record ------------------------------------------------------------ */

/**
 * snapshot_record - write it into a record: what it is, and the state itself
 * @s: the snapshot
 * @o: the record
 * @dir: its folder
 *
 * The state is linked there rather than copied where that can be done.
 */
void snapshot_record(const struct snapshot *s, json_t *o, const char *dir)
{
	__auto_free char *path = fmt("%s/" SNAPSHOT_FILE, dir);
	char sum[HASH_LEN];

	if (link(s->path, path))
		copy_file(s->path, path);
	hash_file(path, sum);
	json_object_set_new(o, "snapshot",
			    json_pack("{s:s, s:I, s:I}", "sha256", sum,
				      "words_at", (json_int_t)s->at,
				      "words_size", (json_int_t)s->size));
}

/**
 * snapshot_of_record - read it out of a record
 * @s: gets it
 * @o: the record
 * @dir: its folder
 *
 * Dies if it is not there whole.
 *
 * Return: false if the run of that record has booted
 */
bool snapshot_of_record(struct snapshot *s, const json_t *o, const char *dir)
{
	const json_t *from = json_object_get(o, "snapshot");
	const char *sum = json_string_value(json_object_get(from, "sha256"));
	char is[HASH_LEN];

	if (!from)
		return false;
	*s = (struct snapshot){
		.path = fmt("%s/" SNAPSHOT_FILE, dir),
		.at = json_integer_value(json_object_get(from, "words_at")),
		.size = json_integer_value(json_object_get(from, "words_size")),
	};
	if (!exists(s->path))
		die("%s is gone, so this run can't be replayed", s->path);
	hash_file(s->path, is);
	if (!sum || strcmp(is, sum))
		die("%s is not what the run went on from: its SHA-256 is %.12s..., the record says %.12s...",
		    s->path, is, sum ? sum : "nothing");
	return true;
}
