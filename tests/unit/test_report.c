// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of scripts/report/: one record, and all formats say the same of it. What they
 * write is what those who read it take.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "../whole/scratch.h"
#include "child.h"
#include "cmd/cmd.h"
#include "judge/judge.h"
#include "lib/util.h"
#include "record/record.h"
#include "report/report.h"

#define VARIANTS	1000

static uint64_t state = 1;

static size_t draw(size_t below)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return below ? (state >> 33) % below : 0;
}

/* A guest with two suites of some cases */
static char *console(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fprintf(f, "<12>[    0.100000] respawn: guest arm64 6.12 cpus=4\n<12>[    0.110000] respawn: plan 2\n");
	for (int s = 0; s < 2; s++) {
		fprintf(f, "<12>[    %d.200000] respawn: step s%d begin\n", s, s);
		fprintf(f, "<12>[    %d.210000] KTAP version 1\n<12>[    %d.210000] 1..1\n", s, s);
		fprintf(f, "<12>[    %d.220000]     KTAP version 1\n<12>[    %d.220000]     # Subtest: s%d\n<12>[    %d.220000]     1..4\n",
			s, s, s, s);
		for (int c = 1; c <= 4; c++)
			fprintf(f, "<12>[    %d.3%d0000]     ok %d case_%d%s\n", s, c, c, c,
				c == 4 ? " # SKIP not here" : "");
		fprintf(f, "<12>[    %d.400000] ok 1 s%d\n", s, s);
		fprintf(f, "<12>[    %d.410000] respawn: step s%d end 0\n", s, s);
	}
	fprintf(f, "<12>[    2.000000] respawn: done 2\n<6>[    2.100000] reboot: Restarting system\n");
	fclose(f);
	return text;
}

static struct record judged(const struct judge_asked *asked, const char *text,
			    enum ending ending)
{
	struct judge *j = judge_new(asked);
	struct record rec = { .dir = "/records/one" };

	judge_feed(j, text, strlen(text));
	judge_end(j, ending, "");
	rec.json = json_pack("{s:{s:s, s:s, s:s, s:s, s:i}, s:{s:s, s:s, s:s, s:s, s:s}, s:{s:f, s:f, s:f}}",
			     "request", "arch", "arm64", "config", "default", "smpboot", "park",
			     "timing", "virtual",
			     "seed", 1, "image", "tree", "0123", "id", "4567", "source", "a tree",
			     "compiler", "cc", "release", "6.12", "times", "guest", 2.1, "wall",
			     1.0, "boot", .1);
	record_add_verdict(rec.json, j);
	judge_free(j);
	return rec;
}

static struct record record_of(const char *text, enum ending ending)
{
	static const struct judge_step steps[] = { { "s0", "s0" }, { "s1", "s1" } };
	static const struct judge_asked asked = { steps, 2, 4 };

	return judged(&asked, text, ending);
}

static char *written(const struct record *rec, const char *format)
{
	const struct record *all[] = { rec };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	report_write(&(struct report){ .records = all, .n = 1 }, format, f);
	fclose(f);
	return text;
}

static size_t occurrences(const char *text, const char *word)
{
	size_t n = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

/* How each format says that something failed */
static const struct {
	const char *format;
	const char *words[3];
} bad_words[] = {
	{ "ktap", { "\nnot ok " } },
	{ "junit", { "<failure ", "<error " } },
	{ "json", { "\"verdict\": \"fail\",\n", "\"verdict\": \"error\",\n" } },
	{ "kcidb", { "\"FAIL\"", "\"MISS\"" } },
	{ "github", { "::error " } },
	{ "summary", { "**not ok**" } },
};

static json_t *parsed(const struct record *rec, const char *format)
{
	__auto_free char *text = written(rec, format);
	json_t *o = json_loads(text, 0, NULL);

	assert_non_null(o);
	return o;
}

static bool says_bad(const struct record *rec, size_t i)
{
	__auto_free char *text = written(rec, bad_words[i].format);
	bool bad = false;

	if (!strcmp(bad_words[i].format, "json")) {
		json_t *o = parsed(rec, "json");

		bad = strcmp(json_string_value(json_object_get(o, "verdict")), "pass");
		json_decref(o);
		return bad;
	}
	for (size_t k = 0; k < 3 && bad_words[i].words[k]; k++)
		bad |= occurrences(text, bad_words[i].words[k]);
	return bad;
}

static void assert_all_say(const struct record *rec, bool bad)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_words); i++)
		if (says_bad(rec, i) != bad)
			fail_msg("%s says %s, but the verdict is %s: %s", bad_words[i].format,
				 bad ? "pass" : "fail", record_text(rec, "verdict"),
				 json_string_value(record_member(rec, "first_failure.what")) ?: "-");
}

static unsigned int number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	assert_non_null(at);
	return strtoul(at + strlen(word), NULL, 10);
}

static unsigned int number_before(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	assert_non_null(at);
	while (at > text && isdigit((unsigned char)at[-1]))
		at--;
	return strtoul(at, NULL, 10);
}

static struct ktap_counts counts_in(const struct record *rec, const char *format)
{
	__auto_free char *text = written(rec, format);
	struct ktap_counts n = { 0 };

	if (!strcmp(format, "junit")) {
		n.failed = number_after(text, " failures=\"") + number_after(text, " errors=\"");
		n.skipped = occurrences(text, "<skipped ");
		n.passed = number_after(text, " tests=\"") - n.failed - n.skipped;
	} else if (!strcmp(format, "kcidb")) {
		/* A build that has a record is a PASS, too. */
		n.passed = occurrences(text, "\"PASS\"") - 1;
		n.failed = occurrences(text, "\"FAIL\"") + occurrences(text, "\"MISS\"");
		n.skipped = occurrences(text, "\"SKIP\"");
	} else if (!strcmp(format, "json")) {
		n.passed = number_after(text, "\"passed\": ");
		n.failed = number_after(text, "\"failed\": ") + number_after(text, "\"errors\": ");
		n.skipped = number_after(text, "\"skipped\": ");
	} else {
		n.passed = number_before(text, " passed, ");
		n.failed = number_before(text, " failed, ");
		n.skipped = number_before(text, " skipped\n");
	}
	return n;
}

/* What they add up to is the same, too. */
static void assert_all_count(const struct record *rec)
{
	static const char *const formats[] = {
		"text", "junit", "json", "kcidb", "github", "summary",
	};
	struct ktap_counts want = record_counts(rec);

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct ktap_counts n = counts_in(rec, formats[i]);

		if (memcmp(&n, &want, sizeof(n)))
			fail_msg("%s counts %u, %u, %u, the record %u, %u, %u: %s", formats[i],
				 n.passed, n.failed, n.skipped, want.passed, want.failed,
				 want.skipped, record_text(rec, "verdict"));
	}
}

static void a_pass_is_a_pass_in_all_formats(void **state)
{
	__auto_free char *text = console();
	struct record rec = record_of(text, ENDING_ITSELF);

	(void)state;
	assert_string_equal(record_text(&rec, "verdict"), "pass");
	assert_all_say(&rec, false);
	json_decref(rec.json);
}

static char *cut(const char *text)
{
	return fmt("%.*s", (int)draw(strlen(text)), text);
}

static char *doubled(const char *text)
{
	size_t len = strlen(text), from = draw(len), n = draw(len - from);

	return fmt("%.*s%.*s%s", (int)(from + n), text, (int)n, text + from, text + from + n);
}

static char *interleaved(const char *text)
{
	size_t len = strlen(text), a = draw(len), b = a + draw(len - a), c = b + draw(len - b);

	return fmt("%.*s%.*s%.*s%s", (int)a, text, (int)(c - b), text + b, (int)(b - a), text + a,
		   text + c);
}

static char *failed(const char *text)
{
	char *copied = copy(text), *at = strstr(copied + draw(strlen(text) / 2), " ok ");

	if (at)
		memcpy(at, "not ", 4);
	return copied;
}

/* Whatever becomes of a console: no format is milder than the verdict, nor harder. */
static void all_formats_say_the_same(void **state)
{
	static char *(*const mutate[])(const char *text) = { cut, doubled, interleaved, failed };
	static const enum ending endings[] = {
		ENDING_ITSELF, ENDING_SILENT, ENDING_KILLED, ENDING_QEMU_FAILED,
	};
	__auto_free char *text = console();
	size_t bad = 0, errors = 0;

	(void)state;
	for (size_t i = 0; i < VARIANTS; i++) {
		__auto_free char *variant = mutate[i % 4](text);
		struct record rec = record_of(variant, endings[i / 4 % 4]);
		bool good = record_is_good(&rec);

		bad += !good;
		errors += record_verdict(&rec) == VERDICT_ERROR;
		assert_all_say(&rec, !good);
		assert_all_count(&rec);
		json_decref(rec.json);
	}
	assert_true(bad > VARIANTS / 2 && bad < VARIANTS);
	assert_true(errors);
}

/* That the harness failed is not that the test did. */
static void an_error_of_the_harness_is_told_apart(void **state)
{
	__auto_free char *text = console(), *junit = NULL, *kcidb = NULL;
	struct record rec = record_of(text, ENDING_QEMU_FAILED);

	(void)state;
	assert_string_equal(record_text(&rec, "verdict"), "error");
	junit = written(&rec, "junit");
	assert_non_null(strstr(junit, "<error "));
	assert_null(strstr(junit, "<failure "));
	kcidb = written(&rec, "kcidb");
	assert_non_null(strstr(kcidb, "\"MISS\""));
	assert_null(strstr(kcidb, "\"FAIL\""));
	json_decref(rec.json);
}

/* What a test said before the harness failed stands; what it did not say is unknown. */
static void what_the_harness_missed_is_no_failure(void **state)
{
	static const char *const ends[] = {
		"<12>[    1.320000]", "<12>[    1.400000] ok 1 s1", "<12>[    1.220000]",
	};
	__auto_free char *text = console();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const char *at = strstr(text, ends[i]);
		__auto_free char *log = fmt("%.*s", (int)(at - text), text);
		struct record rec = record_of(log, ENDING_KILLED);
		__auto_free char *junit = written(&rec, "junit");
		__auto_free char *kcidb = written(&rec, "kcidb");

		assert_non_null(at);
		assert_null(strstr(junit, "<failure "));
		assert_non_null(strstr(junit, "<error "));
		assert_null(strstr(kcidb, "\"FAIL\""));
		assert_all_count(&rec);
		json_decref(rec.json);
	}
}

/* A trial that was skipped is no error in any format. */
static void a_trial_that_tested_nothing_was_skipped(void **state)
{
	static const struct judge_step step = { "s0", "-" };
	static const struct judge_asked asked = { &step, 1, 0 };
	static const char log[] =
		"respawn: guest x cpus=4\nrespawn: plan 1\nrespawn: step s0 begin\n"
		"respawn: step s0 end 4\nrespawn: done 1\n";
	struct record rec = judged(&asked, log, ENDING_ITSELF);

	(void)state;
	assert_string_equal(record_text(&rec, "verdict"), "skip");
	assert_all_say(&rec, false);
	assert_all_count(&rec);
	json_decref(rec.json);
}

/* A panic in the middle of a suite is what a reader sees first, in each format. */
#define PANIC	"Kernel panic - not syncing: foo"
#define TOLD	"kernel panic: " PANIC

static void a_panic_is_told_first(void **state)
{
	static const struct {
		const char *format, *first;
	} says[] = {
		{ "ktap", "        # " TOLD "\n        not ok 1 crash\n" },
		{ "junit", "<failure type=\"crash\" message=\"" TOLD "\">" },
		{ "json", "\"reason\": \"" TOLD "\"" },
		{ "github", "::error title=arm64.default.park guest.crash::" TOLD "%0A" },
		{ "summary", "### arm64.default.park: guest.crash\n\n" TOLD "\n" },
		{ "kcidb", PANIC },
	};
	__auto_free char *text = console(), *log = NULL;
	const char *at = strstr(text, "<12>[    0.320000]");
	struct record rec;

	(void)state;
	assert_non_null(at);
	log = fmt("%.*s<0>[    0.320000] " PANIC "\n", (int)(at - text), text);
	rec = record_of(log, ENDING_TROUBLE);
	assert_string_equal(record_text(&rec, "verdict"), "crash");
	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		__auto_free char *is = written(&rec, says[i].format);

		if (!strstr(is, says[i].first))
			fail_msg("%s does not say '%s': %s", says[i].format, says[i].first, is);
	}
	json_decref(rec.json);
}

static void nothing_is_no_pass(void **state)
{
	struct report none = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	report_write(&none, "ktap", f);
	fclose(f);
	assert_non_null(strstr(text, "not ok "));
	free(text);
}

/* A cell that left no record, beside a trial that passed */
static void what_left_no_record_is_told(void **state)
{
	__auto_strv struct strv dead = { 0 };
	__auto_free char *text = console();
	struct record rec = record_of(text, ENDING_ITSELF);
	const struct record *all[] = { &rec };
	static const char *const says[][2] = {
		{ "ktap", "not ok " }, { "junit", "<error " }, { "json", "\"error\"" },
		{ "kcidb", "\"MISS\"" }, { "github", "::error " }, { "summary", "**not ok**" },
		{ "text", "1 failed" },
	};

	(void)state;
	strv_add(&dead, "arm64/kasan");
	strv_add(&dead, "no QEMU");
	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		char *said = NULL;
		size_t size;
		FILE *f = open_memstream(&said, &size);

		assert_non_null(f);
		report_write(&(struct report){ .records = all, .n = 1, .dead = &dead },
			     says[i][0], f);
		fclose(f);
		if (!strstr(said, says[i][1]))
			fail_msg("%s does not say '%s'", says[i][0], says[i][1]);
		free(said);
	}
	json_decref(rec.json);
}

static int sh(const char *command)
{
	__auto_strv struct strv argv = { 0 };
	char *said = NULL;
	struct run_opts o = { .out = &said };
	int status;

	strv_split(&argv, "sh -c", " ");
	strv_add(&argv, "%s", command);
	status = run(&argv, &o);
	if (status)
		print_message("%s\n", said);
	free(said);
	return status;
}

static char *file_of(const struct record *rec, const char *format)
{
	__auto_free char *text = written(rec, format);
	char *path = fmt("%s/report.%s", out, format);

	write_file(path, text, strlen(text));
	return path;
}

/* What a console may have, and XML and Markdown may not */
static char *awkward(void)
{
	__auto_free char *text = console();
	const char *at = strstr(text, "     ok 2 case_2");

	return fmt("%.*s not ok 2 case_2\n<12>[    0.330000]     # <&>\"' ``` \001 | %% ]]> \303\244 \357\277\277\n%s",
		 (int)(at - text) + 4, text, strchr(at, '\n') + 1);
}

static void junit_fits_its_schema(void **state)
{
	__auto_free char *text = awkward(), *path = NULL, *command = NULL;
	struct record rec = record_of(text, ENDING_ITSELF);

	(void)state;
	if (sh("command -v xmllint >/dev/null"))
		skip();
	path = file_of(&rec, "junit");
	command = fmt("xmllint --noout --schema %s/schema/junit.xsd %s", TESTS_DIR, path);
	assert_int_equal(sh(command), 0);
	/* The check can fail. */
	free(command);
	command = fmt("sed -i 's/<testcase name=/<testcase nome=/' %s; ! xmllint --noout --schema %s/schema/junit.xsd %s 2>/dev/null",
		      path, TESTS_DIR, path);
	assert_int_equal(sh(command), 0);
	json_decref(rec.json);
}

static void json_fits_its_schema(void **state)
{
	__auto_free char *text = awkward(), *path = NULL, *command = NULL;
	struct record rec = record_of(text, ENDING_ITSELF);

	(void)state;
	if (sh("python3 -c 'import jsonschema' 2>/dev/null"))
		skip();
	path = file_of(&rec, "json");
	command = fmt("python3 -c \"import json, jsonschema; s = json.load(open('%s/../docs/report.schema.json')); d = json.load(open('%s')); jsonschema.validate(d, s); d['cases'][0]['status'] = 'good'; v = jsonschema.Draft7Validator(s); exit(v.is_valid(d))\"",
		      TESTS_DIR, path);
	assert_int_equal(sh(command), 0);
	json_decref(rec.json);
}

/* What KCIDB's schema asks of each object */
static void kcidb_has_what_it_must(void **state)
{
	static const struct {
		const char *list;
		const char *members[6];
	} wanted[] = {
		{ "checkouts", { "id", "origin" } },
		{ "builds", { "id", "origin", "checkout_id", "status" } },
		{ "tests", { "id", "origin", "build_id", "path", "status" } },
	};
	__auto_free char *text = awkward();
	struct record rec = record_of(text, ENDING_ITSELF);
	json_t *o = parsed(&rec, "kcidb"), *part;
	size_t k;

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "version"),
							    "major")), 5);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const json_t *list = json_object_get(o, wanted[i].list);

		assert_true(json_array_size(list) > 0);
		json_array_foreach(list, k, part)
			for (size_t m = 0; wanted[i].members[m]; m++)
				assert_true(json_is_string(json_object_get(part,
									   wanted[i].members[m])));
	}
	json_array_foreach(json_object_get(o, "tests"), k, part) {
		const char *path = json_string_value(json_object_get(part, "path"));

		for (const char *at = path; *at; at++)
			assert_true(isalnum((unsigned char)*at) || strchr("._-", *at));
		assert_int_equal(strncmp(json_string_value(json_object_get(part, "id")),
					 "respawn:", 8), 0);
	}
	json_decref(o);
	json_decref(rec.json);
}

/* What one kernel showed in two runs is two tests, of which neither stands for the other. */
static void kcidb_tells_runs_apart(void **state)
{
	__auto_free char *text = awkward(), *said = NULL;
	struct record one = record_of(text, ENDING_ITSELF), two = record_of(text, ENDING_ITSELF);
	const struct record *all[] = { &one, &two };
	size_t size, i, k;
	FILE *f = open_memstream(&said, &size);
	json_t *o, *part;
	const json_t *tests;

	(void)state;
	two.dir = "/records/two";
	report_write(&(struct report){ .records = all, .n = 2 }, "kcidb", f);
	fclose(f);
	o = json_loads(said, 0, NULL);
	tests = json_object_get(o, "tests");
	assert_true(json_array_size(tests) > 2);
	json_array_foreach(tests, i, part)
		for (k = 0; k < i; k++)
			assert_false(json_equal(json_object_get(part, "id"),
						json_object_get(json_array_get(tests, k), "id")));
	json_decref(o);
	json_decref(one.json);
	json_decref(two.json);
}

/* Folders, and last words of a cell that died, may have any bytes. */
static void what_is_no_utf8_is_written(void **state)
{
	static const char *const formats[] = { "json", "kcidb" };
	__auto_free char *text = awkward();
	__auto_strv struct strv dead = { 0 };
	struct record rec = record_of(text, ENDING_ITSELF);
	const struct record *all[] = { &rec };

	(void)state;
	rec.dir = "/records/\xe9t\xe9";
	strv_add(&dead, "arm64/\xff");
	strv_add(&dead, "no \xfe");
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *said = NULL;
		size_t size;
		FILE *f = open_memstream(&said, &size);
		json_t *o;

		assert_non_null(f);
		report_write(&(struct report){ .records = all, .n = 1, .dead = &dead },
			     formats[i], f);
		fclose(f);
		o = json_loads(said, 0, NULL);
		assert_non_null(o);
		assert_int_equal(json_array_size(json_object_get(o, i ? "tests" : "cases")), 9);
		assert_int_equal(json_array_size(json_object_get(o, i ? "builds" : "trials")),
				 i ? 2 : 1);
		json_decref(o);
		free(said);
	}
	json_decref(rec.json);
}

/* An excerpt that is too long for a summary ends between two characters. */
static void a_long_excerpt_is_cut_between_characters(void **state)
{
	__auto_free char *text = awkward(), *said = NULL;
	struct record rec = record_of(text, ENDING_ITSELF);

	(void)state;
	for (size_t odd = 0; odd < 2; odd++) {
		char *excerpt = calloc(1, 60002);
		json_t *o;

		excerpt[0] = 'x';
		for (size_t i = odd; i < 60000; i += 2)
			memcpy(excerpt + i, "\303\244", 2);
		json_object_set_new(rec.json, "excerpt", json_string(excerpt));
		free(excerpt);
		free(said);
		said = written(&rec, "summary");
		o = json_string(said);
		assert_non_null(o);
		json_decref(o);
	}
	json_decref(rec.json);
}

/* The names of all cases in JUnit, which finds a case again by them */
static void junit_names(const struct report *r, struct strv *names)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	const char *at = text;

	assert_non_null(f);
	report_write(r, "junit", f);
	fclose(f);
	for (at = text; (at = strstr(at, "<testcase ")); at++)
		strv_add(names, "%.*s", (int)(strstr(at, " time=") - at), at);
	free(text);
}

/* Cases of one name are told apart, and have the same names in the next run. */
static void names_are_unique(void **state)
{
	__auto_free char *all = console(), *text = copy(all);
	__auto_strv struct strv names = { 0 }, again = { 0 };
	struct record one, two;
	const struct record *both[2] = { &one, &two };
	struct report r = { .records = both, .n = 2 };
	json_t *o;
	char *said = NULL;
	size_t size;
	FILE *f = open_memstream(&said, &size);
	const json_t *tests;

	(void)state;
	for (char *at = text; (at = strstr(at, "case_")); at++)
		memcpy(at, strchr("13", at[5]) ? "a b 9 " : "a_b 9 ", 6);
	one = record_of(text, ENDING_ITSELF);
	two = record_of(text, ENDING_ITSELF);
	junit_names(&r, &names);
	junit_names(&r, &again);
	assert_int_equal(names.n, 16);
	for (size_t i = 0; i < names.n; i++) {
		assert_string_equal(names.v[i], again.v[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(names.v[i], names.v[k]);
	}
	assert_string_equal(names.v[2],
			    "<testcase name=\"a b 9.2\" classname=\"arm64.default.park.s0\"");
	assert_string_equal(names.v[8],
			    "<testcase name=\"a b 9\" classname=\"arm64.default.park.2.s0\"");
	report_write(&(struct report){ .records = both, .n = 1 }, "kcidb", f);
	fclose(f);
	o = json_loads(said, 0, NULL);
	tests = json_object_get(o, "tests");
	assert_int_equal(json_array_size(tests), 8);
	for (size_t i = 0; i < 8; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(json_equal(json_object_get(json_array_get(tests, i), "id"),
						json_object_get(json_array_get(tests, k), "id")));
	json_decref(o);
	free(said);
	json_decref(one.json);
	json_decref(two.json);
}

/* A report of very many failures stays within what GitHub shows. */
static void github_gets_no_more_than_it_shows(void **state)
{
	enum { MANY = 3000 };
	static const struct record *all[MANY];
	static struct record many[MANY];
	__auto_free char *text = awkward();
	struct record rec = record_of(text, ENDING_ITSELF);
	struct report r = { .records = all, .n = MANY };
	char *annotations = NULL, *summary = NULL;
	size_t a, s;
	FILE *f = open_memstream(&annotations, &a), *g = open_memstream(&summary, &s);

	(void)state;
	assert_true(f && g);
	for (size_t i = 0; i < MANY; i++) {
		many[i] = rec;
		all[i] = &many[i];
	}
	report_write(&r, "github", f);
	report_write(&r, "summary", g);
	fclose(f);
	fclose(g);
	assert_int_equal(occurrences(annotations, "::error "), 10);
	assert_non_null(strstr(annotations, " more failed"));
	assert_true(s < 1 << 20);
	assert_non_null(strstr(summary, "more"));
	free(annotations);
	free(summary);
	json_decref(rec.json);
}

/*
 * What people and GitHub see of a trial that failed, letter by letter. With GOLDEN=1 in the
 * environment the files are written; look at the difference before you commit it.
 */
static void what_people_see_is_golden(void **state)
{
	static const char *const formats[] = { "text", "ktap", "github", "summary" };
	__auto_free char *all = console(), *bad = NULL;
	const char *at = strstr(all, "ok 2 case_2");
	struct record rec;

	(void)state;
	assert_non_null(at);
	bad = fmt("%.*snot %s", (int)(at - all), all, at);
	rec = record_of(bad, ENDING_ITSELF);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		__auto_free char *path = fmt(TESTS_DIR "/unit/golden/failed.%s", formats[i]);
		__auto_free char *is = written(&rec, formats[i]), *was = NULL;

		if (getenv("GOLDEN"))
			write_file(path, is, strlen(is));
		was = read_file(path, NULL);
		assert_non_null(was);
		assert_string_equal(is, was);
	}
	json_decref(rec.json);
}

/* A record on the disk, as far as a report reads it, with one member more */
static char *have_record(const char *name, const char *text, const char *key, json_t *value)
{
	struct record rec = record_of(text, ENDING_ITSELF);
	char *dir = fmt("%s/runs/%s", out, name);
	__auto_free char *path = fmt("%s/run.json", dir);

	json_object_set_new(rec.json, "format", json_integer(2));
	json_object_set_new(rec.json, "accelerator", json_string("tcg"));
	json_object_set_new(json_object_get(rec.json, "request"), "plan", json_string("s0,s1"));
	json_object_set_new(rec.json, key, value);
	make_dirs(dir);
	assert_int_equal(json_dump_file(rec.json, path, 0), 0);
	json_decref(rec.json);
	return dir;
}

static int report_runs(const void *run)
{
	__auto_free char *said = fmt("%s/report", out);
	struct options o = { .run = run, .format = "text" };
	int status;

	if (!freopen(said, "w", stdout))
		return 3;
	status = cmd_report(&o);
	fflush(NULL);
	return status;
}

/* The one line of it; the report of the others is there. */
static void a_damaged_record_is_left_out(void **state)
{
	static const struct {
		const char *key, *json;
	} damage[] = {
		{ "failed_tests", "[7]" }, { "results", "[{\"status\": \"pass\"}]" },
		{ "request", "{}" }, { "excerpt", "null" }, { "format", "\"2\"" },
		{ "verdict", "1" },
	};
	__auto_free char *all = console(), *bad = cut(all), *runs = fmt("%s/runs", out);
	__auto_free char *sound = have_record("a", all, "seen", json_true());
	__auto_free char *errors = fmt("%s/errors", out), *report = fmt("%s/report", out);

	(void)state;
	assert_int_equal(child_says(report_runs, runs, errors), EXIT_PASS);
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		json_t *v = json_loads(damage[i].json, JSON_DECODE_ANY, NULL);
		__auto_free char *dir = have_record("b", bad, damage[i].key, v);
		__auto_free char *said = NULL, *told = NULL;

		assert_int_equal(child_says(report_runs, runs, errors), EXIT_ERROR);
		said = read_file(errors, NULL);
		told = read_file(report, NULL);
		assert_non_null(strstr(said, dir));
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
		assert_non_null(strstr(told, "s0"));
		assert_int_equal(child_says(report_runs, dir, errors), EXIT_ERROR);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pass_is_a_pass_in_all_formats),
		cmocka_unit_test(all_formats_say_the_same),
		cmocka_unit_test(an_error_of_the_harness_is_told_apart),
		cmocka_unit_test(what_the_harness_missed_is_no_failure),
		cmocka_unit_test(a_trial_that_tested_nothing_was_skipped),
		cmocka_unit_test(a_panic_is_told_first),
		cmocka_unit_test(nothing_is_no_pass),
		cmocka_unit_test(what_people_see_is_golden),
		cmocka_unit_test(what_left_no_record_is_told),
		cmocka_unit_test_setup_teardown(junit_fits_its_schema, fresh_out, remove_out),
		cmocka_unit_test_setup_teardown(json_fits_its_schema, fresh_out, remove_out),
		cmocka_unit_test(kcidb_has_what_it_must),
		cmocka_unit_test(kcidb_tells_runs_apart),
		cmocka_unit_test(what_is_no_utf8_is_written),
		cmocka_unit_test(a_long_excerpt_is_cut_between_characters),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(github_gets_no_more_than_it_shows),
		cmocka_unit_test_setup_teardown(a_damaged_record_is_left_out, fresh_out,
						remove_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
