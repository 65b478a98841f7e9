// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: written down, read back, and the same; what is no request is refused.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build/request.h"
#include "lib/util.h"

static void *member(struct request *r, const struct field *f)
{
	return (char *)r + f->offset;
}

static char *choice(const struct field *f, unsigned int n)
{
	__auto_strv struct strv words = { 0 };

	strv_split(&words, f->choices, " ");
	return copy(words.v[n]);
}

/* A value of its own for each field, and another one for another @n */
static void fill(struct request *r, unsigned int n)
{
	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < request_field_count; i++) {
		const struct field *f = &request_fields[i];

		switch (f->kind) {
		case FIELD_ARCH:
			r->arch = arch_next(n % 2 ? arch_next(NULL) : NULL);
			break;
		case FIELD_NUMBER:
			*(uint64_t *)member(r, f) = f->least + n;
			break;
		case FIELD_SWITCH:
			*(bool *)member(r, f) = n % 2;
			break;
		case FIELD_CHOICE:
			*(char **)member(r, f) = choice(f, n);
			break;
		default:
			*(char **)member(r, f) = fmt("%s \"%u\" \303\244", f->name, n);
			break;
		}
	}
}

static bool same(struct request *a, struct request *b, const struct field *f)
{
	switch (f->kind) {
	case FIELD_ARCH:
		return a->arch == b->arch;
	case FIELD_NUMBER:
		return *(uint64_t *)member(a, f) == *(uint64_t *)member(b, f);
	case FIELD_SWITCH:
		return *(bool *)member(a, f) == *(bool *)member(b, f);
	default:
		return !strcmp(*(char **)member(a, f), *(char **)member(b, f));
	}
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 2; n++) {
		struct request r, back = { 0 };
		json_t *o;

		fill(&r, n);
		o = request_to_json(&r);
		assert_null(request_from_json(&back, o));
		for (size_t i = 0; i < request_field_count; i++)
			if (!same(&r, &back, &request_fields[i]))
				fail_msg("%s is not the same", request_fields[i].name);
		json_decref(o);
	}
}

/* No field may be left out of what others compare, or have the key of another. */
static void every_field_is_written(void **state)
{
	struct request a, b;
	json_t *one, *two;
	const char *key;
	json_t *v;

	(void)state;
	fill(&a, 0);
	fill(&b, 1);
	one = request_to_json(&a);
	two = request_to_json(&b);
	assert_int_equal(json_object_size(one), request_field_count);
	json_object_foreach(one, key, v)
		assert_false(json_equal(v, json_object_get(two, key)));
	json_decref(one);
	json_decref(two);
}

static const char *text_of(const struct request *r, const struct field *f)
{
	return *(const char *const *)((const char *)r + f->offset);
}

/* A variable that is younger than the record has its default. */
/* A record that was made before there was the field */
static void assert_default(struct request *r, const struct field *f)
{
	if (f->kind == FIELD_NUMBER)
		assert_int_equal(*(uint64_t *)member(r, f), strtoull(f->def, NULL, 10));
	else
		assert_string_equal(text_of(r, f), f->def);
}

static void what_is_missing_is_said(void **state)
{
	struct request r, back;
	const char *key;
	void *next;
	json_t *v;

	(void)state;
	fill(&r, 1);
	for (size_t i = 0; i < request_field_count; i++) {
		json_t *o = request_to_json(&r);
		__auto_free char *lack = NULL;

		json_object_foreach_safe(o, next, key, v)
			if (!strcasecmp(key, request_fields[i].name))
				json_object_del(o, key);
		lack = request_from_json(&back, o);
		if (request_fields[i].later) {
			assert_null(lack);
			assert_default(&back, &request_fields[i]);
		} else {
			assert_non_null(lack);
			assert_int_equal(strcasecmp(lack, request_fields[i].name), 0);
		}
		json_decref(o);
	}
}

static void what_can_not_be_is_refused(void **state)
{
	static const struct {
		const char *key;
		const char *json;
	} odd[] = {
		{ "arch", "\"sparc\"" }, { "arch", "7" }, { "smp", "0" }, { "smp", "9" },
		{ "smp", "\"4\"" }, { "smp", "4.5" }, { "seed", "-1" }, { "cycles", "0" },
		{ "smpboot", "\"foo\"" }, { "series", "\"some\"" },
		{ "timing", "\"virtual real\"" }, { "snapshot", "1" }, { "ops", "null" },
		{ "ops", "[\"wake\"]" },
	};
	struct request r, back;

	(void)state;
	fill(&r, 1);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		json_t *o = request_to_json(&r);
		__auto_free char *lack = NULL;

		json_object_set_new(o, odd[i].key, json_loads(odd[i].json, JSON_DECODE_ANY, NULL));
		lack = request_from_json(&back, o);
		assert_non_null(lack);
		assert_string_equal(lack, odd[i].key);
		json_decref(o);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(every_field_is_written),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(what_can_not_be_is_refused),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
