// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds the table of trouble against what the pinned kernels have to say. Each of
 * their messages that looks like trouble, or is logged at KERN_CRIT or louder, is
 * trouble by a row of the table, or stands in templates.reviewed with a reason. So a
 * new pin shows what is new in it.
 *
 * The sources are read from the cache, where the tests before this one have put them.
 */
#define _GNU_SOURCE
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judge/judge.h"
#include "judge/trouble.h"
#include "lib/util.h"
#include "templates.h"

#ifndef TESTS_DIR
#error "define TESTS_DIR, the path of the directory tests, as a string"
#endif

#define REVIEWED	TESTS_DIR "/whole/templates.reviewed"

/*
 * What can be in a kernel that respawn builds: the core, the architectures, the
 * file systems that are no disk's, and the few drivers of the two virtual machines.
 * Tests of the kernel's own are left out, which speak at KERN_ALERT of nothing, and
 * the debugger, which talks to somebody.
 */
static const char *const paths[] = {
	"init", "kernel", "mm", "lib", "include/linux", "include/asm-generic",
	":(glob)fs/*.c", "fs/proc", "fs/kernfs", "fs/sysfs", "fs/debugfs", "fs/ramfs",
	"arch/x86/kernel", "arch/x86/mm", "arch/x86/entry", "arch/x86/lib",
	"arch/arm64/kernel", "arch/arm64/mm", "arch/arm64/lib",
	"arch/riscv/kernel", "arch/riscv/mm", "arch/s390/kernel", "arch/s390/mm",
	"drivers/base", "drivers/firmware/psci",
	":(glob)drivers/clocksource/*arm_arch_timer.c", ":(glob)drivers/clocksource/timer-*of.c",
	"drivers/clocksource/timer-probe.c", "drivers/clocksource/acpi_pm.c",
	"drivers/clocksource/i8253.c", ":(glob)drivers/irqchip/irq-gic*.c",
	":(glob)drivers/tty/tty*.c", "drivers/tty/sysrq.c", "drivers/tty/n_tty.c",
	"drivers/tty/serial/serial_core.c", "drivers/tty/serial/amba-pl011.c",
	":(glob)drivers/tty/serial/8250/8250_*o*r*.c",
	":(exclude,glob)**/*torture*", ":(exclude,glob)**/*scale.c",
	":(exclude,glob)**/*test*.c", ":(exclude)lib/tests", ":(exclude)kernel/debug",
};

/* What a line looks like that is, or may be, of trouble */
static const char *const looks_like_trouble[] = {
	"(^|: |\\[ ?)(BUG([: ]|$)|WARNING|INFO: |Oops|PANIC|Kernel panic|[kK]ernel BUG|UBSAN)",
	"(^| )([Ss]tall(s|ed)?|[Dd]eadlocks?|huh|stuck|leak(s|ed|ing)?)([ ,.?!:]|$)",
	"lockup|LOCKUP|[Cc]orrupt|!!!|[Uu]se.after.free|underflow|overflow|overrun|starv",
	"imbalance|unbalance|blocked for|recursi|[Bb]adness|DEBUG_LOCKS",
	"not respond|unable to die|didn't die|failed to come|dead state",
	"(memory|ENOMEM|allocation).* disabled|inconsistent|refusing",
	"failed \\(|may not have|offline CPU|[Ff]ailed to start|Error taking|[Gg]iving up",
};

static regex_t looks_re[ARRAY_SIZE(looks_like_trouble)];

/**
 * struct group - messages that are reviewed, for one reason
 * @name: of the group
 * @loud: they are trouble by their level
 */
struct group {
	char *name;
	bool loud;
};

/**
 * struct review - a message that no row knows
 * @group: why
 * @file: where it is
 * @text: its format
 * @seen: a kernel has it
 */
struct review {
	const struct group *group;
	char *file, *text;
	bool seen;
};

static struct group groups[64];
static size_t n_groups;
static struct review *reviews;
static size_t n_reviews;
static bool read_all;

static const struct group *group_of(const char *name, size_t len)
{
	for (size_t i = 0; i < n_groups; i++)
		if (strlen(groups[i].name) == len && !strncmp(groups[i].name, name, len))
			return &groups[i];
	return NULL;
}

/* "@name loud why" or "@name fine why" */
static void read_group(const char *line)
{
	char name[64], kind[8], why[8];

	assert_true(n_groups < ARRAY_SIZE(groups));
	if (sscanf(line, "@%63s %7s %7s", name, kind, why) != 3 ||
	    (strcmp(kind, "loud") && strcmp(kind, "fine")))
		fail_msg("%s: '%s' has not a name, loud or fine, and a reason", REVIEWED, line);
	groups[n_groups++] = (struct group){ copy(name), !strcmp(kind, "loud") };
}

/* "group file: text" */
static void read_review(const char *line)
{
	size_t len = strcspn(line, " ");
	const char *file = line + len + !!line[len], *text = strstr(file, ": ");
	const struct group *g = group_of(line, len);

	if (!g || !text)
		fail_msg("%s: '%s' has not a group, a file and a text", REVIEWED, line);
	reviews = reallocarray(reviews, n_reviews + 1, sizeof(*reviews));
	reviews[n_reviews++] = (struct review){
		g, fmt("%.*s", (int)(text - file), file), copy(text + 2), false,
	};
}

static int prepare(void **state)
{
	__auto_free char *all = read_file(REVIEWED, NULL);
	__auto_strv struct strv lines = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(looks_re); i++)
		assert_int_equal(regcomp(&looks_re[i], looks_like_trouble[i],
					 REG_EXTENDED | REG_NOSUB), 0);
	assert_non_null(all);
	strv_split(&lines, all, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		if (lines.v[i][0] == '@')
			read_group(lines.v[i]);
		else if (lines.v[i][0] != '#')
			read_review(lines.v[i]);
	}
	return 0;
}

/* How a format stands in the file of reviews: in one line */
static char *in_one_line(const char *text)
{
	char *s = calloc(1, 2 * strlen(text) + 1);
	char *to = s;

	for (; *text; text++) {
		if (*text == '\n') {
			*to++ = '\\';
			*to++ = 'n';
		} else {
			*to++ = *text;
		}
	}
	return s;
}

static struct review *review_of(const struct template *t)
{
	__auto_free char *text = in_one_line(t->text);

	for (size_t i = 0; i < n_reviews; i++)
		if (!strcmp(reviews[i].file, t->file) && !strcmp(reviews[i].text, text))
			return &reviews[i];
	return NULL;
}

/* A message of that format: numbers are 1, anything else is x. */
static char *instance(const char *format)
{
	char *s = calloc(1, strlen(format) + 1);
	char *to = s;

	while (*format) {
		if (*format != '%' || format[1] == '%') {
			format += *format == '%';
			*to++ = *format++;
			continue;
		}
		format += 1 + strspn(format + 1, "-+ #0*123456789.hlLqzt");
		*to++ = strchr("diuxXoc", *format) ? '1' : 'x';
		if (*format == 'p')
			format += strspn(format, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		else
			format += !!*format;
	}
	return s;
}

/* By what it says, or at that level */
static const struct trouble_row *match(const struct template *t, int level)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *text = instance(t->text);
	const struct trouble_row *row = NULL;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; !row && i < lines.n; i++)
		row = trouble_match(&(struct console_line){
			.text = lines.v[i], .when = 1, .level = level,
			.facility = level == LEVEL_UNKNOWN ? FACILITY_UNKNOWN : FACILITY_KERNEL,
		});
	return row;
}

static bool is_crit(const struct template *t)
{
	return t->level != LEVEL_UNKNOWN && t->level <= LEVEL_CRIT;
}

/* Is the message trouble, or reviewed, and is that still so? */
static bool is_known(const struct template *t)
{
	__auto_free char *text = in_one_line(t->text);
	const struct trouble_row *row = match(t, t->level);
	struct review *r = review_of(t);

	if (match(t, LEVEL_UNKNOWN)) {
		if (r)
			print_error("trouble by a row, and reviewed: %s: %s\n", t->file, text);
		return !r;
	}
	if (!r) {
		print_error("%s %s: %s\n", is_crit(t) ? "loud" : "fine", t->file, text);
		return false;
	}
	r->seen = true;
	if (r->group->loud ? !row || !trouble_is_loud(row) : !!row) {
		print_error("reviewed as %s, which is not so: %s: %s\n",
			    r->group->loud ? "loud" : "fine", t->file, text);
		return false;
	}
	return true;
}

static bool looks(const struct template *t)
{
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, t->text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(looks_re); k++)
			if (!regexec(&looks_re[k], lines.v[i], 0, NULL, 0))
				return true;
	return false;
}

static char *pin_word(const char *pin, const char *word)
{
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, pin, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!strncmp(lines.v[i], word, strlen(word)) && lines.v[i][strlen(word)] == ' ')
			return copy(lines.v[i] + strlen(word) + 1);
	return copy("");
}

/* Where the cache has the source of a pinned kernel */
static void find_pin(const char *name, char **git, char **ref)
{
	__auto_free char *path = fmt("%s/../kernel-patch/%s", TESTS_DIR, name);
	__auto_free char *pin = read_file(path, NULL);
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CACHE_HOME");
	__auto_free char *package = NULL, *sum = NULL;

	assert_non_null(pin);
	package = pin_word(pin, "package");
	sum = pin_word(pin, "sha256");
	*git = xdg && *xdg ? fmt("%s/respawn/tree/%s/git", xdg, package) :
			     fmt("%s/.cache/respawn/tree/%s/git", home ? home : "", package);
	*ref = fmt("refs/respawn/%s", sum);
}

static bool read_pin(struct templates *all, const char *name)
{
	__auto_free char *git = NULL, *ref = NULL;

	find_pin(name, &git, &ref);
	return templates_read(all, git, ref, paths, ARRAY_SIZE(paths));
}

static void check_all(const char *name, const struct templates *all)
{
	size_t wrong = 0, crit = 0;

	for (size_t i = 0; i < all->n; i++) {
		crit += is_crit(&all->v[i]);
		if (is_crit(&all->v[i]) || looks(&all->v[i]))
			wrong += !is_known(&all->v[i]);
	}
	/* If the extraction broke, there would be nothing wrong. */
	assert_true(all->n > 3000 && crit > 150);
	if (wrong)
		fail_msg("%s: %zu messages: each a row in trouble.c, or a line in %s", name,
			 wrong, REVIEWED);
}

static void messages_of_the_pin(void **state)
{
	struct templates all = { 0 };

	(void)state;
	if (!read_pin(&all, "pin"))
		fail_msg("the pinned source is not in the cache: 'make build' puts it there");
	check_all("pin", &all);
	templates_free(&all);
}

/* It is not fetched for this: whoever tests that kernel has it. */
static void messages_of_6_1(void **state)
{
	struct templates all = { 0 };

	(void)state;
	if (!read_pin(&all, "pin-6.1")) {
		print_message("the source of 6.1 is not in the cache: 'make build PIN=6.1 SERIES=none' puts it there\n");
		skip();
	}
	check_all("pin-6.1", &all);
	templates_free(&all);
	read_all = true;
}

/* A message that is gone needs no reason. */
static void no_review_is_stale(void **state)
{
	size_t stale = 0;

	(void)state;
	if (!read_all)
		skip();
	for (size_t i = 0; i < n_reviews; i++) {
		if (reviews[i].seen)
			continue;
		print_error("in no kernel: %s: %s\n", reviews[i].file, reviews[i].text);
		stale++;
	}
	assert_int_equal(stale, 0);
}

/*
 * The consoles that KUnit's own parser is tested with. A panic at the end is no pass
 * here, as it is there, and a suite that did not end has failed.
 */
static const struct {
	const char *log;
	enum verdict verdict;
} consoles[] = {
	{ "config_printk_time", VERDICT_CRASH },
	{ "interrupted_tap_output", VERDICT_CRASH },
	{ "is_test_passed-all_passed", VERDICT_PASS },
	{ "is_test_passed-all_passed_nested", VERDICT_PASS },
	{ "is_test_passed-failure", VERDICT_FAIL },
	{ "is_test_passed-kselftest", VERDICT_PASS },
	{ "is_test_passed-missing_plan", VERDICT_PASS },
	{ "is_test_passed-no_tests_run_no_header", VERDICT_CRASH },
	{ "is_test_passed-no_tests_run_with_header", VERDICT_SKIP },
	{ "kernel_panic_interrupt", VERDICT_CRASH },
	{ "multiple_prefixes", VERDICT_CRASH },
	{ "output_isolated_correctly", VERDICT_CRASH },
	{ "parse_attributes", VERDICT_FAIL },
	{ "parse_ktap_output", VERDICT_PASS },
	{ "pound_no_prefix", VERDICT_CRASH },
	{ "pound_sign", VERDICT_CRASH },
	{ "skip_all_tests", VERDICT_SKIP },
	{ "skip_tests", VERDICT_PASS },
	{ "strip_hyphen", VERDICT_PASS },
};

static void consoles_of_kunit(void **state)
{
	__auto_free char *git = NULL, *ref = NULL;
	__auto_strv struct strv argv = { 0 };

	(void)state;
	find_pin("pin", &git, &ref);
	for (size_t i = 0; i < ARRAY_SIZE(consoles); i++) {
		__auto_free char *log = NULL;
		struct judge *j = judge_new(NULL);

		strv_free(&argv);
		strv_add(&argv, "git");
		strv_add(&argv, "--git-dir=%s", git);
		strv_add(&argv, "show");
		strv_add(&argv, "%s:tools/testing/kunit/test_data/test_%s.log", ref,
			 consoles[i].log);
		assert_int_equal(run(&argv, &(struct run_opts){ .out = &log }), 0);
		judge_feed(j, log, strlen(log));
		judge_end(j, ENDING_ITSELF, "");
		if (judge_verdict(j) != consoles[i].verdict)
			fail_msg("%s: %s: %s", consoles[i].log, verdict_name(judge_verdict(j)),
				 judge_failure(j) ? judge_failure(j) : "");
		judge_free(j);
	}
}

/* The reader itself */
static void formats_are_read(void **state)
{
	char source[] =
		"#define pr_fmt(fmt) KBUILD_MODNAME \": \" fmt\n"
		"/* pr_crit(\"a comment\"); */ // pr_crit(\"another\")\n"
		"static const char s[] = \"pr_crit(\\\"a string\\\")\";\n"
		"pr_crit(\"one %d\\n\", 1); printk(KERN_EMERG \"two \"\n\t\"halves\\n\");\n"
		"dev_alert_once(f(a, b), \"three\\n\"); pr_debug(\"no\"); printk(\"%s\", x);\n"
		"pr_warn_ratelimited(FW_BUG \"four\"); pr_info(fmt, 1);\n";
	static const struct template want[] = {
		{ "", "a: one %d", 2 }, { "", "two halves", 0 }, { "", "platform x: three", 1 },
		{ "", "%s", LEVEL_UNKNOWN }, { "", "a: [Firmware Bug]: four", 4 },
	};
	struct templates all = { 0 };

	(void)state;
	templates_of_file(&all, "kernel/a.c", source);
	assert_int_equal(all.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < all.n; i++) {
		assert_string_equal(all.v[i].text, want[i].text);
		assert_int_equal(all.v[i].level, want[i].level);
	}
	templates_free(&all);
}

/* A message that nobody has reviewed is found, loud or not. */
static void a_new_message_is_found(void **state)
{
	static const struct template new[] = {
		{ "kernel/a.c", "demo: no table has heard of this", 2 },
		{ "kernel/a.c", "demo: the list is corrupted in a new way", 3 },
	};

	(void)state;
	assert_false(looks(&new[0]));
	assert_true(is_crit(&new[0]));
	assert_true(looks(&new[1]));
	for (size_t i = 0; i < ARRAY_SIZE(new); i++)
		assert_true(!match(&new[i], LEVEL_UNKNOWN) && !review_of(&new[i]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_read),
		cmocka_unit_test(a_new_message_is_found),
		cmocka_unit_test(messages_of_the_pin),
		cmocka_unit_test(messages_of_6_1),
		cmocka_unit_test(no_review_is_stale),
		cmocka_unit_test(consoles_of_kunit),
	};

	return cmocka_run_group_tests_name("words", tests, prepare, NULL);
}
