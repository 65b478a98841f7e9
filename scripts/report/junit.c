// SPDX-License-Identifier: GPL-2.0-only
/*
 * JUnit XML, as Jenkins and its kin read it: a testsuite for each suite of a trial.
 */
#define _GNU_SOURCE
#include <string.h>

#include <libxml/xmlwriter.h>

#include "lib/util.h"
#include "report/cases.h"

static void attribute(struct _xmlTextWriter *w, const char *name, const char *format, ...)
	__printf(3, 4);

/*
 * What XML has no way to write, as an escape of a terminal or U+FFFE and U+FFFF, becomes
 * question marks.
 */
static char *clean(const char *text)
{
	char *c = copy(text);

	for (char *at = c; *at; at++)
		if (((unsigned char)*at < ' ' && !strchr("\n\t", *at)) ||
		    !strncmp(at, "\xef\xbf\xbe", 3) || !strncmp(at, "\xef\xbf\xbf", 3))
			memset(at, '?', (unsigned char)*at < ' ' ? 1 : 3);
	return c;
}

static void must(int written)
{
	if (written < 0)
		die("a report can't be written as XML");
}

static void attribute(struct _xmlTextWriter *w, const char *name, const char *format, ...)
{
	__auto_free char *text = NULL, *good = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die("out of memory");
	va_end(args);
	good = clean(text);
	must(xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST good));
}

static void begin(struct _xmlTextWriter *w, const char *name)
{
	must(xmlTextWriterStartElement(w, BAD_CAST name));
}

static void end(struct _xmlTextWriter *w)
{
	must(xmlTextWriterEndElement(w));
}

static void text(struct _xmlTextWriter *w, const char *what)
{
	__auto_free char *good = clean(what);

	must(xmlTextWriterWriteString(w, BAD_CAST good));
}

/* What went wrong, where, and how to see it again */
static void write_details(struct _xmlTextWriter *w, const struct report_case *c)
{
	__auto_free char *advice = report_advice(c->rec);

	if (!c->rec)
		return;
	text(w, report_excerpt(c->rec));
	text(w, advice);
}

static void write_case(struct _xmlTextWriter *w, const struct report_case *c)
{
	static const char *const elements[] = {
		[CASE_SKIP] = "skipped", [CASE_FAIL] = "failure", [CASE_ERROR] = "error",
	};

	begin(w, "testcase");
	attribute(w, "name", "%s", c->name);
	attribute(w, "classname", "%s.%s", c->trial, c->suite);
	attribute(w, "time", "%.6f", c->guest);
	if (c->status != CASE_PASS) {
		begin(w, elements[c->status]);
		if (c->status >= CASE_FAIL)
			attribute(w, "type", "%s",
				  c->rec ? record_text(c->rec, "verdict") : "fail");
		attribute(w, "message", "%s", c->reason);
		if (c->status >= CASE_FAIL)
			write_details(w, c);
		end(w);
	}
	end(w);
}

static void property(struct _xmlTextWriter *w, const char *name, const char *value)
{
	begin(w, "property");
	attribute(w, "name", "%s", name);
	attribute(w, "value", "%s", value);
	end(w);
}

static void write_properties(struct _xmlTextWriter *w, const struct record *rec)
{
	__auto_free char *seed = NULL;

	if (!rec)
		return;
	seed = fmt("%lld", (long long)json_integer_value(record_member(rec, "request.seed")));
	begin(w, "properties");
	property(w, "seed", seed);
	property(w, "verdict", record_text(rec, "verdict"));
	property(w, "release", record_text(rec, "image.release"));
	if (json_is_string(record_member(rec, "signature")))
		property(w, "signature", record_text(rec, "signature"));
	end(w);
}

static void write_suite(struct _xmlTextWriter *w, const struct report_cases *all, size_t first,
			size_t last)
{
	unsigned int counts[CASE_ERROR + 1] = { 0 };
	double time = 0;

	for (size_t i = first; i < last; i++) {
		counts[all->v[i].status]++;
		time += all->v[i].guest;
	}
	begin(w, "testsuite");
	attribute(w, "name", "%s.%s", all->v[first].trial, all->v[first].suite);
	attribute(w, "tests", "%zu", last - first);
	attribute(w, "failures", "%u", counts[CASE_FAIL]);
	attribute(w, "errors", "%u", counts[CASE_ERROR]);
	attribute(w, "skipped", "%u", counts[CASE_SKIP]);
	attribute(w, "time", "%.6f", time);
	write_properties(w, all->v[first].rec);
	for (size_t i = first; i < last; i++)
		write_case(w, &all->v[i]);
	end(w);
}

static void write_junit(const struct report *r, FILE *f)
{
	xmlBuffer *buffer = xmlBufferCreate();
	xmlTextWriterPtr w = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
	struct report_cases all;

	if (!w)
		die("out of memory");
	report_cases(r, &all);
	must(xmlTextWriterSetIndent(w, 1));
	must(xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL));
	begin(w, "testsuites");
	attribute(w, "name", "respawn");
	attribute(w, "tests", "%zu", all.n);
	attribute(w, "failures", "%u", all.counts[CASE_FAIL]);
	attribute(w, "errors", "%u", all.counts[CASE_ERROR]);
	for (size_t i = 0; i < all.n; i = report_same_suite(&all, i))
		write_suite(w, &all, i, report_same_suite(&all, i));
	end(w);
	must(xmlTextWriterEndDocument(w));
	xmlFreeTextWriter(w);
	fputs((const char *)xmlBufferContent(buffer), f);
	xmlBufferFree(buffer);
	report_cases_free(&all);
}

const struct report_format report_junit = { "junit", write_junit };
