// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bisect that outlives the program: one file holds the question and all that was
 * seen, and is written anew, whole, each time something was. What the engine thinks
 * follows from it.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/bisection.h"
#include "judge/utf8.h"
#include "lib/ui.h"
#include "lib/util.h"

#define VERSION		1
/* Seconds that nobody has measured yet: of a run, of a build near by, and of one far off */
#define RUN_GUESS	2.0
#define NEAR_GUESS	60.0
#define FAR_GUESS	240.0
#define FAR		1024

static const char *const whats[] = {
	[BISECTION_PASS] = "pass", [BISECTION_FAIL] = "fail", [BISECTION_OTHER] = "other",
	[BISECTION_UNTESTABLE] = "untestable", [BISECTION_BUILT] = "built",
	[BISECTION_SKIPPED] = "skipped", [BISECTION_UNFIT] = "unfit",
};

/**
 * bisection_what_name - the word for what became of a run or a build
 * @what: it
 *
 * Return: the word, as the state file has it
 */
const char *bisection_what_name(enum bisection_what what)
{
	return whats[what];
}

/**
 * bisection_is_run - is it what became of a run?
 * @what: it
 *
 * Return: false for builds, and for what the user said
 */
bool bisection_is_run(enum bisection_what what)
{
	return what <= BISECTION_OTHER || what == BISECTION_UNFIT;
}

/* ---- the engine ------------------------------------------------------------------- */

static const struct bisection_entry *build_like(const struct bisection *b, size_t before,
						const char *image)
{
	for (size_t i = 0; i < before; i++)
		if (b->log[i].image && !strcmp(b->log[i].image, image))
			return &b->log[i];
	return NULL;
}

/* Tell the engine what the @i-th entry says. */
static void tell(const struct bisection *b, struct bisect *engine, size_t i)
{
	const struct bisection_entry *e = &b->log[i], *like;
	size_t bad = b->history.n - 1;

	switch (e->what) {
	case BISECTION_PASS:
		bisect_observe(engine, e->commit, e->seed, BISECT_PASS);
		break;
	case BISECTION_FAIL:
		if (e->seed == BISECTION_BROUGHT && e->commit == bad)
			bisect_know_seed(engine, BISECTION_BROUGHT);
		else
			bisect_observe(engine, e->commit, e->seed, BISECT_FAIL);
		break;
	case BISECTION_OTHER:
	case BISECTION_UNFIT:
		bisect_skip_seed(engine, e->commit, e->seed);
		break;
	case BISECTION_UNTESTABLE:
	case BISECTION_SKIPPED:
		bisect_observe(engine, e->commit, 0, BISECT_UNTESTABLE);
		break;
	case BISECTION_BUILT:
		like = e->image ? build_like(b, i, e->image) : NULL;
		if (like && like->commit != e->commit)
			bisect_same(engine, e->commit, like->commit);
		break;
	}
}

static struct bisect *new_engine(const struct bisection *b)
{
	struct bisect *engine = bisect_new(&(struct bisect_setup){
		.graph = b->graph, .prior = b->prior, .nothing = BISECT_PRIOR_NOTHING,
		.confidence = b->o->confidence, .run = b->run, .build = b->build,
	});

	for (size_t i = 0; i < b->n; i++)
		tell(b, engine, i);
	return engine;
}

/**
 * bisection_guess - what would the engine think after a step?
 * @b: the bisection
 * @step: from bisect_next()
 * @outcome: of the last run of it; all others pass
 *
 * Return: an engine to ask, for bisect_free()
 */
struct bisect *bisection_guess(const struct bisection *b, const struct bisect_step *step,
			       enum bisect_outcome outcome)
{
	struct bisect *engine = new_engine(b);
	size_t n = step->carried + step->fresh;

	/* One that fails is as good as any; those that pass have to be all. */
	for (size_t i = outcome == BISECT_FAIL ? n - 1 : 0; i < n; i++)
		bisect_observe(engine, step->commit, bisect_seed(b->engine, step, i), outcome);
	return engine;
}

/*
 * Builds take longer the more commits lie between them, but not in proportion: a line
 * through the logarithms, which begins as a guess that weighs as much as one build.
 */
static void learn_builds(struct bisection *b)
{
	double n = 2, x = log2(1 + FAR), y = NEAR_GUESS + FAR_GUESS;
	double xx = x * x, xy = x * FAR_GUESS, slope, at_zero;
	size_t now = b->history.n - 1;

	for (size_t i = 0; i < b->n; i++) {
		const struct bisection_entry *e = &b->log[i];
		double d = log2(1 + e->distance);

		if (e->what == BISECTION_BUILT || e->what == BISECTION_UNTESTABLE)
			now = e->commit;
		if (e->what != BISECTION_BUILT || e->seconds <= 0)
			continue;
		n++;
		x += d;
		y += e->seconds;
		xx += d * d;
		xy += d * e->seconds;
	}
	slope = (n * xy - x * y) / (n * xx - x * x);
	slope = slope > 0 ? slope : 0;
	at_zero = (y - slope * x) / n;
	for (size_t i = 0; i < b->history.n; i++) {
		double d = i < now ? now - i : i - now;

		b->build[i] = fmax(1, at_zero + slope * log2(1 + d));
	}
}

/**
 * bisection_costs - learn what runs and builds take
 * @b: the bisection; its engine, if it has one, is told
 */
void bisection_costs(struct bisection *b)
{
	double sum = RUN_GUESS, n = 1;

	for (size_t i = 0; i < b->n; i++) {
		if (!bisection_is_run(b->log[i].what))
			continue;
		sum += b->log[i].seconds;
		n++;
	}
	b->run = sum / n;
	if (b->engine)
		bisect_cost_run(b->engine, b->run);
	learn_builds(b);
}

/* ---- the state file ---------------------------------------------------------------- */

static json_t *entry_to_json(const struct bisection *b, const struct bisection_entry *e)
{
	return json_pack("{s:s, s:s, s:I, s:f, s:s*, s:s*, s:s*, s:I}",
			 "commit", b->history.commits[e->commit].id, "what", whats[e->what],
			 "seed", (json_int_t)e->seed, "seconds", e->seconds,
			 "signature", e->signature, "record", e->record, "image", e->image,
			 "distance", (json_int_t)e->distance);
}

static void save(const struct bisection *b)
{
	json_t *log = json_array(), *o;
	char *text;

	for (size_t i = 0; i < b->n; i++)
		if (json_array_append_new(log, entry_to_json(b, &b->log[i])))
			die("out of memory");
	o = json_pack("{s:i, s:O, s:s*, s:o}", "version", VERSION, "question", b->question,
		      "signature", b->signature, "log", log);
	text = o ? json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	if (!text)
		die("out of memory");
	write_file(b->path, text, strlen(text));
	free(text);
	json_decref(o);
}

static void __noreturn damaged(const struct bisection *b, const char *why)
{
	die("%s is damaged: %s; move it away to begin anew", b->path, why);
}

static struct bisection_entry *add(struct bisection *b, const struct bisection_entry *e)
{
	b->log = grow(b->log, b->n + 1, sizeof(*b->log));
	b->log[b->n] = *e;
	return &b->log[b->n++];
}

static char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? copy(text) : NULL;
}

static const json_t *number_of(const struct bisection *b, const json_t *o, const char *key)
{
	const json_t *value = json_object_get(o, key);

	if (!json_is_number(value) || json_number_value(value) < 0)
		damaged(b, fmt("the '%s' of something is no number from 0 on", key));
	return value;
}

static json_int_t count_of(const struct bisection *b, const json_t *o, const char *key)
{
	const json_t *value = number_of(b, o, key);

	if (!json_is_integer(value))
		damaged(b, fmt("the '%s' of something is no whole number", key));
	return json_integer_value(value);
}

static int by_id(const void *a, const void *b)
{
	const struct history_commit *const *one = a, *const *two = b;

	return strcmp((*one)->id, (*two)->id);
}

/* The commits by their names: a log may name each of thousands many times. */
static const struct history_commit **sorted(const struct history *h)
{
	const struct history_commit **all = need(h->n, sizeof(*all));

	for (size_t i = 0; i < h->n; i++)
		all[i] = &h->commits[i];
	qsort(all, h->n, sizeof(*all), by_id);
	return all;
}

static size_t commit_called(const struct bisection *b, const struct history_commit **all,
			    const char *id)
{
	const struct history_commit **found, *key = &(struct history_commit){ .id = (char *)id };

	found = id ? bsearch(&key, all, b->history.n, sizeof(*all), by_id) : NULL;
	if (!found)
		damaged(b, "a commit is not between GOOD= and BAD=");
	return *found - b->history.commits;
}

static void read_entry(struct bisection *b, const struct history_commit **all, const json_t *o)
{
	const char *what = json_string_value(json_object_get(o, "what"));
	struct bisection_entry e = {
		.commit = commit_called(b, all, json_string_value(json_object_get(o, "commit"))),
		.seed = count_of(b, o, "seed"),
		.seconds = json_number_value(number_of(b, o, "seconds")),
		.signature = text_of(o, "signature"), .record = text_of(o, "record"),
		.image = text_of(o, "image"),
		.distance = count_of(b, o, "distance"),
	};
	size_t i = 0;

	while (what && i < ARRAY_SIZE(whats) && strcmp(whats[i], what))
		i++;
	if (!what || i == ARRAY_SIZE(whats))
		damaged(b, "something happened that has no name");
	e.what = i;
	if (e.distance >= b->history.n)
		damaged(b, "a build is farther off than any commit");
	if ((e.what == BISECTION_FAIL || e.what == BISECTION_OTHER) && !e.signature)
		damaged(b, "a run failed, and it does not say how");
	add(b, &e);
}

static json_t *read_state(const struct bisection *b)
{
	size_t len;
	__auto_free char *text = read_file(b->path, &len);
	json_error_t error;
	json_t *o;

	if (!text && errno == ENOENT)
		return NULL;
	if (!text)
		die("cannot read %s: %s", b->path, strerror(errno));
	o = json_loadb(text, len, 0, &error);
	if (!o)
		damaged(b, error.text);
	if (json_integer_value(json_object_get(o, "version")) != VERSION)
		damaged(b, "its version is none that is known");
	if (!json_is_object(json_object_get(o, "question")) ||
	    !json_is_array(json_object_get(o, "log")))
		damaged(b, "its question or its log is missing");
	return o;
}

static char *value_text(const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : copy("unknown");

	if (!text)
		die("out of memory");
	return text;
}

/* What differs between two questions: a variable, with both its values; NULL if nothing does */
static char *difference(json_t *asked, json_t *known)
{
	json_t *all = json_copy(known), *value;
	char *what = NULL;
	const char *key;

	json_object_update_missing(all, asked);
	json_object_foreach(all, key, value) {
		json_t *is = json_object_get(asked, key), *was = json_object_get(known, key);
		__auto_free char *one = NULL, *two = NULL, *name = NULL;

		if (what || (is && was && json_equal(is, was)))
			continue;
		if (json_is_object(is) && json_is_object(was)) {
			what = difference(is, was);
			continue;
		}
		one = value_text(was);
		two = value_text(is);
		name = copy(key);
		for (char *c = name; *c; c++)
			*c = toupper((unsigned char)*c);
		what = fmt("%s= was %s, and is %s", name, one, two);
	}
	json_decref(all);
	return what;
}

static void read_log(struct bisection *b, const json_t *state)
{
	const struct history_commit **all = sorted(&b->history);
	const json_t *log = json_object_get(state, "log");

	b->signature = text_of(state, "signature");
	for (size_t i = 0; i < json_array_size(log); i++)
		read_entry(b, all, json_array_get(log, i));
	free(all);
}

static void read_history(struct bisection *b, const char *tree, const char *good, const char *bad)
{
	size_t n;

	history_read(&b->history, tree, good, bad);
	n = b->history.n;
	b->graph = need(1, sizeof(*b->graph));
	b->prior = need(n, sizeof(*b->prior));
	b->build = need(n, sizeof(*b->build));
	graph_init(b->graph);
	for (size_t i = 1; i < n; i++) {
		const struct history_commit *c = &b->history.commits[i];

		graph_add(b->graph, c->parents, c->nr_parents);
		b->prior[i] = strcmp(b->o->prior, "paths") ? 1 : c->weight;
	}
	graph_close(b->graph);
}

static void open_state(struct bisection *b, const struct options *o)
{
	*b = (struct bisection){ .o = o, .path = fmt("%s/bisect.json", o->out) };
}

/* The state is read, changed and written as a whole: one at a time may do that. */
static void lock_state(const struct options *o)
{
	static char *held;
	char *path = fmt("%s/bisect.lock", o->out);

	if (held && !strcmp(held, path)) {
		free(path);
		return;
	}
	make_dirs(o->out);
	held = path;
	if (lock_try(path) < 0)
		die("another bisect is at work in %s: end it first, which keeps what it has seen, or name another folder with O=",
		    o->out);
}

static void must_be_text(const char *name, const char *text)
{
	json_t *o = json_string(text);

	if (!o)
		die("%s=: this is no UTF-8, which a state file can't have", name);
	json_decref(o);
}

/* The same question has the same answer, whatever is known already. */
static json_t *make_question(const struct bisection *b, const struct request *r)
{
	__auto_free char *tree = realpath(r->tree, NULL), *run = realpath(b->o->run, NULL);
	const struct options *o = b->o;
	struct request asked = *r;
	json_t *request;

	/* However they are spelled */
	asked.tree = tree ?: r->tree;
	/* Those are what changes from run to run. */
	asked.commit = "";
	asked.seed = 0;
	request = request_to_json(&asked);
	/* How long to wait, and whether from a snapshot, does not change what a run shows. */
	json_object_del(request, "timeout");
	json_object_del(request, "stall");
	json_object_del(request, "snapshot");
	must_be_text("TEST", o->test);
	must_be_text("RUN", o->run);
	must_be_text("SIGNATURE", o->signature);
	/* The records of runs are named by it. */
	must_be_text("O", o->out);
	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s}", "request", request,
			 "good", b->history.commits[0].id,
			 "bad", b->history.commits[b->history.n - 1].id, "test", o->test,
			 "prior", o->prior, "run", run ?: o->run, "signature", o->signature);
}

/**
 * bisection_open - begin a bisection, or go on with one
 * @b: gets it
 * @o: what the user asked for
 * @r: what is asked of each run, but for its commit and seed
 *
 * Dies if the state file is damaged, or of another question.
 */
void bisection_open(struct bisection *b, const struct options *o, const struct request *r)
{
	__auto_free char *what = NULL;
	json_t *state;

	open_state(b, o);
	lock_state(o);
	read_history(b, r->tree, o->good, *o->bad ? o->bad : "HEAD");
	b->question = make_question(b, r);
	state = read_state(b);
	if (state) {
		what = difference(b->question, json_object_get(state, "question"));
		if (what)
			die("%s is of another question: %s; move it away, or name another folder with O=",
			    b->path, what);
		read_log(b, state);
		json_decref(state);
	}
	if (!b->signature && *o->signature)
		b->signature = copy(o->signature);
	bisection_costs(b);
	b->engine = new_engine(b);
}

/**
 * bisection_suspect - what is thought of commits before anything is known
 * @b: gets it; no state file is read
 * @o: what the user asked for; must live as long
 */
void bisection_suspect(struct bisection *b, const struct options *o)
{
	open_state(b, o);
	read_history(b, o->request.tree, o->good, *o->bad ? o->bad : "HEAD");
	bisection_costs(b);
	b->engine = new_engine(b);
}

/**
 * bisection_load - have a bisection that was begun, to look at or to change
 * @b: gets it
 * @o: what the user asked for; must live as long
 * @change: nobody else may have it meanwhile
 *
 * Dies if there is none.
 */
void bisection_load(struct bisection *b, const struct options *o, bool change)
{
	const json_t *q, *tree;
	json_t *state;
	struct options *same = malloc(sizeof(*same));

	if (!same)
		die("out of memory");
	*same = *o;
	open_state(b, same);
	if (change && exists(b->path))
		lock_state(o);
	state = read_state(b);
	if (!state)
		die("there is no %s: 'make bisect' begins one", b->path);
	b->question = json_incref(json_object_get(state, "question"));
	q = b->question;
	tree = json_object_get(json_object_get(q, "request"), "tree");
	same->good = json_string_value(json_object_get(q, "good"));
	same->bad = json_string_value(json_object_get(q, "bad"));
	same->prior = json_string_value(json_object_get(q, "prior"));
	if (!same->good || !same->bad || !same->prior || !json_is_string(tree))
		damaged(b, "its question is not whole");
	read_history(b, json_string_value(tree), same->good, same->bad);
	read_log(b, state);
	bisection_costs(b);
	b->engine = new_engine(b);
	json_decref(state);
}

/**
 * bisection_note - something happened
 * @b: the bisection
 * @e: what; its strings are copied
 *
 * It is in the state file when this returns.
 */
void bisection_note(struct bisection *b, const struct bisection_entry *e)
{
	struct bisection_entry *own = add(b, e);

	/* What a compiler says need not be text. */
	own->signature = e->signature ? utf8_copy(e->signature) : NULL;
	own->record = e->record ? copy(e->record) : NULL;
	own->image = e->image ? copy(e->image) : NULL;
	save(b);
	tell(b, b->engine, b->n - 1);
}

/**
 * bisection_record - a run has left a record after all
 * @b: the bisection
 * @entry: which one of the log
 * @record: its folder
 */
void bisection_record(struct bisection *b, size_t entry, const char *record)
{
	b->log[entry].record = copy(record);
	save(b);
}

/* The failure that is looked for is the first one at BAD, unless the question has it. */
static bool signature_is_known(const struct bisection *b)
{
	static const char *const says[] = { "signature", "run" };

	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		const char *text = json_string_value(json_object_get(b->question, says[i]));

		if (text && *text)
			return true;
	}
	for (size_t i = 0; i < b->n; i++)
		if (b->log[i].what == BISECTION_FAIL)
			return true;
	return false;
}

/**
 * bisection_undo - forget what happened last
 * @b: the bisection, with something in its log
 */
void bisection_undo(struct bisection *b)
{
	b->n--;
	if (!signature_is_known(b)) {
		free(b->signature);
		b->signature = NULL;
	}
	save(b);
	bisect_free(b->engine);
	b->engine = new_engine(b);
}

/**
 * bisection_counts - how often what happened
 * @b: the bisection
 * @commit: at which commit, or BISECTION_ALL
 *
 * Return: the counts
 */
struct bisection_counts bisection_counts(const struct bisection *b, size_t commit)
{
	struct bisection_counts n = { 0 };

	for (size_t i = 0; i < b->n; i++)
		if (commit == BISECTION_ALL || b->log[i].commit == commit)
			n.of[b->log[i].what]++;
	return n;
}

/**
 * bisection_runs - how many runs there were
 * @b: the bisection
 *
 * Return: all that passed or failed, in whatever way, or did not do what they were to
 */
size_t bisection_runs(const struct bisection *b)
{
	struct bisection_counts n = bisection_counts(b, BISECTION_ALL);

	return n.of[BISECTION_PASS] + n.of[BISECTION_FAIL] + n.of[BISECTION_OTHER] +
	       n.of[BISECTION_UNFIT];
}
