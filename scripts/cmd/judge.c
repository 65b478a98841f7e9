// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the judge says of a console from elsewhere.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "judge/judge.h"
#include "lib/util.h"

static FILE *open_log(const char *path)
{
	struct stat st;
	FILE *f;

	if (!*path)
		die("LOG= is needed: the file with the console, as LOG=console.log");
	f = fopen(path, "re");
	if (!f)
		die("LOG=%s cannot be read: %s", path, strerror(errno));
	if (!fstat(fileno(f), &st) && S_ISDIR(st.st_mode))
		die("LOG=%s is a folder: the file with the console is wanted", path);
	return f;
}

static void feed(struct judge *j, const char *path)
{
	FILE *f = open_log(path);
	char buf[1 << 16];
	size_t len, all = 0;

	while ((len = fread(buf, 1, sizeof(buf), f)) > 0) {
		judge_feed(j, buf, len);
		all += len;
	}
	if (ferror(f))
		die("LOG=%s cannot be read: %s", path, strerror(errno));
	if (!all)
		die("LOG=%s is empty: there is nothing to judge", path);
	fclose(f);
}

static void show_failures(const struct judge *j)
{
	const struct judge_failure *all;
	size_t n = judge_failures(j, &all);
	__auto_free char *signature = judge_signature(j), *excerpt = judge_excerpt(j);

	printf("first failure: %s\n", judge_failure(j));
	if (judge_failed_test(j))
		printf("in: %s\n", judge_failed_test(j));
	printf("signature: %s\n", signature);
	for (size_t i = 0; n > 1 && i < n; i++)
		printf("%s%s: %s\n", i ? "  " : "all failures:\n  ", verdict_name(all[i].verdict),
		       all[i].what);
	if (judge_failures_more(j))
		printf("  and %zu more\n", judge_failures_more(j));
	printf("\n%s\n", excerpt);
}

static bool has_ktap(const struct judge *j)
{
	return ktap_root(judge_ktap(j))->status != KTAP_MISSING;
}

/* Which is less than a guest is held to */
static const char *looked_for(const struct judge *j)
{
	if (judge_has_protocol(j))
		return "a guest of respawn: its own plan, KTAP results, trouble of the kernel";
	if (has_ktap(j))
		return "KTAP results and trouble of the kernel";
	return "trouble of the kernel alone, as there are no KTAP results";
}

/**
 * cmd_judge - say of the file LOG= what the judge says of a console
 * @o: what the user asked for
 *
 * Return: an exit status
 */
int cmd_judge(const struct options *o)
{
	struct judge *j = judge_new(NULL);
	struct ktap_counts n;
	enum verdict v;

	feed(j, o->log);
	judge_end(j, ENDING_ITSELF, "");
	v = judge_verdict(j);
	n = judge_counts(j);
	if (v == VERDICT_PASS && !judge_has_kernel(j) && !judge_has_protocol(j) && !has_ktap(j))
		die("LOG=%s has no KTAP results, and no line with a time like [    1.234567], or a level like <4>: there is nothing to judge; 'dmesg', 'dmesg -r' and 'journalctl -k -o short-monotonic' say it so",
		    o->log);
	if (judge_failure(j))
		show_failures(j);
	printf("looked for: %s\n", looked_for(j));
	printf("%s: %u passed, %u failed, %u skipped\n", verdict_name(v), n.passed, n.failed,
	       n.skipped);
	judge_free(j);
	return verdict_exit_status(v);
}
