// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/build/history.c and scripts/cmd/bisection.c: which commits lie between
 * two, what is no question, and a state file that outlives the program.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../whole/scratch.h"
#include "build/arch.h"
#include "build/history.h"
#include "child.h"
#include "cmd/bisection.h"
#include "lib/util.h"
#include "record/record.h"

static char *user;

static char *sh(const char *command)
{
	__auto_strv struct strv argv = { 0 };
	char *said = NULL;
	struct run_opts o = { .dir = user, .out = &said };

	strv_split(&argv, "sh -ec", " ");
	strv_add(&argv, "%s", command);
	if (run(&argv, &o))
		fail_msg("%s: %s", command, said);
	said[strcspn(said, "\n")] = '\0';
	return said;
}

/*
 * good - one - two ---- merge - last     (main)
 *            \-- side --/
 *  \-- apart                             (apart)
 */
static int make_user(void **state)
{
	fresh_out(state);
	user = fmt("%s/user", out);
	make_dirs(user);
	free(sh("git init -q -b main; git config user.name u; git config user.email u@example.org;"
		"mkdir -p kernel Documentation lib; touch kernel/kthread.c; git add -A;"
		"git commit -qm good; git tag good;"
		"echo 1 >> kernel/kthread.c; git commit -qam one;"
		"git checkout -qb side; echo 1 > lib/side.c; git add -A; git commit -qm side;"
		"git checkout -q main; echo 2 > Documentation/two.rst; git add -A;"
		"git commit -qm two; git merge -qm merge side;"
		"echo 3 > lib/last.c; git add -A; git commit -qm last;"
		"git checkout -qb apart good; echo 4 > kernel/apart.c; git add -A;"
		"git commit -qm apart; git checkout -q main"));
	return 0;
}

static int remove_user(void **state)
{
	free(user);
	return remove_out(state);
}

static const struct history_commit *by_subject(const struct history *h, const char *subject)
{
	for (size_t i = 0; i < h->n; i++)
		if (!strcmp(h->commits[i].subject, subject))
			return &h->commits[i];
	fail_msg("no commit '%s'", subject);
	return NULL;
}

static void commits_between_two(void **state)
{
	const struct history_commit *merge, *two, *side, *one;
	struct history h;

	(void)state;
	history_read(&h, user, "good", "main");
	assert_int_equal(h.n, 6);
	assert_string_equal(h.commits[0].subject, "good");
	assert_string_equal(h.commits[5].subject, "last");
	assert_false(h.dirty);
	merge = by_subject(&h, "merge");
	two = by_subject(&h, "two");
	side = by_subject(&h, "side");
	one = by_subject(&h, "one");
	assert_int_equal(merge->nr_parents, 2);
	assert_ptr_equal(&h.commits[merge->parents[0]], two);
	assert_ptr_equal(&h.commits[merge->parents[1]], side);
	assert_ptr_equal(&h.commits[two->parents[0]], one);
	/* What nobody builds is suspected least, and kthread.c most. */
	assert_true(one->weight > side->weight);
	assert_true(side->weight > two->weight);
	assert_true(merge->weight < side->weight);
	assert_int_equal(history_find(&h, one->id), one - h.commits);
	assert_int_equal(history_find(&h, ""), h.n);
	assert_int_equal(history_find(&h, "nothing"), h.n);
	history_free(&h);
}

/* What people write is no business of ours, but for what it does to a terminal. */
static void control_characters_harm_nothing(void **state)
{
	static const struct {
		const char *written;
		const char *read;
	} subjects[] = {
		{ "sub\\001ject", "sub?ject" },
		{ "sub\\002ject\\002kernel/kthread.c", "sub?ject?kernel/kthread.c" },
		{ "\\001red", "?red" },
		{ "\\033[31mred\\302\\2331m", "?[31mred??1m" },
		{ "caf\\303\\251", "caf\303\251" },
		{ "", "" },
	};
	struct history h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		__auto_free char *commit =
			fmt("echo %zu >> lib/last.c; printf '%s' | git commit -qa --allow-empty-message --cleanup=verbatim -F - --author=\"$(printf 'a\\001b') <u@example.org>\"",
			    i, subjects[i].written);

		free(sh(commit));
	}
	free(sh("git commit -q --allow-empty --allow-empty-message -m ''"));
	history_read(&h, user, "good", "main");
	assert_int_equal(h.n, 6 + ARRAY_SIZE(subjects) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		const struct history_commit *c = &h.commits[6 + i];

		assert_string_equal(c->subject, subjects[i].read);
		assert_string_equal(c->author, "a?b");
		assert_int_equal(c->nr_parents, 1);
		assert_true(c->weight == h.commits[5].weight);
	}
	history_free(&h);
}

static void changes_in_no_commit_are_noticed(void **state)
{
	struct history h;

	(void)state;
	free(sh("echo dirty >> kernel/kthread.c"));
	history_read(&h, user, "good", "main");
	assert_true(h.dirty);
	history_free(&h);
}

/* One that is not what its parents are together may have broken what none of them did. */
static void a_merge_has_changes_of_its_own(void **state)
{
	const struct history_commit *plain, *own;
	struct history h;

	(void)state;
	free(sh("git checkout -q apart; echo a > kernel/kthread.c; git commit -qam theirs;"
		"git checkout -q main; echo b > kernel/kthread.c; git commit -qam ours;"
		"! git merge -q apart 2>&1; echo c > kernel/kthread.c; git commit -qam resolved"));
	history_read(&h, user, "good", "main");
	plain = by_subject(&h, "merge");
	own = by_subject(&h, "resolved");
	assert_true(own->weight == by_subject(&h, "one")->weight);
	assert_true(plain->weight < own->weight);
	history_free(&h);
}

/* Nor is what is checked out, or which folder TREE= names, what is tested. */
static void the_ends_are_what_is_tested(void **state)
{
	__auto_free char *folder = fmt("%s/kernel", user);
	struct history h;

	(void)state;
	history_read(&h, folder, "good", "main");
	assert_int_equal(h.n, 6);
	assert_true(by_subject(&h, "one")->weight > by_subject(&h, "side")->weight);
	history_free(&h);
	free(sh("git checkout -q --orphan notes; git rm -rqf .;"
		"git commit -q --allow-empty -m notes"));
	history_read(&h, user, "good", "main");
	assert_int_equal(h.n, 6);
	history_free(&h);
}

struct question {
	const char *tree;
	const char *good;
	const char *bad;
};

static int ask(const void *arg)
{
	const struct question *q = arg;
	struct history h;

	history_read(&h, q->tree, q->good, q->bad);
	return 0;
}

static void assert_refused(const struct question *q, const char *word)
{
	__auto_free char *path = fmt("%s/said", out), *said = NULL;

	assert_int_equal(child_says(ask, q, path), EXIT_ERROR);
	said = read_file(path, NULL);
	assert_non_null(said);
	if (!strstr(said, word))
		fail_msg("'%s' is not in: %s", word, said);
	/* One line, and no more */
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void what_is_no_question_is_refused(void **state)
{
	__auto_free char *shallow = fmt("%s/shallow", out), *empty = fmt("%s/empty", out);
	__auto_free char *clone = fmt("git clone -q --depth=2 file://%s %s", user, shallow);
	__auto_free char *init = fmt("git init -q %s; cd %s; git -c user.name=u -c user.email=u commit -q --allow-empty -m x",
				     empty, empty);
	__auto_free char *cut = fmt("%s/cut", out);
	__auto_free char *branch = fmt("git clone -q --depth=3 file://%s %s; git -C %s fetch -q --depth=4 origin good main",
				       user, cut, cut);
	__auto_free char *old = NULL;

	(void)state;
	free(sh(clone));
	free(sh(branch));
	free(sh(init));
	old = sh("git rev-parse good");
	assert_refused(&(struct question){ user, "apart", "main" }, "their merge base is");
	assert_refused(&(struct question){ user, "main", "good" }, "exchange them");
	assert_refused(&(struct question){ user, "main", "main" }, "the same commit");
	assert_refused(&(struct question){ user, "nowhere", "main" }, "no such commit");
	assert_refused(&(struct question){ user, "--all", "main" }, "no such commit");
	assert_refused(&(struct question){ shallow, old, "main" }, "no such commit");
	assert_refused(&(struct question){ empty, "HEAD", "HEAD" }, "no tree of a kernel");
	assert_refused(&(struct question){ out, "good", "main" }, "no git repository");
	/* GOOD is there, and so are commits behind it, but not all. */
	assert_refused(&(struct question){ cut, old, "main" }, "shallow clone");
}

/* ---- the state file ------------------------------------------------------------------ */

static struct options options;

static const struct options *asked(const char *test)
{
	options = (struct options){
		.request = {
			.arch = arch_find("arm64"), .config = "default", .pin = "", .tree = user,
			.commit = "", .tarball = "", .series = "none", .patches = "",
			.overlay = "full", .yield_files = "", .focus = "none", .since = "",
			.suites = "", .kunitconfig = "", .selftests = "",
			.plan = "stress", .ops = "", .strategy = "mix", .steer = "",
			.keep = "", .aim = "", .near = "", .ranges = "", .script = "", .places = "",
			.smpboot = "", .timing = "virtual",
			.accel = "auto", .kcmdline = "",
		},
		.good = "good", .bad = "main", .test = test, .signature = "", .prior = "uniform",
		.run = "", .out = out, .confidence = .95,
	};
	return &options;
}

static void open_it(struct bisection *b, const char *test)
{
	const struct options *o = asked(test);

	bisection_open(b, o, &o->request);
}

static void see(struct bisection *b, size_t commit, enum bisection_what what, uint64_t seed)
{
	bisection_note(b, &(struct bisection_entry){
		.commit = commit, .what = what, .seed = seed, .seconds = 1,
		.signature = what == BISECTION_FAIL ? "it fails" : NULL,
	});
}

static void what_was_seen_outlives_the_program(void **state)
{
	struct bisection one, two;

	(void)state;
	open_it(&one, "");
	for (uint64_t seed = 1; seed < 10; seed++) {
		see(&one, 5, BISECTION_FAIL, seed);
		see(&one, 0, BISECTION_PASS, 100 + seed);
	}
	see(&one, 2, BISECTION_UNTESTABLE, 0);
	open_it(&two, "");
	assert_int_equal(two.n, one.n);
	for (size_t i = 1; i < 6; i++)
		assert_true(bisect_probability(one.engine, i) ==
			    bisect_probability(two.engine, i));
	assert_true(bisect_is_untestable(two.engine, 2));
	bisection_undo(&two);
	assert_false(bisect_is_untestable(two.engine, 2));
	open_it(&one, "");
	assert_int_equal(one.n, two.n);
}

/* A call that goes on for days decides by what it has seen, as the next one does. */
static void costs_are_learned_at_once(void **state)
{
	struct bisection one, two;
	double guess;

	(void)state;
	open_it(&one, "");
	guess = bisect_next(one.engine).cost;
	for (uint64_t seed = 1; seed < 10; seed++)
		bisection_note(&one, &(struct bisection_entry){
			.commit = 5, .what = BISECTION_PASS, .seed = seed, .seconds = 100,
		});
	bisection_costs(&one);
	open_it(&two, "");
	assert_true(bisect_next(one.engine).cost > 10 * guess);
	assert_true(bisect_next(one.engine).cost == bisect_next(two.engine).cost);
}

/* The first failure of BAD is what is looked for: once it is forgotten, it is none. */
static void the_failure_is_forgotten_with_its_run(void **state)
{
	struct bisection b;

	(void)state;
	open_it(&b, "");
	b.signature = copy("it fails");
	see(&b, 5, BISECTION_FAIL, 1);
	see(&b, 5, BISECTION_FAIL, 2);
	bisection_undo(&b);
	assert_non_null(b.signature);
	bisection_undo(&b);
	assert_null(b.signature);
	open_it(&b, "");
	assert_null(b.signature);
}

/* What a compiler says, or an author is called, may be in any character set. */
static void bytes_that_are_no_text_lose_nothing(void **state)
{
	__auto_free char *raw = NULL;
	struct bisection b;
	struct history h;

	(void)state;
	open_it(&b, "");
	bisection_note(&b, &(struct bisection_entry){
		.commit = 3, .what = BISECTION_UNTESTABLE, .signature = "#error na\357ve",
	});
	open_it(&b, "");
	assert_int_equal(b.n, 1);
	assert_string_equal(b.log[0].signature, "#error na\xef\xbf\xbdve");
	raw = sh("git cat-file commit apart | sed \"s/^author u/author $(printf 'a\\344')/\" | git hash-object -t commit -w --stdin");
	history_read(&h, user, "good", raw);
	assert_string_equal(h.commits[1].author, "a\xef\xbf\xbd");
	history_free(&h);
}

/* Two commits that build to the same can't differ. */
static void the_same_image_is_the_same_commit(void **state)
{
	struct bisection b;

	(void)state;
	open_it(&b, "");
	bisection_note(&b, &(struct bisection_entry){
		.commit = 4, .what = BISECTION_BUILT, .seconds = 1, .image = "abc",
	});
	bisection_note(&b, &(struct bisection_entry){
		.commit = 5, .what = BISECTION_BUILT, .seconds = 1, .image = "abc",
	});
	assert_true(bisect_probability(b.engine, 5) == 0);
	assert_true(bisect_probability(b.engine, 4) > 0);
}

/* A run that did nothing of its script changes no opinion; one that passes does. */
static void an_unfit_run_says_nothing(void **state)
{
	double was[6];
	struct bisection b;

	(void)state;
	open_it(&b, "");
	see(&b, 5, BISECTION_FAIL, BISECTION_BROUGHT);
	see(&b, 5, BISECTION_FAIL, 1);
	for (size_t i = 1; i < 6; i++)
		was[i] = bisect_probability(b.engine, i);
	see(&b, 3, BISECTION_UNFIT, BISECTION_BROUGHT);
	for (size_t i = 1; i < 6; i++)
		assert_true(fabs(bisect_probability(b.engine, i) - was[i]) < 0.000001);
	see(&b, 2, BISECTION_PASS, BISECTION_BROUGHT);
	assert_true(bisect_probability(b.engine, 2) < was[2] - 0.001);
}

static void a_script_that_was_not_followed(void **state)
{
	static const struct {
		const char *json;
		bool steered;
	} records[] = {
		{ "{}", true },
		{ "{\"script\": {\"places\": 3, \"reached\": null}}", false },
		{ "{\"script\": {\"places\": 3, \"reached\": 0}}", false },
		{ "{\"script\": {\"places\": 3, \"reached\": 1}}", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		struct record rec = { .json = json_loads(records[i].json, 0, NULL) };

		assert_non_null(rec.json);
		assert_int_equal(record_was_steered(&rec), records[i].steered);
		json_decref(rec.json);
	}
}

static int open_with_cycles(const void *arg)
{
	const struct options *o = asked("");
	struct bisection b;

	(void)arg;
	options.request.cycles = 7;
	bisection_open(&b, o, &o->request);
	return 0;
}

/* TREE= may be spelled in many ways; what really differs is named. */
static void the_same_tree_is_the_same_question(void **state)
{
	__auto_free char *folder = fmt("%s/.", user), *link = fmt("%s/link", out);
	__auto_free char *path = fmt("%s/said", out), *said = NULL;
	const char *const spelled[] = { folder, link };
	struct bisection b;

	(void)state;
	open_it(&b, "");
	see(&b, 5, BISECTION_FAIL, 1);
	assert_int_equal(symlink(user, link), 0);
	for (size_t i = 0; i < ARRAY_SIZE(spelled); i++) {
		const struct options *o = asked("");

		options.request.tree = spelled[i];
		bisection_open(&b, o, &o->request);
		assert_int_equal(b.n, 1);
	}
	assert_int_equal(child_says(open_with_cycles, NULL, path), EXIT_ERROR);
	said = read_file(path, NULL);
	assert_non_null(strstr(said, "CYCLES= was 0, and is 7;"));
}

static int open_again(const void *arg)
{
	struct bisection b;

	open_it(&b, arg);
	return 0;
}

static void assert_not_opened(const char *test, const char *word)
{
	__auto_free char *path = fmt("%s/said", out), *said = NULL;

	assert_int_equal(child_says(open_again, test, path), EXIT_ERROR);
	said = read_file(path, NULL);
	assert_non_null(strstr(said, word));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

/* The program writes whole names: one that is cut is none of its own. */
static void a_commit_that_is_cut_is_refused(void **state)
{
	__auto_free char *path = fmt("%s/bisect.json", out), *cut = NULL;
	struct bisection b;
	json_t *all, *entry;

	(void)state;
	open_it(&b, "");
	for (size_t i = 0; i < 6; i++)
		see(&b, i, BISECTION_PASS, 10 + i);
	open_it(&b, "");
	assert_int_equal(b.n, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(b.log[i].commit, i);
	all = json_load_file(path, 0, NULL);
	entry = json_array_get(json_object_get(all, "log"), 0);
	cut = fmt("%.12s", json_string_value(json_object_get(entry, "commit")));
	json_object_set_new(entry, "commit", json_string(cut));
	assert_int_equal(json_dump_file(all, path, 0), 0);
	json_decref(all);
	assert_not_opened("", "a commit is not between GOOD= and BAD=");
}

/* Nor may what is in it be what no program wrote. */
static void numbers_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *key;
		const char *value;
	} bad[] = {
		{ "seed", "-1" }, { "seed", "\"1\"" }, { "seed", "1.5" }, { "seed", NULL },
		{ "seconds", "-0.5" }, { "seconds", "\"1\"" }, { "seconds", NULL },
		{ "distance", "-1" }, { "distance", "6" }, { "distance", NULL },
	};
	__auto_free char *path = fmt("%s/bisect.json", out);
	struct bisection b;

	(void)state;
	open_it(&b, "");
	see(&b, 5, BISECTION_FAIL, 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		json_t *all = json_load_file(path, 0, NULL), *entry;
		__auto_free char *was = read_file(path, NULL);

		entry = json_array_get(json_object_get(all, "log"), 0);
		assert_int_equal(json_object_del(entry, bad[i].key), 0);
		if (bad[i].value)
			json_object_set_new(entry, bad[i].key,
					    json_loads(bad[i].value, JSON_DECODE_ANY, NULL));
		assert_int_equal(json_dump_file(all, path, 0), 0);
		json_decref(all);
		assert_not_opened("", "is damaged");
		write_file(path, was, strlen(was));
	}
	assert_int_equal(in_a_child(open_again, ""), 0);
}

static void a_bad_state_file_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "{", "{\"version\": 2}", "{\"version\": 1}",
	};
	static const char how[] = "\"signature\": \"it fails\"";
	__auto_free char *path = fmt("%s/bisect.json", out), *text = NULL, *cut = NULL;
	struct bisection b;

	(void)state;
	open_it(&b, "");
	see(&b, 5, BISECTION_FAIL, 1);
	text = read_file(path, NULL);
	assert_non_null(text);
	assert_not_opened("true", "of another question: TEST= was \"\", and is \"true\";");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		write_file(path, bad[i], strlen(bad[i]));
		assert_not_opened("", "is damaged");
	}
	/* A run that fails says how. */
	cut = copy(text);
	assert_non_null(strstr(cut, how));
	memcpy(strstr(cut, how), "\"sixnature\"", strlen("\"signature\""));
	write_file(path, cut, strlen(cut));
	assert_not_opened("", "does not say how");
	free(cut);
	write_file(path, text, strlen(text) / 2);
	assert_not_opened("", "is damaged");
	cut = strstr(text, "\"fail\"");
	memcpy(cut, "\"fall\"", 6);
	write_file(path, text, strlen(text));
	cut = NULL;
	assert_not_opened("", "has no name");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commits_between_two, make_user, remove_user),
		cmocka_unit_test_setup_teardown(control_characters_harm_nothing, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(a_merge_has_changes_of_its_own, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(the_ends_are_what_is_tested, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(changes_in_no_commit_are_noticed, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(what_is_no_question_is_refused, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(what_was_seen_outlives_the_program, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(costs_are_learned_at_once, make_user, remove_user),
		cmocka_unit_test_setup_teardown(the_failure_is_forgotten_with_its_run, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_text_lose_nothing, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(the_same_image_is_the_same_commit, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(an_unfit_run_says_nothing, make_user,
						remove_user),
		cmocka_unit_test(a_script_that_was_not_followed),
		cmocka_unit_test_setup_teardown(the_same_tree_is_the_same_question, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(a_commit_that_is_cut_is_refused, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(numbers_that_are_none_are_refused, make_user,
						remove_user),
		cmocka_unit_test_setup_teardown(a_bad_state_file_is_refused, make_user,
						remove_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
