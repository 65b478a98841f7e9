// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes what reads the console: by its parts, and the judge as a whole. Built with
 * -DFUZZ_REPLAY it has a main() that runs the files it is given, once each.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/console.h"
#include "judge/judge.h"
#include "judge/ktap.h"
#include "judge/trouble.h"
#include "judge/utf8.h"

#define CHECK(x)							\
	do {								\
		if (!(x)) {						\
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			abort();					\
		}							\
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s)
{
	size_t len = strlen(s), n;

	while (len) {
		n = utf8_char(s, len);
		CHECK(n);
		s += n;
		len -= n;
	}
}

static void take_line(void *arg, const struct console_line *line)
{
	const struct trouble_row *row = trouble_match(line);
	const char *s;

	CHECK(strlen(line->text) <= CONSOLE_TEXT_MAX);
	for (s = line->text; *s; s++)
		CHECK((unsigned char)*s >= 0x20 || *s == '\t');
	CHECK(line->when >= 0 || line->when == -1);
	CHECK(line->level >= LEVEL_UNKNOWN && line->level < 8);
	CHECK(!row || trouble_is_loud(row) ||
	      (row >= trouble_table && row < trouble_table + trouble_rows));
	check_text(line->text);
	ktap_line(arg, line);
}

static void check_status(const struct ktap_test *t, struct ktap_counts n)
{
	CHECK(t->status == KTAP_PASS || t->status == KTAP_FAIL || t->status == KTAP_SKIP ||
	      t->status == KTAP_MISSING);
	if (t->status == KTAP_MISSING) {
		CHECK(!t->children && !t->has_result);
		CHECK(n.failed == (t->parent ? 1U : 0U));
	} else {
		CHECK((t->status == KTAP_FAIL) == (n.failed > 0));
	}
	/* Nothing passes without having said so itself. */
	if (t->parent && (t->status == KTAP_PASS || t->status == KTAP_SKIP))
		CHECK(t->has_result);
}

static void check_test(const struct ktap_test *t, unsigned int depth, unsigned int *tests)
{
	struct ktap_counts n = ktap_count(t);
	struct ktap_counts sum = { 0 };
	const struct ktap_test *c, *last = NULL;

	CHECK(depth <= KTAP_DEPTH_MAX);
	CHECK(++*tests <= KTAP_TESTS_MAX);
	CHECK(t->name && strlen(t->name) < KTAP_TEXT_MAX);
	CHECK(!t->reason || strlen(t->reason) < 2 * KTAP_TEXT_MAX);
	CHECK(!t->diag || strlen(t->diag) <= KTAP_DIAG_MAX);
	check_text(t->name);
	check_text(t->reason ? t->reason : "");
	check_text(t->diag ? t->diag : "");
	CHECK((t->start < 0) == (t->end < 0));
	for (c = t->children; c; c = c->next) {
		struct ktap_counts part = ktap_count(c);

		CHECK(c->parent == t);
		check_test(c, depth + 1, tests);
		sum.passed += part.passed;
		sum.failed += part.failed;
		sum.skipped += part.skipped;
		last = c;
	}
	CHECK(t->last_child == last);
	if (t->children || !t->parent) {
		if (t->status == KTAP_FAIL && !sum.failed)
			sum.failed = 1;
		CHECK(!memcmp(&n, &sum, sizeof(n)));
	} else {
		CHECK(n.passed + n.failed + n.skipped == 1);
	}
	check_status(t, n);
}

/* What is said of a run goes into a record, which is JSON. */
static void check_judge(struct judge *j)
{
	const struct judge_failure *all;
	size_t n = judge_failures(j, &all), i;
	char *excerpt = judge_excerpt(j), *signature = judge_signature(j);
	bool bad = judge_verdict(j) > VERDICT_SKIP;

	CHECK(bad == (n > 0));
	CHECK(bad == !!judge_failure(j));
	CHECK(bad == (*signature != '\0'));
	CHECK(n <= JUDGE_FAILURES_MAX);
	for (i = 0; i < n; i++) {
		CHECK(all[i].verdict > VERDICT_SKIP);
		check_text(all[i].what);
		check_text(all[i].signature);
		check_text(all[i].test ? all[i].test : "");
	}
	check_text(excerpt);
	free(excerpt);
	free(signature);
}

/* As a guest that was to do a step, and as a log from elsewhere */
static void judge_whole(const uint8_t *data, size_t size)
{
	static const struct judge_step step = { "s", "demo" };
	static const struct judge_asked asked = { &step, 1, 4 };
	enum verdict of_guest;
	struct judge *j = judge_new(&asked);

	judge_feed(j, (const char *)data, size);
	judge_end(j, ENDING_ITSELF, "");
	check_judge(j);
	of_guest = judge_verdict(j);
	judge_free(j);

	j = judge_new(NULL);
	judge_feed(j, (const char *)data, size / 2);
	judge_in_trouble(j);
	judge_has_failed(j);
	judge_feed(j, (const char *)data + size / 2, size - size / 2);
	judge_end(j, ENDING_ITSELF, "");
	check_judge(j);
	/* More was asked of the guest. */
	CHECK(of_guest > VERDICT_SKIP || judge_verdict(j) <= VERDICT_SKIP);
	judge_free(j);

	j = judge_new(&asked);
	judge_feed(j, (const char *)data, size);
	judge_end(j, ENDING_FLOOD, "\xff");
	check_judge(j);
	CHECK(judge_verdict(j) > VERDICT_SKIP);
	judge_free(j);
}

/**
 * LLVMFuzzerTestOneInput() - read one console and check what came of it
 * @data: the bytes of the console
 * @size: how many
 *
 * Aborts if the tree is not sound. Called by libFuzzer, and by main() below.
 *
 * Return: 0.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktap *k = ktap_new();
	struct console *con = console_new(take_line, k);
	unsigned int tests = 0;

	CHECK(k && con);
	console_feed(con, (const char *)data, size / 2);
	console_feed(con, (const char *)data + size / 2, size - size / 2);
	console_end(con);
	ktap_end(k);
	check_test(ktap_root(k), 0, &tests);
	ktap_find_suite(k, "s", 0, size);
	console_free(con);
	ktap_free(k);
	judge_whole(data, size);
	return 0;
}

#ifdef FUZZ_REPLAY
static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);
	size_t size;

	if (!f || !data) {
		perror(path);
		if (f)
			fclose(f);
		free(data);
		return 1;
	}
	size = fread(data, 1, 1 << 20, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;
	int i;

	for (i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%d files\n", argc - 1);
	return failed || argc < 2;
}
#endif
