// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run records: a folder per guest run, with all that is known of it. A record
 * is made under a temporary name and is there whole or not at all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "judge/events.h"
#include "options.h"
#include "record/record.h"
#include "lib/ui.h"

#define RECORD_FORMAT	1

/* Records that are not finished, for whoever ends the program early */
static struct strv unfinished;

static void remove_unfinished(void)
{
	for (size_t i = 0; i < unfinished.n; i++)
		if (*unfinished.v[i])
			remove_tree(unfinished.v[i]);
}

/* Make the folder of a record that is to be called @name, if nobody has. */
static bool claim(const char *name, char **dir)
{
	*dir = fmt("%s.tmp", name);
	if (!mkdir(*dir, 0777))
		return true;
	if (errno != EEXIST)
		die("cannot create directory %s: %s", *dir, strerror(errno));
	free(*dir);
	return false;
}

/**
 * record_begin - make the folder that a guest leaves its traces in
 * @g: the guest, prepared
 *
 * Dies if it can't be made. An exit before record_finish() removes it.
 *
 * Return: the folder, to be freed
 */
char *record_begin(const struct guest *g)
{
	__auto_free char *runs = fmt("%s/runs", opt.out), *name = NULL, *what = NULL;
	time_t t = time(NULL);
	char stamp[32];
	char *dir;

	if (!unfinished.n)
		atexit(remove_unfinished);
	make_dirs(runs);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime(&t));
	what = fmt("%s/%s-%s-%s-%s-seed%llu", runs, stamp, g->kernel->arch->name,
		   opt.config, g->smpboot->name, (unsigned long long)g->work.seed);
	name = copy(what);
	/* Another run of the same second may have that name, or be about to. */
	for (int i = 2; exists(name) || !claim(name, &dir); i++) {
		free(name);
		name = fmt("%s.%d", what, i);
	}
	strv_add(&unfinished, "%s", dir);
	return dir;
}

static const char *status_name(const struct ktap_test *t)
{
	static const char *const names[] = {
		[KTAP_PASS] = "pass", [KTAP_FAIL] = "fail",
		[KTAP_SKIP] = "skip", [KTAP_MISSING] = "missing",
	};

	return names[t->status];
}

static json_t *tests(const struct ktap_test *parent)
{
	json_t *all = json_array();

	for (const struct ktap_test *t = parent->children; t; t = t->next) {
		json_t *o = json_pack("{s:s, s:s}", "name", t->name, "status", status_name(t));

		if (t->reason)
			json_object_set_new(o, "reason", json_string(t->reason));
		if (t->start >= 0 && t->end >= t->start)
			json_object_set_new(o, "guest_seconds", json_real(t->end - t->start));
		if (t->children)
			json_object_set_new(o, "tests", tests(t));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *strings(const struct strv *v)
{
	json_t *all = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(all, json_string(v->v[i]));
	return all;
}

static json_t *kernel_json(const struct guest *g, const struct tree *t)
{
	__auto_free char *path = fmt("%s/release", g->kernel->dir);
	__auto_free char *release = read_file(path, NULL);
	char *version = release ? strtok(release, "\n") : NULL;
	char image[HASH_LEN], initramfs[HASH_LEN];

	hash_file(g->kernel->image, image);
	hash_file(g->initramfs, initramfs);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
			 "source", t->name, "pin", opt.pin, "series", opt.series,
			 "tree", t->hash, "id", g->kernel->key,
			 "release", version ? version : "unknown",
			 "image", g->kernel->image, "image_sha256", image,
			 "initramfs", g->initramfs, "initramfs_sha256", initramfs);
}

/* Of a run that keeps a log: what another one has to agree in */
static void events_json(const struct guest *g, json_t *o)
{
	__auto_free char *path = fmt("%s/events.bin", g->dir);
	struct events e;
	char sum[HASH_LEN];

	if (!events_read(&e, path))
		return;
	hash_file(path, sum);
	json_object_set_new(o, "events", json_integer(e.count));
	json_object_set_new(o, "events_sha256", json_string(sum));
	events_free(&e);
}

static json_t *run_json(const struct guest *g, const struct tree *t)
{
	struct ktap_counts n = judge_counts(g->judge);
	__auto_free char *console = fmt("%s/console.log", g->dir);
	char sum[HASH_LEN];
	json_t *o;

	hash_file(console, sum);
	o = json_pack("{s:i, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s}",
		      "format", RECORD_FORMAT, "kernel", kernel_json(g, t),
		      "arch", g->kernel->arch->name, "config", opt.config,
		      "smpboot", g->smpboot->name,
		      "timing", strcmp(g->accel, "virtual") ? "real" : "virtual",
		      "accelerator", strcmp(g->accel, "kvm") ? "tcg" : "kvm",
		      "plan", strings(g->steps),
		      "qemu", strings(&g->argv), "cmdline", g->cmdline);
	workload_to_json(&g->work, o);
	if (g->from)
		snapshot_record(g->from, o, g->dir);
	events_json(g, o);
	json_object_set_new(o, "ended_by",
			    json_string(g->ending == ENDING_ITSELF ? "guest" : "host"));
	json_object_set_new(o, "verdict", json_string(verdict_name(judge_verdict(g->judge))));
	if (judge_failure(g->judge))
		json_object_set_new(o, "first_failure",
				    json_pack("{s:s, s:s?}", "what", judge_failure(g->judge),
					      "test", judge_failed_test(g->judge)));
	json_object_set_new(o, "counts", json_pack("{s:i, s:i, s:i}", "passed", n.passed,
						   "failed", n.failed, "skipped", n.skipped));
	json_object_set_new(o, "results", tests(ktap_root(judge_ktap(g->judge))));
	json_object_set_new(o, "console_sha256", json_string(sum));
	json_object_set_new(o, "times", json_pack("{s:f, s:f, s:f}", "boot", g->boot,
						  "wall", g->wall,
						  "guest", judge_guest_time(g->judge)));
	return o;
}

/* It is no longer to be removed at an early end. */
static void forget(const char *dir)
{
	for (size_t i = 0; i < unfinished.n; i++)
		if (!strcmp(unfinished.v[i], dir))
			*unfinished.v[i] = '\0';
}

/**
 * record_discard - remove the folder of a guest that is to leave no record
 * @g: the guest
 */
void record_discard(const struct guest *g)
{
	remove_tree(g->dir);
	forget(g->dir);
}

/**
 * record_finish - write what is known of a guest, and give the record its name
 * @g: the guest, judged
 * @t: the source of its kernel
 *
 * Dies if the disk is full or the like; then there is no record.
 *
 * Return: the record's folder, to be freed
 */
char *record_finish(const struct guest *g, const struct tree *t)
{
	__auto_free char *path = fmt("%s/run.json", g->dir);
	json_t *o = run_json(g, t);
	char *text, *final = copy(g->dir);

	if (!o)
		die("out of memory");
	text = json_dumps(o, JSON_INDENT(2));
	json_decref(o);
	write_file(path, text, strlen(text));
	free(text);
	final[strlen(final) - strlen(".tmp")] = '\0';
	if (rename(g->dir, final))
		die("cannot rename %s: %s", g->dir, strerror(errno));
	forget(g->dir);
	return final;
}
