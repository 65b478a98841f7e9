// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads KTAP version 1 (and TAP 13 and 14) out of a kernel's console.
 *
 * A document is a version line, a plan and results at one indentation. A
 * document within another, further indented, has the parts of the test whose
 * result comes next in the outer one. The open documents are a stack of levels.
 *
 * Every doubt is a failure: a kernel that died half-way through a suite must
 * not be taken for one that passed it.
 */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "judge/ktap.h"
#include "judge/utf8.h"
#include "lib/util.h"

/* Diagnostics that wait for the test they belong to. */
struct text {
	char *buf;
	size_t len;
	double first, last;	/* guest seconds of its first and last line */
};

struct node {
	struct ktap_test t;
	bool broken;		/* an error in its structure: it cannot pass */
	bool skipped;		/* its plan says that none of it ran */
	size_t diag_len;
};

/* One open document. */
struct level {
	struct node *test;	/* its results are the parts of this test */
	struct ktap_test *before;	/* last child of the test when it began */
	size_t indent;
	unsigned int last;	/* number of the newest result */
	unsigned int results;
	bool has_plan;
	unsigned int plan;
	bool headless;		/* no version line began it, nor will a plan come */
	struct text pending;
};

struct ktap {
	struct node *root;
	struct level levels[KTAP_DEPTH_MAX];
	size_t depth;		/* levels in use */
	unsigned int tests;
	unsigned int documents;	/* at top level */
	size_t diag_all;
	size_t line;		/* number of the console's line being read */
	char *half;		/* beginning of a result that a record cut, or NULL */
	char hint[KTAP_TEXT_MAX];	/* "# Subtest: name" ahead of its document */
	size_t hint_depth;	/* depth it was seen at, 0 for none */
};

/* A plan taken apart. */
struct plan {
	unsigned int cases;
	bool skip;
	char why[KTAP_TEXT_MAX];	/* what follows the directive */
};

/* A line taken apart. */
struct result {
	bool ok;
	unsigned int number;
	char name[KTAP_TEXT_MAX];
	bool skip;
	char why[KTAP_TEXT_MAX];	/* what follows the directive */
	bool has_why;
};

static void copy_text(char *to, const char *from, size_t len)
{
	if (len > KTAP_TEXT_MAX - 1)
		len = utf8_cut(from, KTAP_TEXT_MAX - 1);
	memcpy(to, from, len);
	to[len] = '\0';
}

static void set_string(char **to, const char *from)
{
	char *s = strdup(from);

	if (!s)
		return;
	free(*to);
	*to = s;
}

/* Record an error in the structure of a test; the first one is kept. */
__printf(2, 3)
static void broken(struct node *n, const char *fmt, ...)
{
	char why[2 * KTAP_TEXT_MAX];
	va_list args;

	if (n->broken)
		return;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	why[strlen(why) - utf8_unfinished(why, strlen(why))] = '\0';
	n->broken = true;
	n->t.status = KTAP_FAIL;
	set_string(&n->t.reason, why);
}

static void touch(struct ktap_test *t, double when)
{
	if (when < 0)
		return;
	if (t->start < 0)
		t->start = when;
	t->end = when;
}

/* Returns NULL at the limit, which makes the whole run fail. */
static struct node *add_test(struct ktap *k, struct node *parent, const char *name)
{
	struct node *n = NULL;

	if (k->tests < KTAP_TESTS_MAX)
		n = calloc(1, sizeof(*n));
	if (n)
		n->t.name = strdup(name);
	if (!n || !n->t.name) {
		free(n);
		broken(k->root, "more than %d tests, the rest were not read", KTAP_TESTS_MAX);
		return NULL;
	}
	k->tests++;
	n->t.status = KTAP_FAIL;
	n->t.line = k->line;
	n->t.start = -1;
	n->t.end = -1;
	if (!parent)
		return n;
	n->t.parent = &parent->t;
	if (parent->t.last_child)
		parent->t.last_child->next = &n->t;
	else
		parent->t.children = &n->t;
	parent->t.last_child = &n->t;
	return n;
}

static struct level *deepest(struct ktap *k)
{
	return k->depth ? &k->levels[k->depth - 1] : NULL;
}

/* The document open at this indentation, or NULL. */
static struct level *level_at(struct ktap *k, size_t indent)
{
	size_t i;

	for (i = 0; i < k->depth; i++)
		if (k->levels[i].indent == indent)
			return &k->levels[i];
	return NULL;
}

static void drop_pending(struct ktap *k, struct text *p)
{
	k->diag_all -= p->len;
	free(p->buf);
	memset(p, 0, sizeof(*p));
	p->first = -1;
}

/* Hand the waiting diagnostics to the test they turned out to belong to. */
static void give_pending(struct ktap *k, struct text *p, struct node *n)
{
	size_t room = KTAP_DIAG_MAX - n->diag_len;
	size_t len = p->len <= room ? p->len : utf8_cut(p->buf, room);
	char *buf = NULL;

	if (p->first >= 0 && (n->t.start < 0 || p->first < n->t.start))
		n->t.start = p->first;
	if (p->first >= 0 && n->t.end < p->last)
		n->t.end = p->last;
	if (len)
		buf = realloc(n->t.diag, n->diag_len + len + 1);
	if (buf) {
		memcpy(buf + n->diag_len, p->buf, len);
		n->diag_len += len;
		buf[n->diag_len] = '\0';
		n->t.diag = buf;
		k->diag_all += len;
	}
	drop_pending(k, p);
}

static bool document_done(const struct level *l)
{
	return l->has_plan && l->results >= l->plan;
}

/* A line that is not KTAP's structure: keep it for the open test. */
static void add_diag(struct ktap *k, const char *s, size_t len, double when)
{
	struct level *l = deepest(k);
	struct text *p;
	char *buf;

	if (!l)
		return;
	/* What the console says after the last suite is about no test. */
	if (k->depth == 1 && document_done(l))
		return;
	p = &l->pending;
	if (p->first < 0)
		p->first = when;
	if (when >= 0)
		p->last = when;
	touch(&l->test->t, when);
	if (p->len + len + 1 > KTAP_DIAG_MAX || k->diag_all + len + 1 > KTAP_DIAG_ALL)
		return;
	buf = realloc(p->buf, p->len + len + 1);
	if (!buf)
		return;
	memcpy(buf + p->len, s, len);
	buf[p->len + len] = '\n';
	p->buf = buf;
	p->len += len + 1;
	k->diag_all += len + 1;
}

static void add_missing(struct ktap *k, struct level *l, unsigned int number)
{
	char name[KTAP_TEXT_MAX];
	struct node *n;

	if (l->has_plan)
		snprintf(name, sizeof(name), "(case %u of %u never reported)", number, l->plan);
	else
		snprintf(name, sizeof(name), "(case %u never reported)", number);
	n = add_test(k, l->test, name);
	if (!n)
		return;
	n->t.status = KTAP_MISSING;
	n->t.number = number;
}

/* Those beyond the list, so that a plan of garbage does not fill the memory. */
static void add_missing_rest(struct ktap *k, struct level *l, unsigned int from,
			     unsigned int to)
{
	char name[KTAP_TEXT_MAX];
	struct node *n;

	snprintf(name, sizeof(name), "(more cases of %u to %u never reported)", from, to);
	n = add_test(k, l->test, name);
	if (!n)
		return;
	n->t.status = KTAP_MISSING;
	n->t.number = from;
}

/*
 * Add a missing case for each number up to @limit that no result had. No more
 * numbers are looked at than the tree can hold tests.
 */
static void add_missing_cases(struct ktap *k, struct level *l, unsigned int limit)
{
	unsigned int known = limit < KTAP_TESTS_MAX ? limit : KTAP_TESTS_MAX;
	unsigned int listed = 0;
	struct ktap_test *t = l->before ? l->before->next : l->test->t.children;
	unsigned char *seen = calloc(known + 1, 1);
	unsigned int i;

	if (!seen) {
		broken(l->test, "no memory to look for missing cases");
		return;
	}
	for (; t; t = t->next)
		if (t->number <= known)
			seen[t->number] = 1;
	for (i = 1; i <= known && listed < KTAP_ABSENT_MAX; i++) {
		if (seen[i])
			continue;
		add_missing(k, l, i);
		listed++;
	}
	while (i <= known && seen[i])
		i++;
	if (i <= limit)
		add_missing_rest(k, l, i, limit);
	free(seen);
}

static void check_plan(struct ktap *k, struct level *l)
{
	if (!l->has_plan && !l->results && l->test == k->root)
		broken(l->test, "document %u has neither plan nor results", k->documents);
	if (l->has_plan && l->results < l->plan)
		broken(l->test, "planned %u, but only %u reported", l->plan, l->results);
	/* Where a headless one began to count is not known. */
	if (!l->headless)
		add_missing_cases(k, l, l->has_plan ? l->plan : l->last);
	if (l->test->t.last_child && l->test->t.last_child->status == KTAP_MISSING)
		broken(l->test, "cases are missing");
}

/*
 * Close the deepest document. The test it was part of is not finished by this:
 * its result line comes in the document around.
 */
static void close_level(struct ktap *k)
{
	struct level *l = deepest(k);

	give_pending(k, &l->pending, l->test);
	check_plan(k, l);
	k->depth--;
	if (k->hint_depth > k->depth)
		k->hint_depth = 0;
}

/* Close documents until @depth are open; the tests they were of never ended. */
static void abandon(struct ktap *k, size_t depth)
{
	while (k->depth > depth) {
		struct node *n = deepest(k)->test;

		if (n != k->root)
			broken(n, "it began, but its own result line never came");
		close_level(k);
		if (n == k->root)
			continue;
		/* It used up a number of the document around. */
		n->t.number = ++deepest(k)->last;
		deepest(k)->results++;
	}
}

static void open_level(struct ktap *k, struct node *test, size_t indent)
{
	struct level *l = &k->levels[k->depth++];

	memset(l, 0, sizeof(*l));
	l->test = test;
	l->before = test->t.last_child;
	l->indent = indent;
	l->pending.first = -1;
}

/* A document within the deepest one: the parts of a test yet to be named. */
static struct level *open_nested(struct ktap *k, const char *name, size_t indent, double when)
{
	struct level *outer = deepest(k);
	struct node *n;

	if (k->depth == KTAP_DEPTH_MAX) {
		broken(outer->test, "documents nested deeper than %d", KTAP_DEPTH_MAX);
		return NULL;
	}
	n = add_test(k, outer->test, name);
	if (!n)
		return NULL;
	give_pending(k, &outer->pending, n);
	touch(&n->t, when);
	open_level(k, n, indent);
	return deepest(k);
}

/*
 * A kernel as old as 6.1 has a document for the suites it was built with, which
 * is empty, and none around those of a module: each comes on its own after it,
 * and the numbers go on until the module is unloaded.
 */
static bool headless_follows(const struct level *l)
{
	return l->headless ? l->results : l->has_plan && !l->plan && !l->results;
}

static void open_headless(struct ktap *k)
{
	unsigned int last = deepest(k)->last;
	size_t indent = deepest(k)->indent;

	close_level(k);
	k->documents++;
	open_level(k, k->root, indent);
	deepest(k)->headless = true;
	deepest(k)->last = last;
}

/*
 * Where the console begins after the boot, even that document is not there: a suite
 * is known to be in one by its indentation and its name.
 */
static bool is_headless(const struct ktap *k, const struct level *l)
{
	return k->depth == 1 && l->test == k->root && l->indent && !l->headless &&
	       !l->has_plan && !l->results;
}

static void read_version(struct ktap *k, size_t indent, const char *kind,
			 unsigned int version, double when)
{
	struct level *l;

	/* A document at the same indentation, or one around, ends the last. */
	while (k->depth && deepest(k)->indent >= indent)
		abandon(k, k->depth - 1);
	if (k->depth == 1 && headless_follows(deepest(k)))
		open_headless(k);
	if (!k->depth) {
		k->documents++;
		open_level(k, k->root, indent);
		l = deepest(k);
	} else {
		l = open_nested(k, "", indent, when);
	}
	if (!l)
		return;
	touch(&l->test->t, when);
	if (*kind == 'K' ? version != 1 : version != 13 && version != 14)
		broken(l->test, "%s version %u is not known", kind, version);
}

/* None of it ran: what a program says that is skipped, as kselftest's do. */
static void skip_all(struct ktap *k, struct level *l, const struct plan *plan)
{
	char name[KTAP_TEXT_MAX];
	struct node *n = l->test;

	if (n == k->root) {
		snprintf(name, sizeof(name), "(document %u)", k->documents);
		n = add_test(k, k->root, name);
		if (!n)
			return;
		n->t.has_result = true;
		n->t.status = KTAP_SKIP;
	}
	n->skipped = true;
	if (!n->broken && (!plan->skip || plan->why[0]))
		set_string(&n->t.reason, plan->skip ? plan->why : "it has no case");
}

static void read_plan(struct ktap *k, size_t indent, const struct plan *p, double when)
{
	struct level *l = level_at(k, indent);
	unsigned int plan = p->cases;

	if (!l && k->hint_depth && k->hint_depth == k->depth && indent > deepest(k)->indent) {
		k->hint_depth = 0;
		l = open_nested(k, k->hint, indent, when);
	}
	if (!l)
		return;
	touch(&l->test->t, when);
	if (l->has_plan) {
		broken(l->test, "a second plan 1..%u after 1..%u", plan, l->plan);
		return;
	}
	/* What was said before the plan is about the suite, not its first case. */
	if (l->test != k->root && !l->results)
		give_pending(k, &l->pending, l->test);
	if (l->results > plan)
		broken(l->test, "planned %u, but %u reported", plan, l->results);
	l->has_plan = true;
	l->plan = plan;
	l->test->t.has_plan = true;
	l->test->t.plan = plan > UINT_MAX - l->test->t.plan ? UINT_MAX : l->test->t.plan + plan;
	/* A suite without a case has shown nothing, even if it is ok with that. */
	if (!plan && (p->skip || l->test != k->root))
		skip_all(k, l, p);
}

/* Returns false if the line is only a comment. */
static bool read_subtest(struct ktap *k, size_t indent, const char *name, double when)
{
	struct level *l = level_at(k, indent);
	char text[KTAP_TEXT_MAX];

	copy_text(text, name, strlen(name));
	if (!k->depth)
		return false;
	if (l && l == deepest(k) && l->test != k->root && !l->test->t.name[0] &&
	    !l->has_plan && !l->results) {
		set_string(&l->test->t.name, text);
		touch(&l->test->t, when);
		return true;
	}
	if (l && l == deepest(k) && is_headless(k, l)) {
		l->headless = true;
		l->indent = 0;
		return open_nested(k, text, indent, when);
	}
	/* Before 6.0 a kernel's suite began with this line and had no version. */
	if (!l && indent > deepest(k)->indent)
		return open_nested(k, text, indent, when);
	if (l != deepest(k))
		return false;
	/* TAP 14 names the document ahead of it, at the outer indentation. */
	memcpy(k->hint, text, sizeof(text));
	k->hint_depth = k->depth;
	return true;
}

static bool seen_number(const struct level *l, unsigned int number)
{
	const struct ktap_test *t = l->before ? l->before->next : l->test->t.children;

	for (; t; t = t->next)
		if (t->number == number)
			return true;
	return false;
}

/* It looks at all results there are, which once is enough. */
static void say_order(struct level *l, unsigned int number)
{
	if (number && seen_number(l, number))
		broken(l->test, "number %u was reported twice", number);
	else
		broken(l->test, "number %u came after %u", number, l->last);
}

static void check_number(struct level *l, unsigned int number)
{
	unsigned int want;

	if (l->headless && !l->results && number == 1)
		l->last = 0;
	want = l->last + 1;
	l->results++;
	if (l->has_plan && number > l->plan) {
		broken(l->test, "number %u is beyond the plan of %u", number, l->plan);
		return;
	}
	if (number > want)
		broken(l->test, "number %u came where %u was expected", number, want);
	else if (number < want && !l->test->broken)
		say_order(l, number);
	if (number >= want)
		l->last = number;
}

static const struct ktap_test *failed_child(const struct ktap_test *t)
{
	for (t = t->children; t; t = t->next)
		if (t->status == KTAP_FAIL || t->status == KTAP_MISSING)
			return t;
	return NULL;
}

/* The test that was open within this document, if the result is its own. */
static struct node *take_open_test(struct ktap *k, size_t depth, const struct result *r)
{
	struct node *n;

	if (k->depth == depth)
		return NULL;
	abandon(k, depth + 1);
	n = deepest(k)->test;
	if (n->t.name[0] && r->name[0] && strcmp(n->t.name, r->name)) {
		struct level *l = &k->levels[depth - 1];
		bool skipped = r->number == l->last + 2;

		abandon(k, depth);
		if (!skipped) {
			/* The other test has its number; which it had is unknown. */
			n->t.number = 0;
			l->last--;
			l->results--;
		}
		return NULL;
	}
	close_level(k);
	return n;
}

static void set_result(struct ktap *k, struct node *n, const struct result *r)
{
	const struct ktap_test *bad = failed_child(&n->t);

	n->t.has_result = true;
	n->t.line = k->line;
	n->t.number = r->number;
	if (!n->t.name[0])
		set_string(&n->t.name, r->name);
	if (n->broken)
		return;
	if (bad && (r->ok || r->skip)) {
		broken(n, "it says %s, but its case %u (%s) %s", r->skip ? "skipped" : "ok",
		       bad->number, bad->name,
		       bad->status == KTAP_MISSING ? "is missing" : "failed");
		return;
	}
	n->t.status = KTAP_FAIL;
	if (r->ok)
		n->t.status = n->skipped && !n->t.children ? KTAP_SKIP : KTAP_PASS;
	if (r->skip)
		n->t.status = KTAP_SKIP;
	if (r->has_why && r->why[0])
		set_string(&n->t.reason, r->why);
}

/* Returns false if the result is at no open document's indentation. */
static bool read_result(struct ktap *k, size_t indent, const struct result *r, double when)
{
	struct level *l = level_at(k, indent);
	struct node *n;

	if (!l)
		return false;
	n = take_open_test(k, (size_t)(l - k->levels) + 1, r);
	check_number(l, r->number);
	if (!n)
		n = add_test(k, l->test, r->name);
	touch(&l->test->t, when);
	if (!n)
		return true;
	set_result(k, n, r);
	give_pending(k, &l->pending, n);
	touch(&n->t, when);
	return true;
}

/* A decimal number of at most nine digits; moves *@s past it. */
static bool read_number(const char **s, unsigned int *n)
{
	size_t i;

	*n = 0;
	for (i = 0; (*s)[i] >= '0' && (*s)[i] <= '9'; i++) {
		if (i == 9)
			return false;
		*n = *n * 10 + (unsigned int)((*s)[i] - '0');
	}
	*s += i;
	return i > 0;
}

static const char *skip_spaces(const char *s)
{
	return s + strspn(s, " \t");
}

static bool skip_word(const char **s, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*s, word, len))
		return false;
	*s += len;
	return true;
}

/* " #" begins a directive, unless it is within a name, as in "queue #2". */
static const char *find_directive(const char *s)
{
	static const char * const words[] = { "SKIP", "TODO", "XFAIL", "TIMEOUT", "ERROR" };
	size_t i;

	for (; (s = strchr(s, '#')); s++) {
		const char *word = skip_spaces(s + 1);

		if (word > s + 1)
			return s;
		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (!strncasecmp(word, words[i], strlen(words[i])))
				return s;
	}
	return NULL;
}

/* A failure is only forgiven for the exact word: "# skip" may begin a sentence. */
static bool is_skip(const char *s, bool ok)
{
	if (ok ? strncasecmp(s, "SKIP", 4) : strncmp(s, "SKIP", 4))
		return false;
	return !s[4] || s[4] == ' ' || s[4] == '\t' || s[4] == ':';
}

static void parse_directive(const char *s, struct result *r)
{
	s = skip_spaces(s + 1);
	if (is_skip(s, r->ok)) {
		r->skip = true;
		r->has_why = true;
		s = skip_spaces(s + 4 + (s[4] == ':'));
	} else if (!r->ok && (!strncmp(s, "TIMEOUT", 7) || !strncmp(s, "ERROR", 5))) {
		r->has_why = true;
	}
	copy_text(r->why, s, strlen(s));
}

/* "ok 1 name", "not ok 2 - name # SKIP why" */
static bool parse_result(const char *s, struct result *r)
{
	const char *mark;
	size_t len;

	memset(r, 0, sizeof(*r));
	r->ok = !skip_word(&s, "not ");
	if (!skip_word(&s, "ok "))
		return false;
	s = skip_spaces(s);
	if (!read_number(&s, &r->number) || (*s && *s != ' ' && *s != '\t'))
		return false;
	s = skip_spaces(s);
	if (*s == '-' && (!s[1] || s[1] == ' '))
		s = skip_spaces(s + 1);
	mark = find_directive(s);
	/* A hash that touches the name belongs to it. */
	while (mark && mark > s && mark[-1] != ' ' && mark[-1] != '\t')
		mark = find_directive(mark + 1);
	len = mark ? (size_t)(mark - s) : strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	copy_text(r->name, s, len);
	if (mark)
		parse_directive(mark, r);
	return true;
}

/* "1..7", with a comment after it or nothing, "1..0 # SKIP why" */
static bool parse_plan(const char *s, struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	if (!skip_word(&s, "1..") || !read_number(&s, &plan->cases))
		return false;
	s = skip_spaces(s);
	if (*s != '#')
		return !*s;
	s = skip_spaces(s + 1);
	plan->skip = is_skip(s, true);
	if (plan->skip) {
		s = skip_spaces(s + 4 + (s[4] == ':'));
		copy_text(plan->why, s, strlen(s));
	}
	return true;
}

/* "KTAP version 1" or "TAP version 14" and nothing else */
static bool parse_version(const char *s, const char **kind, unsigned int *version)
{
	*kind = *s == 'K' ? "KTAP" : "TAP";
	return skip_word(&s, *kind) && skip_word(&s, " version ") &&
	       read_number(&s, version) && !*skip_spaces(s);
}

/**
 * ktap_says_failed() - does a line say that a test failed?
 * @line: its text
 *
 * Return: whether it begins with "not ok", wherever a document has its results
 */
bool ktap_says_failed(const char *line)
{
	const char *s = skip_spaces(line);

	return skip_word(&s, "not ok") && (!*s || *s == ' ' || *s == '\t');
}

/*
 * A failure that no open document takes: the line that began its document is lost, or
 * it has no number, or the indentation of nobody. Whose it is cannot be known; that
 * something failed is. Returns false if the line does not say so.
 */
static bool read_stray(struct ktap *k, const char *line, double when)
{
	const char *s = skip_spaces(line);
	struct level *l = deepest(k);
	struct result r;
	struct node *n;

	if (!ktap_says_failed(line))
		return false;
	if (!parse_result(s, &r)) {
		s += strlen("not ok");
		s += strspn(s, " \t-");
		copy_text(r.name, s, strlen(s));
	}
	if (r.skip)
		return false;
	n = add_test(k, l ? l->test : k->root, r.name[0] ? r.name : "(a failure without a name)");
	if (!n)
		return true;
	n->t.has_result = true;
	set_string(&n->t.reason, "it failed in no document that is known");
	if (l)
		give_pending(k, &l->pending, n);
	touch(&n->t, when);
	return true;
}

/* Returns false if the line is not of a document's structure. */
static bool read_structure(struct ktap *k, const char *line, double when)
{
	size_t indent = strspn(line, " ");
	const char *s = line + indent;
	struct result r;
	struct plan plan;
	const char *kind;
	unsigned int n;

	if (parse_version(s, &kind, &n)) {
		read_version(k, indent, kind, n, when);
		return true;
	}
	if (!k->depth)
		return false;
	if (parse_plan(s, &plan)) {
		read_plan(k, indent, &plan, when);
		return true;
	}
	if (parse_result(s, &r) && read_result(k, indent, &r, when))
		return true;
	return !strncmp(s, "# Subtest:", 10) &&
	       read_subtest(k, indent, skip_spaces(s + 10), when);
}

static void read_line(struct ktap *k, const char *line, size_t len, double when)
{
	const char *s = skip_spaces(line);

	if (read_structure(k, line, when) || read_stray(k, line, when))
		return;
	if (!strncmp(s, "Bail out!", 9))
		broken(k->depth ? deepest(k)->test : k->root, "%s", s);
	add_diag(k, line, len, when);
}

/**
 * ktap_new() - begin reading a console
 *
 * Called once for each run of a kernel.
 *
 * Return: the parser, to be freed with ktap_free(), or NULL without memory.
 */
struct ktap *ktap_new(void)
{
	struct ktap *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->root = calloc(1, sizeof(*k->root));
	if (k->root)
		k->root->t.name = strdup("");
	if (!k->root || !k->root->t.name) {
		free(k->root);
		free(k);
		return NULL;
	}
	k->root->t.status = KTAP_MISSING;
	k->root->t.start = -1;
	k->root->t.end = -1;
	k->tests = 1;
	return k;
}

/* Does the text end before it is known whether it is "ok" or "not ok"? */
static bool is_half_result(const char *text)
{
	const char *s = skip_spaces(text);
	size_t len = strlen(s);

	return len && (!strncmp("ok ", s, len) || !strncmp("not ok ", s, len));
}

/* What a record cut off was the beginning of a result, and the rest of it never came. */
static void lost_half(struct ktap *k, const char *half)
{
	if (k->depth)
		broken(deepest(k)->test, "a result was cut after '%s'", half);
}

/*
 * The text of a line, to be freed. A program's line that a record cut goes on in the next
 * one that is no record.
 */
static char *whole_line(struct ktap *k, const struct console_line *line)
{
	size_t half = k->half && line->when < 0 ? strlen(k->half) : 0;
	size_t len = strlen(line->text);
	char *text = malloc(half + len + 1);

	if (!text)
		return NULL;
	if (half) {
		memcpy(text, k->half, half);
		free(k->half);
		k->half = NULL;
	}
	memcpy(text + half, line->text, len + 1);
	return text;
}

/**
 * ktap_line() - read one line of the console
 * @k: the parser
 * @line: the line
 *
 * Called for every line of the console, also those that are not KTAP: they are
 * kept as diagnostics of the test they came in.
 */
void ktap_line(struct ktap *k, const struct console_line *line)
{
	char *text = whole_line(k, line);
	size_t len;

	k->line = line->number;
	if (!text) {
		broken(k->root, "no memory for a line of the console");
		return;
	}
	if (line->end == LINE_CUT && line->when < 0 && is_half_result(text)) {
		k->half = text;
		return;
	}
	if (line->end == LINE_CUT && is_half_result(text))
		lost_half(k, text);
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	read_line(k, text, len, line->when);
	free(text);
}

static enum ktap_status root_status(const struct ktap *k)
{
	const struct ktap_test *t = k->root->t.children;
	enum ktap_status status = KTAP_SKIP;

	if (k->root->broken || failed_child(&k->root->t))
		return KTAP_FAIL;
	if (!t)
		return k->documents ? KTAP_PASS : KTAP_MISSING;
	for (; t; t = t->next)
		if (t->status == KTAP_PASS)
			status = KTAP_PASS;
	return status;
}

/**
 * ktap_end() - the console is over
 * @k: the parser
 *
 * Fails every test that was begun and not finished, and every planned case that
 * was not reported. Before this the tree may be looked at, but the root has no
 * status yet. Called when the emulator has gone or was killed.
 */
void ktap_end(struct ktap *k)
{
	if (k->half)
		lost_half(k, k->half);
	free(k->half);
	k->half = NULL;
	abandon(k, 0);
	k->root->t.status = root_status(k);
}

/**
 * ktap_root() - the test all top-level documents are parts of
 * @k: the parser
 *
 * Called by whoever reports on a run.
 *
 * Return: the root; it belongs to the parser.
 */
const struct ktap_test *ktap_root(const struct ktap *k)
{
	return &k->root->t;
}

static void count_one(const struct ktap_test *t, struct ktap_counts *c)
{
	if (t->status == KTAP_PASS)
		c->passed++;
	else if (t->status == KTAP_SKIP)
		c->skipped++;
	else
		c->failed++;
}

/**
 * ktap_count() - count the cases of a test
 * @t: the test
 *
 * Counts the leaves below @t, or @t itself if it has no parts. Missing cases
 * are failed ones. A test with parts that failed though none of them did counts
 * as one failure more, so there is a failure exactly if @t failed. A root
 * nothing was reported to has no cases at all.
 *
 * Called by whoever reports on a run, and by itself.
 *
 * Return: the numbers.
 */
struct ktap_counts ktap_count(const struct ktap_test *t)
{
	struct ktap_counts sum = { 0 };
	const struct ktap_test *c;

	for (c = t->children; c; c = c->next) {
		struct ktap_counts part = ktap_count(c);

		sum.passed += part.passed;
		sum.failed += part.failed;
		sum.skipped += part.skipped;
	}
	if (!t->children && t->parent)
		count_one(t, &sum);
	else if (t->status == KTAP_FAIL && !sum.failed)
		sum.failed = 1;
	return sum;
}

/**
 * ktap_find_suite() - find a suite by its name
 * @k: the parser
 * @name: the name
 * @from: number of a line of the console
 * @to: number of a later one
 *
 * A suite is what a document at top level has results of; a case of another one may
 * have the same name. Called to see whether a suite that was asked for ran.
 *
 * Return: the first suite of that name that has parts or a result and is between the
 * two lines, or NULL.
 */
const struct ktap_test *ktap_find_suite(const struct ktap *k, const char *name, size_t from,
					size_t to)
{
	const struct ktap_test *t;

	for (t = k->root->t.children; t; t = t->next)
		if (t->line > from && t->line < to && (t->children || t->has_result) &&
		    !strcmp(t->name, name))
			return t;
	return NULL;
}

static void free_test(struct ktap_test *t)
{
	while (t->children) {
		struct ktap_test *c = t->children;

		t->children = c->next;
		free_test(c);
	}
	free(t->name);
	free(t->reason);
	free(t->diag);
	/* The test is the first member of its node. */
	free((struct node *)t);
}

/**
 * ktap_free() - free a parser and its tree
 * @k: the parser, or NULL
 *
 * Called once the run is reported.
 */
void ktap_free(struct ktap *k)
{
	size_t i;

	if (!k)
		return;
	for (i = 0; i < k->depth; i++)
		free(k->levels[i].pending.buf);
	free_test(&k->root->t);
	free(k->half);
	free(k);
}
