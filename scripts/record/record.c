// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run records: a folder per trial, with all that is known of it. A record is made
 * under a temporary name and is there whole or not at all; after that it is only
 * read. docs/record.md describes run.json.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "build/debuginfo.h"
#include "build/initramfs.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "record/record.h"
#include "run/events_file.h"
#include "run/qemu.h"

#define RECORD_FORMAT	2
/* In the folder of a record */
#define RUN_JSON	"run.json"
#define SNAPSHOT	"snapshot"

/* ---- its folder ---------------------------------------------------------------- */

/* Records that are not finished, for whoever ends the program early */
static struct strv unfinished;

static void remove_unfinished(void)
{
	for (size_t i = 0; i < unfinished.n; i++)
		if (*unfinished.v[i])
			remove_tree(unfinished.v[i]);
}

/* It is no longer to be removed at an early end. */
static void forget(const char *dir)
{
	for (size_t i = 0; i < unfinished.n; i++)
		if (!strcmp(unfinished.v[i], dir))
			*unfinished.v[i] = '\0';
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

/* Make a folder that is to become O=/runs/@name, or is called so and has a number. */
static char *begin(const char *out, const char *what)
{
	__auto_free char *runs = fmt("%s/runs", out), *name = fmt("%s/%s", runs, what);
	char *dir;

	if (!unfinished.n)
		atexit(remove_unfinished);
	make_dirs(runs);
	/* Another run of the same second may have that name, or be about to. */
	for (int i = 2; exists(name) || !claim(name, &dir); i++) {
		free(name);
		name = fmt("%s/%s-%d", runs, what, i);
	}
	strv_add(&unfinished, "%s", dir);
	return dir;
}

/* Give a folder that begin() made its name, and return that. */
static char *publish(const char *dir)
{
	char *final = fmt("%.*s", (int)(strlen(dir) - strlen(".tmp")), dir);

	if (!publish_dir(dir, final))
		die("%s is there already: another run has taken the name", final);
	forget(dir);
	return final;
}

/**
 * record_begin - make the folder that a guest leaves its traces in
 * @out: O=
 * @r: what it is asked
 *
 * Dies if it can't be made. An exit before record_finish() removes it.
 *
 * Return: the folder, to be freed
 */
char *record_begin(const char *out, const struct request *r)
{
	__auto_free char *what = NULL;
	time_t t = time(NULL);
	char stamp[32];

	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime(&t));
	what = fmt("%s-%s-%s-%s-seed%llu", stamp, r->arch->name, r->config, r->smpboot,
		   (unsigned long long)r->seed);
	return begin(out, what);
}

/* ---- what is in it -------------------------------------------------------------- */

static const char *status_name(const struct ktap_test *t)
{
	static const char *const names[] = {
		[KTAP_PASS] = "pass", [KTAP_FAIL] = "fail",
		[KTAP_SKIP] = "skip", [KTAP_MISSING] = "missing",
	};

	/* What began and has no result of its own is missing, whatever else it has. */
	return names[t->status == KTAP_FAIL && !t->has_result ? KTAP_MISSING : t->status];
}

static json_t *tests(const struct ktap_test *parent)
{
	json_t *all = json_array();

	for (const struct ktap_test *t = parent->children; t; t = t->next) {
		struct ktap_counts n = ktap_count(t);
		json_t *o = json_pack("{s:s, s:s}", "name", t->name, "status", status_name(t));

		if (t->reason)
			json_object_set_new(o, "reason", json_string(t->reason));
		if (t->start >= 0 && t->end >= t->start)
			json_object_set_new(o, "guest_seconds", json_real(t->end - t->start));
		if (t->children) {
			json_object_set_new(o, "passed", json_integer(n.passed));
			json_object_set_new(o, "failed", json_integer(n.failed));
			json_object_set_new(o, "skipped", json_integer(n.skipped));
			json_object_set_new(o, "tests", tests(t));
		}
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

/* Which respawn this is: git's name of the checkout, "unknown" where it has none */
static const char *revision(void)
{
	__auto_strv struct strv argv = { 0 };
	struct run_opts o = { .quiet_err = true };
	static char *known;
	char *said = NULL;

	if (known)
		return known;
	o.out = &said;
	strv_split(&argv, "git --no-optional-locks -C", " ");
	strv_add(&argv, "%s", host_source());
	strv_split(&argv, "describe --always --dirty --abbrev=12", " ");
	known = run(&argv, &o) || !said ? copy("unknown") : said;
	known[strcspn(known, "\n")] = '\0';
	return known;
}

/* The SHA-256 of a file that does not change while the program runs */
static const char *sum_of(const char *path)
{
	static struct strv paths, sums;
	char hex[HASH_LEN];

	for (size_t i = 0; i < paths.n; i++)
		if (!strcmp(paths.v[i], path))
			return sums.v[i];
	hash_file(path, hex);
	strv_add(&paths, "%s", path);
	strv_add(&sums, "%s", hex);
	return sums.v[sums.n - 1];
}

static json_t *patches(const struct request *r)
{
	__auto_strv struct strv files = { 0 };
	json_t *all = json_array();

	if (request_has_series(r))
		tree_series(&files);
	strv_split(&files, r->patches, " ");
	for (size_t i = 0; i < files.n; i++) {
		const char *slash = strrchr(files.v[i], '/');

		json_array_append_new(all, json_pack("{s:s, s:s}", "name",
						     slash ? slash + 1 : files.v[i],
						     "sha256", sum_of(files.v[i])));
	}
	return all;
}

static json_t *image_json(const struct image *i)
{
	__auto_free char *path = fmt("%s/release", i->kernel.dir);
	__auto_free char *release = read_file(path, NULL);

	/* A record says all of it, also what nobody else knows any more. */
	if (i->told)
		return json_deep_copy(i->told);
	if (release)
		release[strcspn(release, "\n")] = '\0';
	return json_pack("{s:s, s:s*, s:s, s:s, s:s, s:s, s:s, s:s}", "source", i->tree.name,
			 "commit", i->tree.commit, "tree", i->tree.hash, "id", i->kernel.key,
			 "compiler", i->kernel.compiler ?: "unknown",
			 "release", release ? release : "unknown",
			 "image", i->kernel.image, "initramfs", i->initramfs);
}

static json_t *failures(const struct judge *j)
{
	const struct judge_failure *f;
	size_t n = judge_failures(j, &f);
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_pack("{s:s, s:s, s:s?, s:s?}", "verdict",
						     verdict_name(f[i].verdict), "what",
						     f[i].what, "test", f[i].test,
						     "signature", f[i].signature));
	return all;
}

/**
 * record_add_verdict - have what the judge says in a record
 * @o: the record's object
 * @j: the judge, after judge_end()
 *
 * Of a run that passed that is less.
 */
void record_add_verdict(json_t *o, const struct judge *j)
{
	struct ktap_counts n = judge_counts(j);

	json_object_set_new(o, "verdict", json_string(verdict_name(judge_verdict(j))));
	if (judge_failure(j)) {
		__auto_free char *signature = judge_signature(j), *excerpt = judge_excerpt(j);
		__auto_strv struct strv failed = { 0 };

		judge_failed_tests(j, &failed);
		json_object_set_new(o, "signature", json_string(signature));
		json_object_set_new(o, "first_failure",
				    json_pack("{s:s, s:s?}", "what", judge_failure(j),
					      "test", judge_failed_test(j)));
		json_object_set_new(o, "failures", failures(j));
		json_object_set_new(o, "failed_tests", strings(&failed));
		json_object_set_new(o, "excerpt", json_string(excerpt));
	}
	json_object_set_new(o, "counts", json_pack("{s:i, s:i, s:i}", "passed", n.passed,
						   "failed", n.failed, "skipped", n.skipped));
	json_object_set_new(o, "cases_before", json_integer(judge_cases_before(j)));
	json_object_set_new(o, "results", tests(ktap_root(judge_ktap(j))));
}

/* The excerpt says which lines of the source its places are, as far as the kernel knows. */
static void add_lines(json_t *o, const struct image *i)
{
	const char *excerpt = json_string_value(json_object_get(o, "excerpt"));
	__auto_free char *vmlinux = fmt("%s/vmlinux", i->kernel.dir), *text = NULL;
	struct debuginfo d;

	if (!excerpt || !debuginfo_open(&d, vmlinux))
		return;
	text = debuginfo_in_text(&d, excerpt);
	json_object_set_new(o, "excerpt", json_string(text));
	debuginfo_close(&d);
}

/* How many events a run had that keeps a log of them; 0 if it keeps none */
static uint64_t events_of(const char *dir)
{
	__auto_free char *path = fmt("%s/events.bin", dir);
	struct events e;
	uint64_t n;

	if (!events_read(&e, path))
		return 0;
	n = e.count;
	events_free(&e);
	return n;
}

/* "steer: focus from 16: 1f 3 0" for each 16 ranges; returns whether there is such a line */
static bool read_hits(const char *console, unsigned long *hits, size_t n)
{
	static const char key[] = "steer: focus from ";
	const char *at = console;
	bool any = false;

	while ((at = strstr(at, key))) {
		char *end;
		size_t i;

		at += strlen(key);
		i = strtoul(at, &end, 10);
		for (at = end + (*end == ':'); *at == ' ' && i < n; at = end)
			hits[i++] = strtoul(at, &end, 16);
		any = true;
	}
	return any;
}

/* What was in the focus, and how often it was reached, if the run got as far as to say */
static json_t *focus_json(const struct image *i, const char *dir)
{
	__auto_free char *path = fmt("%s/console.log", dir), *console = read_file(path, NULL);
	__auto_free unsigned long *hits = calloc(i->focus.of.n + 1, sizeof(*hits));
	bool known = console && hits && read_hits(console, hits, i->focus.of.n);
	json_t *all = json_array();

	for (size_t n = 0; n < i->focus.of.n; n++)
		json_array_append_new(all, json_pack("{s:s, s:o}", "functions",
						     i->focus.of.v[n], "hits", known ?
						     json_integer(hits[n]) : json_null()));
	return all;
}

/* How many places the script had, and how many of them were come by, if that was said */
static json_t *script_json(const struct request *r, const char *dir)
{
	static const char key[] = "steer: script: ";
	__auto_free char *path = fmt("%s/console.log", dir), *console = read_file(path, NULL);
	const char *at = console ? strstr(console, key) : NULL;
	__auto_strv struct strv places = { 0 };
	unsigned int reached;
	bool known = at && sscanf(at + strlen(key), "%u of ", &reached) == 1;

	strv_split(&places, r->script, "+");
	return json_pack("{s:i, s:o}", "places", (int)places.n, "reached",
			 known ? json_integer(reached) : json_null());
}

/**
 * record_make - say what is known of a trial
 * @rec: gets it; nothing is written yet
 * @g: its guest, judged
 * @from: what that went on from, or NULL
 */
void record_make(struct record *rec, const struct guest *g, const struct snapshot *from)
{
	json_t *o = json_pack("{s:i, s:{s:s, s:s}, s:o, s:o, s:{s:s, s:o}, s:s, s:s, s:s}",
			      "format", RECORD_FORMAT,
			      "respawn", "revision", revision(), "judge", judge_version(),
			      "request", request_to_json(&g->req),
			      "image", image_json(g->image),
			      "qemu", "version", qemu_version(g->req.arch),
			      "arguments", strings(&g->argv), "cmdline", g->cmdline,
			      "accelerator", strcmp(g->accel, "kvm") ? "tcg" : "kvm",
			      "ended_by", g->ending == ENDING_ITSELF ? "guest" : "host");

	if (!o)
		die("out of memory");
	if (from)
		json_object_set_new(o, "snapshot",
				    json_pack("{s:I, s:I}", "words_at", (json_int_t)from->at,
					      "words_size", (json_int_t)from->size));
	if (g->image->focus.of.n)
		json_object_set_new(o, "focus", focus_json(g->image, g->dir));
	if (*g->req.script)
		json_object_set_new(o, "script", script_json(&g->req, g->dir));
	record_add_verdict(o, g->judge);
	add_lines(o, g->image);
	json_object_set_new(o, "events", json_integer(events_of(g->dir)));
	json_object_set_new(o, "times", json_pack("{s:f, s:f, s:f}", "boot", g->boot,
						  "wall", g->wall,
						  "guest", judge_guest_time(g->judge)));
	*rec = (struct record){ .dir = copy(g->dir), .json = o };
}

/* As a link where that can be: it may be as large as all the rest together. */
static void keep(const char *from, const char *dir, const char *name)
{
	__auto_free char *to = fmt("%s/%s", dir, name);

	if (strcmp(from, to) && link(from, to))
		copy_file(from, to);
}

/*
 * What a bundle has lies in a record, and not in the cache. That record may go before this
 * one, so this one has it, too.
 */
static void keep_image(struct record *rec, const struct image *i)
{
	static const char *const names[] = { "release", "config", "vmlinux" };
	__auto_free char *beside = fmt("%s/" RUN_JSON, i->kernel.dir);
	json_t *o = json_object_get(rec->json, "image");

	if (!exists(beside))
		return;
	keep(i->kernel.image, rec->dir, "image");
	keep(i->initramfs, rec->dir, "initramfs");
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		__auto_free char *from = fmt("%s/%s", i->kernel.dir, names[n]);

		if (exists(from))
			keep(from, rec->dir, names[n]);
	}
	json_object_set_new(o, "image", json_string("image"));
	json_object_set_new(o, "initramfs", json_string("initramfs"));
}

static void set_sum(json_t *o, const char *key, const char *sum)
{
	json_object_set_new(o, key, json_string(sum));
}

/* The checksums of all that lies beside run.json, and of what was run */
static void add_sums(struct record *rec, const struct guest *g, const struct snapshot *from)
{
	__auto_free char *console = fmt("%s/console.log", rec->dir);
	__auto_free char *events = fmt("%s/events.bin", rec->dir);
	json_t *image = json_object_get(rec->json, "image");
	char sum[HASH_LEN];

	set_sum(image, "image_sha256", sum_of(g->image->kernel.image));
	set_sum(image, "initramfs_sha256", sum_of(g->image->initramfs));
	if (!g->image->told)
		json_object_set_new(image, "patches", patches(&g->req));
	hash_file(console, sum);
	set_sum(rec->json, "console_sha256", sum);
	if (exists(events)) {
		hash_file(events, sum);
		set_sum(rec->json, "events_sha256", sum);
	}
	if (from) {
		keep(from->path, rec->dir, SNAPSHOT);
		set_sum(json_object_get(rec->json, "snapshot"), "sha256", from->sha256);
	}
}

/**
 * record_finish - write a record, and give it its name
 * @rec: from record_make(); its folder has another name afterwards
 * @g: the guest
 * @from: what that went on from, or NULL
 *
 * Dies if the disk is full or the like; then there is no record.
 */
void record_finish(struct record *rec, const struct guest *g, const struct snapshot *from)
{
	__auto_free char *path = fmt("%s/" RUN_JSON, rec->dir), *text = NULL;
	char *final;

	add_sums(rec, g, from);
	keep_image(rec, g->image);
	text = json_dumps(rec->json, JSON_INDENT(2));
	if (!text)
		die("out of memory");
	write_file(path, text, strlen(text));
	final = publish(rec->dir);
	free(rec->dir);
	rec->dir = final;
}

/**
 * record_move - have a record elsewhere
 * @dir: its folder
 * @out: O= that it goes to, on the same file system
 *
 * Dies if it can't go there.
 *
 * Return: its folder there, to be freed
 */
char *record_move(const char *dir, const char *out)
{
	__auto_free char *to = begin(out, strrchr(dir, '/') + 1);

	if (rename(dir, to))
		die("cannot move %s to %s: %s", dir, to, strerror(errno));
	return publish(to);
}

/**
 * record_discard - remove the folder of a trial that is to leave no record
 * @rec: from record_make(); what is known of the trial stays in memory
 */
void record_discard(struct record *rec)
{
	remove_tree(rec->dir);
	forget(rec->dir);
	free(rec->dir);
	rec->dir = NULL;
}

void record_free(struct record *rec)
{
	json_decref(rec->json);
	free(rec->dir);
	*rec = (struct record){ 0 };
}

/* ---- reading -------------------------------------------------------------------- */

/**
 * record_load - read a record, if it is one
 * @rec: gets it
 * @dir: its folder
 *
 * Return: NULL, or what is wrong with it, to be freed: it is not there, damaged, or of a
 * format that this respawn does not read
 */
char *record_load(struct record *rec, const char *dir)
{
	__auto_free char *path = fmt("%s/" RUN_JSON, dir);
	const json_t *format;
	json_error_t err;

	*rec = (struct record){ .dir = copy(dir) };
	if (!exists(path))
		return fmt("%s: there is no record with that name", dir);
	rec->json = json_load_file(path, 0, &err);
	if (!rec->json)
		return fmt("%s is corrupt: %s in line %d", path, err.text, err.line);
	format = json_object_get(rec->json, "format");
	if (!json_is_integer(format))
		return fmt("%s is no record: it has no format", path);
	if (json_integer_value(format) != RECORD_FORMAT)
		return fmt("%s is a record of format %lld, and this respawn reads format %d: the respawn that wrote it can read it",
			   dir, (long long)json_integer_value(format), RECORD_FORMAT);
	return NULL;
}

/**
 * record_read - read a record
 * @rec: gets it
 * @dir: its folder
 *
 * Dies if it is not there, damaged, or of a format that this respawn does not read.
 */
void record_read(struct record *rec, const char *dir)
{
	__auto_free char *flaw = NULL;

	if (!*dir)
		die("RUN=: say which record, as build/runs/<name>");
	flaw = record_load(rec, dir);
	if (flaw)
		die("%s", flaw);
}

/* A name of the results without which nothing can be told of them */
static bool has_names(const json_t *results)
{
	const json_t *t;
	size_t i;

	json_array_foreach(results, i, t)
		if (!json_is_string(json_object_get(t, "name")) ||
		    !json_is_string(json_object_get(t, "status")) ||
		    !has_names(json_object_get(t, "tests")))
			return false;
	return true;
}

static bool has_strings(const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (!json_is_string(v))
			return false;
	return true;
}

/* What every record has that is told of, and what one that is not good has besides */
static const char *missing(const struct record *rec)
{
	static const char *const all[] = {
		"verdict", "request.arch", "request.config", "request.smpboot",
		"request.timing", "request.plan", "image.release", "accelerator",
	};
	static const char *const bad[] = { "first_failure.what", "excerpt" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!json_is_string(record_member(rec, all[i])))
			return all[i];
	for (size_t i = 0; !record_is_good(rec) && i < ARRAY_SIZE(bad); i++)
		if (!json_is_string(record_member(rec, bad[i])))
			return bad[i];
	return NULL;
}

/**
 * record_flaw - what a record lacks to be told of
 * @rec: the record
 *
 * Called before a report, which has the records of others to tell, too.
 *
 * Return: NULL, or what is wrong with it, to be freed
 */
char *record_flaw(const struct record *rec)
{
	const char *what = missing(rec);

	if (!what && !has_strings(record_member(rec, "failed_tests")))
		what = "failed_tests";
	if (!what && !has_names(record_member(rec, "results")))
		what = "results";
	return what ? fmt("%s/" RUN_JSON " is damaged: it has no %s, or none that is of use",
			  rec->dir, what) : NULL;
}

/**
 * record_member - a member of a record
 * @rec: the record
 * @path: its name, with the names of the objects it is in before it: "times.wall"
 *
 * Return: its value, or NULL
 */
const json_t *record_member(const struct record *rec, const char *path)
{
	__auto_strv struct strv names = { 0 };
	const json_t *o = rec->json;

	strv_split(&names, path, ".");
	for (size_t i = 0; i < names.n; i++)
		o = json_object_get(o, names.v[i]);
	return o;
}

/**
 * record_text - a text out of a record
 * @rec: the record
 * @path: as of record_member()
 *
 * Return: the text. Dies if the record has none.
 */
const char *record_text(const struct record *rec, const char *path)
{
	const char *s = json_string_value(record_member(rec, path));

	if (!s)
		die("%s/" RUN_JSON " is no whole record: it has no %s", rec->dir, path);
	return s;
}

double record_real(const struct record *rec, const char *path)
{
	return json_number_value(record_member(rec, path));
}

/**
 * record_verdict - the verdict of a record
 * @rec: the record
 *
 * Return: the verdict; one that is not known is an error
 */
enum verdict record_verdict(const struct record *rec)
{
	const char *name = record_text(rec, "verdict");

	for (enum verdict v = VERDICT_PASS; v < VERDICT_ERROR; v++)
		if (!strcmp(verdict_name(v), name))
			return v;
	return VERDICT_ERROR;
}

bool record_is_good(const struct record *rec)
{
	return record_verdict(rec) <= VERDICT_SKIP;
}

/**
 * record_was_tested - does a run say anything of the kernel?
 * @rec: its record
 *
 * Called by those who bisect. A kernel that did not get as far as to init was not tested,
 * nor one that passed without a test; one that died of a test was.
 *
 * Return: whether it does
 */
bool record_was_tested(const struct record *rec)
{
	struct ktap_counts n = record_counts(rec);

	return record_real(rec, "times.boot") >= 0 &&
	       (!record_is_good(rec) || n.passed + n.failed);
}

/**
 * record_was_steered - did a run do anything of its script?
 * @rec: its record
 *
 * Called by those who bisect. A kernel may have none of the script's places, or never come
 * by one: that it passed says nothing then.
 *
 * Return: whether it did; true where there is no script
 */
bool record_was_steered(const struct record *rec)
{
	return !record_member(rec, "script") || record_real(rec, "script.reached") > 0;
}

struct ktap_counts record_counts(const struct record *rec)
{
	return (struct ktap_counts){
		.passed = json_integer_value(record_member(rec, "counts.passed")),
		.failed = json_integer_value(record_member(rec, "counts.failed")),
		.skipped = json_integer_value(record_member(rec, "counts.skipped")),
	};
}

/**
 * record_console - the console of a record
 * @rec: the record
 *
 * Return: its text, to be freed. Dies if it can't be read.
 */
char *record_console(const struct record *rec)
{
	__auto_free char *path = fmt("%s/console.log", rec->dir);
	char *text = read_file(path, NULL);

	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	return text;
}

/* ---- running it again ----------------------------------------------------------- */

/**
 * record_request - what the trial of a record was asked
 * @rec: the record
 * @r: gets it
 *
 * Dies if it is not all there.
 */
void record_request(const struct record *rec, struct request *r)
{
	__auto_free char *lack = request_from_json(r, record_member(rec, "request"));

	if (lack)
		die("%s/" RUN_JSON " is no whole record: it has no %s, or none that is of use",
		    rec->dir, lack);
}

/* What lies in the cache may not go while it is used, and has been used just now. */
static void use_entry(const char *path)
{
	size_t cache = strlen(host_cache()), kind, name;
	__auto_free char *entry = NULL;

	if (strncmp(path, host_cache(), cache) || path[cache] != '/')
		return;
	kind = strcspn(path + cache + 1, "/") + 1;
	name = path[cache + kind] ? strcspn(path + cache + kind + 1, "/") + 1 : 0;
	entry = fmt("%.*s", (int)(cache + kind + name), path);
	cache_use(entry);
}

/* In a bundle the file lies beside the record. */
static char *file_of(const struct record *rec, const char *what)
{
	__auto_free char *key = fmt("image.%s", what), *sum_key = fmt("image.%s_sha256", what);
	const char *want = record_text(rec, sum_key);
	char *path = fmt("%s/%s", rec->dir, what);

	if (!exists(path)) {
		free(path);
		path = copy(record_text(rec, key));
		use_entry(path);
	}
	if (!exists(path))
		die("%s is gone, so this run can't be replayed; a bundle would have kept it", path);
	if (strcmp(sum_of(path), want))
		die("%s is not the file that was run: its SHA-256 is %.12s..., the record says %.12s...",
		    path, sum_of(path), want);
	return path;
}

static void check_sum(const struct record *rec, const char *key, const char *file)
{
	const char *want = json_string_value(record_member(rec, key));
	__auto_free char *path = fmt("%s/%s", rec->dir, file);
	char is[HASH_LEN];

	if (!want)
		return;
	if (!exists(path))
		die("%s is gone, so nothing can be compared with this run: take a whole copy of the record",
		    path);
	hash_file(path, is);
	if (strcmp(is, want))
		die("%s is damaged: its SHA-256 is %.12s..., the record says %.12s...; take another copy of the record",
		    path, is, want);
}

/**
 * record_check_files - see that what a run said is what is there
 * @rec: the record
 *
 * Dies if it is damaged or gone. A record that does not say the sums is taken as it is.
 */
void record_check_files(const struct record *rec)
{
	check_sum(rec, "console_sha256", "console.log");
	check_sum(rec, "events_sha256", "events.bin");
}

/**
 * record_image - what the trial of a record ran
 * @rec: the record
 * @r: from record_request()
 * @i: gets it; the record has to live as long
 *
 * Dies if the files are gone or other ones.
 */
void record_image(const struct record *rec, const struct request *r, struct image *i)
{
	__auto_strv struct strv steps = { 0 };
	__auto_free char *plan = NULL;
	const char *slash;

	*i = (struct image){
		.tree = { .name = copy(record_text(rec, "image.source")),
			  .hash = copy(record_text(rec, "image.tree")), .lock = -1 },
		.kernel = { .req = *r, .arch = r->arch,
			    .key = copy(record_text(rec, "image.id")),
			    .compiler = copy(record_text(rec, "image.compiler")),
			    .image = file_of(rec, "image") },
		.initramfs = file_of(rec, "initramfs"),
		.told = record_member(rec, "image"),
	};
	slash = strrchr(i->kernel.image, '/');
	if (!slash)
		die("%s/" RUN_JSON " is corrupt: its kernel image is no path", rec->dir);
	i->kernel.dir = fmt("%.*s", (int)(slash - i->kernel.image), i->kernel.image);
	/* What the plans say now is of other images. */
	plan = initramfs_plan(i->initramfs);
	plan_parse(&i->plan, i->initramfs, plan);
	strv_split(&steps, r->plan, ",");
	for (size_t n = 0; n < steps.n; n++)
		if (!plan_find(&i->plan, steps.v[n]))
			die("%s has a step %s, and the plan of its initramfs has not: it is no whole record",
			    rec->dir, steps.v[n]);
}

/**
 * record_snapshot - what the trial of a record went on from
 * @rec: the record
 * @s: gets it
 *
 * Dies if it is not there whole.
 *
 * Return: false if it booted
 */
bool record_snapshot(const struct record *rec, struct snapshot *s)
{
	const char *sum;

	if (!record_member(rec, "snapshot"))
		return false;
	sum = record_text(rec, "snapshot.sha256");
	*s = (struct snapshot){
		.path = fmt("%s/" SNAPSHOT, rec->dir),
		.at = json_integer_value(record_member(rec, "snapshot.words_at")),
		.size = json_integer_value(record_member(rec, "snapshot.words_size")),
	};
	if (!exists(s->path))
		die("%s is gone, so this run can't be replayed", s->path);
	if (strcmp(sum_of(s->path), sum))
		die("%s is not what the run went on from: its SHA-256 is %.12s..., the record says %.12s...",
		    s->path, sum_of(s->path), sum);
	snprintf(s->sha256, sizeof(s->sha256), "%s", sum);
	return true;
}

/* Files may lie elsewhere now than they did. */
static bool is_place(const char *option)
{
	return !strcmp(option, "-kernel") || !strcmp(option, "-initrd");
}

/**
 * record_same_call - is a guest called as that of the record was?
 * @rec: the record
 * @g: the guest, prepared
 *
 * What runs is what respawn would run, and not what the record says: that may come
 * from somebody else, who wants more than a replay. So it dies if the two differ.
 */
void record_same_call(const struct record *rec, const struct guest *g)
{
	const json_t *was = record_member(rec, "qemu.arguments");

	for (size_t i = 0; i < json_array_size(was) || i < g->argv.n; i++) {
		const char *then = json_string_value(json_array_get(was, i)) ?: "nothing";
		const char *now = i < g->argv.n ? g->argv.v[i] : "nothing";

		if (strcmp(then, now) && !(i && i < g->argv.n && is_place(g->argv.v[i - 1])))
			die("%s was called with '%s' where this respawn says '%s': the one that wrote it can replay it",
			    rec->dir, then, now);
	}
}
