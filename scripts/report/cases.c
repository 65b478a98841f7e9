// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cases of a report, in one list that every format walks: what one of them calls a
 * failure, all do.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "judge/utf8.h"
#include "lib/util.h"
#include "report/cases.h"

/* What a guest died of, and a failure that is in no case of a suite, has a case of its own. */
#define GUEST_SUITE	"guest"

/*
 * Architecture, flavour and mode of smpboot, and what else is not as usual: the same from
 * run to run, and from tree to tree.
 */
static char *trial_name(const struct record *rec)
{
	const char *pin = json_string_value(record_member(rec, "request.pin"));
	const char *series = json_string_value(record_member(rec, "request.series"));
	const char *timing = json_string_value(record_member(rec, "request.timing"));
	bool threads = json_integer_value(record_member(rec, "request.threads")) > 1;
	char *name = fmt("%s.%s.%s%s%s%s%s%s", record_text(rec, "request.arch"),
			 record_text(rec, "request.config"), record_text(rec, "request.smpboot"),
			 pin && *pin ? ".pin-" : "", pin ?: "",
			 series && !strcmp(series, "none") ? ".mainline" : "",
			 timing && !strcmp(timing, "real") ? ".real" : "",
			 threads ? ".threads" : "");

	/* A dot is between parts alone. */
	for (char *at = strstr(name, ".pin-"); at && (at = strchr(at + 1, '.')) &&
	     at[1] >= '0' && at[1] <= '9';)
		*at = '-';
	return name;
}

static struct report_case *add(struct report_cases *all, const struct record *rec,
			       const char *suite, const char *name, enum case_status status)
{
	struct report_case *c;

	all->v = grow(all->v, all->n + 1, sizeof(*all->v));
	c = &all->v[all->n++];
	*c = (struct report_case){
		.rec = rec, .suite = copy(suite), .name = copy(name), .status = status,
	};
	c->trial = rec ? trial_name(rec) : copy("all");
	all->counts[status]++;
	return c;
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key)) ?: "";
}

/*
 * What is neither a pass nor a skip has failed, whatever it is called. But of what never
 * reported since the harness failed nothing is known.
 */
static enum case_status status_of(const struct record *rec, const json_t *t)
{
	const char *status = text_of(t, "status");

	if (!strcmp(status, "pass"))
		return CASE_PASS;
	if (!strcmp(status, "skip"))
		return CASE_SKIP;
	return record_verdict(rec) == VERDICT_ERROR && !strcmp(status, "missing") ?
	       CASE_ERROR : CASE_FAIL;
}

/* What the judge says of a test, if the test itself said nothing of why it failed */
static const char *failure_of(const struct record *rec, const char *suite, const char *name)
{
	__auto_free char *test = fmt("%s.%s", suite, name), *said = fmt("%s: ", test);
	const json_t *f;
	size_t i;

	json_array_foreach(record_member(rec, "failures"), i, f) {
		const char *what = text_of(f, "what");

		if (!strcmp(text_of(f, "test"), test))
			return strncmp(what, said, strlen(said)) ? what : what + strlen(said);
	}
	return "";
}

static size_t failures(const struct report_cases *all)
{
	return all->counts[CASE_FAIL] + all->counts[CASE_ERROR];
}

/* @t is in @suite, under names that end in @prefix; a suite itself if @suite is NULL. */
static void add_tests(struct report_cases *all, const struct record *rec, const char *suite,
		      const char *prefix, const json_t *t)
{
	const json_t *parts = json_object_get(t, "tests");
	__auto_free char *name = fmt("%s%s", prefix, text_of(t, "name"));
	__auto_free char *below = suite ? fmt("%s.", name) : copy("");
	enum case_status status = status_of(rec, t);
	size_t before = failures(all), i;
	struct report_case *c;
	json_t *part;

	json_array_foreach(parts, i, part)
		add_tests(all, rec, suite ?: name, below, part);
	/* A suite fails by its cases; if it fails without one of them, it is one. */
	if (json_array_size(parts) && (status < CASE_FAIL || failures(all) > before))
		return;
	c = add(all, rec, suite ?: name, suite ? name : "(suite)", status);
	c->reason = copy(*text_of(t, "reason") || c->status != CASE_FAIL ? text_of(t, "reason") :
			 failure_of(rec, c->suite, c->name));
	c->guest = json_number_value(json_object_get(t, "guest_seconds"));
}

static void add_guest(struct report_cases *all, const struct record *rec, enum verdict v)
{
	enum case_status status = v == VERDICT_ERROR ? CASE_ERROR :
				  v == VERDICT_SKIP ? CASE_SKIP : CASE_FAIL;
	struct report_case *c = add(all, rec, GUEST_SUITE, verdict_name(v), status);

	c->reason = copy(status == CASE_SKIP ? "it tested nothing" :
			 record_text(rec, "first_failure.what"));
	c->guest = record_real(rec, "times.guest");
}

static void add_record(struct report_cases *all, const struct record *rec)
{
	enum verdict v = record_verdict(rec);
	/* No case says what such a guest died of: those that are missing come of that. */
	bool cut_short = v >= VERDICT_HANG;
	size_t before = failures(all), first = all->n, i;
	json_t *t;

	if (cut_short)
		add_guest(all, rec, v);
	json_array_foreach(record_member(rec, "results"), i, t)
		add_tests(all, rec, NULL, "", t);
	if (record_is_good(rec) ? all->n == first : failures(all) == before)
		add_guest(all, rec, v);
}

static void add_pairs(struct report_cases *all, const struct report *r)
{
	struct report_case *c;

	if (!(r->same + r->different))
		return;
	c = add(all, NULL, "determinism", "same_seed_twice",
		r->different ? CASE_FAIL : CASE_PASS);
	if (r->different)
		c->reason = fmt("%u of %u pairs of one seed differ", r->different,
				r->same + r->different);
}

/* ---- names ------------------------------------------------------------------------- */

static json_int_t number_of(const json_t *numbers, const char *name)
{
	return json_integer_value(json_object_get(numbers, name));
}

static void set_number(json_t *numbers, const char *name, json_int_t number)
{
	if (json_object_set_new_nocheck(numbers, name, json_integer(number)))
		die("out of memory");
}

/* What a suite of a trial is known by; NULL for what a guest died of, which is in none */
static char *suite_name(const struct report_case *c)
{
	return strcmp(c->suite, GUEST_SUITE) ? fmt("%s\n%s", c->trial, c->suite) : NULL;
}

/* How many trials of that name have tested a suite of this one's, and it */
static json_int_t trial_number(const struct report_cases *all, size_t first, size_t end,
			       const json_t *numbers)
{
	json_int_t number = 1;

	for (size_t i = first; i < end; i = report_same_suite(all, i)) {
		__auto_free char *name = suite_name(&all->v[i]);

		if (name && number_of(numbers, name) >= number)
			number = number_of(numbers, name) + 1;
	}
	return number;
}

static void number_trial(struct report_cases *all, size_t first, size_t end, json_t *numbers)
{
	json_int_t number = trial_number(all, first, end, numbers);

	for (size_t i = first; i < end; i++) {
		struct report_case *c = &all->v[i];
		__auto_free char *suite = suite_name(c), *trial = c->trial;

		if (suite)
			set_number(numbers, suite, number);
		c->trial = number > 1 ? fmt("%s.%lld", trial, (long long)number) : copy(trial);
	}
}

/* A trial that is done twice, as stress is to be compared, is another trial. */
static void number_trials(struct report_cases *all, json_t *numbers)
{
	for (size_t i = 0, end; i < all->n; i = end) {
		end = report_same_trial(all, i);
		number_trial(all, i, end, numbers);
	}
}

static char *full_name(const struct report_case *c, const char *name)
{
	return fmt("%s\n%s\n%s", c->trial, c->suite, name);
}

/* Of two cases of one name a reader keeps one, which may be the one that passed. */
static void number_cases(struct report_cases *all, json_t *numbers)
{
	for (size_t i = 0; i < all->n; i++) {
		struct report_case *c = &all->v[i];
		__auto_free char *full = full_name(c, c->name);
		json_int_t number = number_of(numbers, full);

		while (number) {
			__auto_free char *name = NULL, *other = NULL;

			number++;
			name = fmt("%s.%lld", c->name, (long long)number);
			other = full_name(c, name);
			if (number_of(numbers, other))
				continue;
			set_number(numbers, full, number);
			set_number(numbers, other, 1);
			free(c->name);
			c->name = copy(name);
			break;
		}
		if (!number)
			set_number(numbers, full, 1);
	}
}

static void number_names(struct report_cases *all)
{
	json_t *trials = json_object(), *cases = json_object();

	number_trials(all, trials);
	number_cases(all, cases);
	json_decref(trials);
	json_decref(cases);
}

/**
 * report_cases - the cases of a report
 * @r: the report
 * @all: gets them; for report_cases_free()
 *
 * Called by each writer. If any trial of @r is not good, a case here is not, either.
 * No two cases have the same trial, suite and name: those that come again are numbered.
 */
void report_cases(const struct report *r, struct report_cases *all)
{
	*all = (struct report_cases){ 0 };
	for (size_t i = 0; i < r->n; i++)
		add_record(all, r->records[i]);
	add_pairs(all, r);
	for (size_t i = 0; r->dead && i + 1 < r->dead->n; i += 2) {
		__auto_free char *name = utf8_copy(r->dead->v[i]);
		struct report_case *c = add(all, NULL, "cell", name, CASE_ERROR);

		c->reason = utf8_copy(r->dead->v[i + 1]);
	}
	/* Nothing is no pass. */
	if (!all->n)
		add(all, NULL, GUEST_SUITE, "nothing_was_tested", CASE_ERROR);
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].reason)
			all->v[i].reason = copy("");
	number_names(all);
}

/**
 * report_cases_free - free them
 * @all: the cases
 */
void report_cases_free(struct report_cases *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].trial);
		free(all->v[i].suite);
		free(all->v[i].name);
		free(all->v[i].reason);
	}
	free(all->v);
	*all = (struct report_cases){ 0 };
}

/**
 * report_same_trial - where the cases of a trial end
 * @all: the cases
 * @first: the first one of a trial
 *
 * Return: the first one that is not of the same trial, or @all->n
 */
size_t report_same_trial(const struct report_cases *all, size_t first)
{
	size_t i = first;

	while (i < all->n && all->v[i].rec == all->v[first].rec)
		i++;
	return i;
}

/**
 * report_same_suite - where the cases of a suite end
 * @all: the cases
 * @first: the first one of a suite in a trial
 *
 * Return: the first one that is not of the same suite and trial, or @all->n
 */
size_t report_same_suite(const struct report_cases *all, size_t first)
{
	size_t i = first, end = report_same_trial(all, first);

	while (i < end && !strcmp(all->v[i].suite, all->v[first].suite))
		i++;
	return i;
}

/**
 * report_excerpt - the console around the first failure
 * @rec: record of a trial
 *
 * Return: it; empty if there was none
 */
const char *report_excerpt(const struct record *rec)
{
	return json_string_value(record_member(rec, "excerpt")) ?: "";
}

/**
 * report_dir - the folder of a record, as a text that can be shown
 * @rec: the record, or NULL
 *
 * The name of a folder may have any bytes, and JSON and XML may not.
 *
 * Return: its path, to be freed; empty if nothing is kept of it
 */
char *report_dir(const struct record *rec)
{
	return utf8_copy(rec && rec->dir ? rec->dir : "");
}

/**
 * report_append - append an object to a list of a report
 * @list: the list
 * @o: the object, used up; NULL if it could not be made
 *
 * Dies if it can't: a report that lacks a case says that all is well.
 */
void report_append(json_t *list, json_t *o)
{
	if (json_array_append_new(list, o))
		die("a report can't be written: it has a text that is no UTF-8");
}

/**
 * report_advice - what one can do with a failure
 * @rec: record of a trial that failed
 *
 * Return: a command, to be freed; empty if nothing is kept of it
 */
char *report_advice(const struct record *rec)
{
	__auto_free char *dir = report_dir(rec);

	return *dir ? fmt("make replay RUN=%s", dir) : copy("");
}
