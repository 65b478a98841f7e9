// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event logs of stress runs, as bytes: what is in them, and in which event two of
 * them differ.
 */
#include <stdlib.h>
#include <string.h>

#include "../kunit/torture/torture_log.h"
#include "judge/events.h"
#include "judge/utf8.h"
#include "lib/util.h"

#define X(id, name)	name,

static const char *const op_names[] = { TORTURE_OPS(X) };

/* What a guest wrote is not to be trusted: it may have died while it did. */
static bool is_sound(const struct torture_log *l, size_t size)
{
	return size >= sizeof(*l) && l->magic == TORTURE_LOG_MAGIC && l->entries &&
	       l->entry_size == sizeof(struct torture_event) &&
	       l->entries <= (size - sizeof(*l)) / sizeof(struct torture_event);
}

/* The text may lack its end, and be of any bytes. */
static void take_failure(struct events *e)
{
	size_t len;

	memcpy(e->failure, e->log->failure, sizeof(e->log->failure));
	len = strlen(e->failure);
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_char(e->failure + i, len - i);
		if (!n) {
			e->failure[i] = '?';
			n = 1;
		}
	}
}

/**
 * events_parse - read a log
 * @e: gets it, and with it @data, whether it is sound or not
 * @data: the bytes of the log, from malloc(), or NULL
 * @len: how many
 *
 * Called for a log out of a guest's memory or a record, see run/events_file.c.
 *
 * Return: whether it is sound; if so, events_free() frees it
 */
bool events_parse(struct events *e, void *data, size_t len)
{
	*e = (struct events){ .log = data, .size = len };
	if (!e->log || !is_sound(e->log, e->size)) {
		events_free(e);
		return false;
	}
	e->count = e->log->count;
	e->first = e->count > e->log->entries ? e->count - e->log->entries : 0;
	e->digest = e->log->digest;
	take_failure(e);
	return true;
}

void events_free(struct events *e)
{
	free(e->log);
	*e = (struct events){ 0 };
}

static const struct torture_event *event(const struct events *e, uint64_t number)
{
	return &e->log->event[number % e->log->entries];
}

/**
 * events_moment - an event, for programs
 * @e: the log
 * @number: from @e->first to @e->count - 1
 * @m: gets it
 */
void events_moment(const struct events *e, uint64_t number, struct moment *m)
{
	const struct torture_event *v = event(e, number);

	*m = (struct moment){
		.time = v->time, .latency = v->latency, .result = v->result,
		.what = v->op < TORTURE_OP_COUNT ? op_names[v->op] : "?",
		.is_failure = v->op == TORTURE_FAILURE, .is_switch = v->op == TORTURE_SWITCH,
		.cpu = v->cpu, .actor = v->actor, .draw = v->draw, .slot = v->slot,
		.arg = v->arg,
	};
}

/**
 * events_line - an event, for people
 * @e: the log
 * @number: from @e->first to @e->count - 1
 *
 * Return: one line, to be freed
 */
char *events_line(const struct events *e, uint64_t number)
{
	const struct torture_event *v = event(e, number);

	return fmt("%llu: %12.6f s cpu %u actor %u draw %u %s slot %u arg %#x: %d, %.3f us",
		   (unsigned long long)number, v->time / 1e9, v->cpu, v->actor, v->draw,
		   v->op < TORTURE_OP_COUNT ? op_names[v->op] : "?", v->slot, v->arg,
		   v->result, v->latency / 1e3);
}

/* Is this something that the driver can be asked to do? */
static bool is_operation(unsigned int op)
{
	return op > TORTURE_NONE && op < TORTURE_FAILURE;
}

/**
 * events_is_op - does OPS= know an operation?
 * @name: its name
 *
 * Return: whether it does
 */
bool events_is_op(const char *name)
{
	for (size_t op = 0; op < ARRAY_SIZE(op_names); op++)
		if (is_operation(op) && !strcmp(op_names[op], name))
			return true;
	return false;
}

/**
 * events_all_ops - all operations that OPS= knows
 *
 * Return: their names with spaces between, to be freed
 */
char *events_all_ops(void)
{
	__auto_strv struct strv all = { 0 };

	for (size_t op = 0; op < ARRAY_SIZE(op_names); op++)
		if (is_operation(op))
			strv_add(&all, "%s", op_names[op]);
	return strv_join(&all, " ");
}

/**
 * events_draws - the draws of actors that a log has, up to the first failure
 * @e: the log
 * @draws: gets them in the order in which they were over, for free()
 *
 * Return: how many
 */
size_t events_draws(const struct events *e, struct draw **draws)
{
	size_t n = 0;

	*draws = calloc(e->count - e->first + 1, sizeof(**draws));
	if (!*draws)
		die("out of memory");
	for (uint64_t i = e->first; i < e->count; i++) {
		const struct torture_event *v = event(e, i);

		if (v->op == TORTURE_FAILURE)
			break;
		if (is_operation(v->op))
			(*draws)[n++] = (struct draw){ v->actor, v->draw };
	}
	return n;
}

/**
 * events_switches - where CPUs had others go first, up to the first failure
 * @e: the log
 * @all: gets them, in order, for free()
 *
 * Return: how many there are; those that the log only counts have no place, 0
 */
size_t events_switches(const struct events *e, struct gave_way **all)
{
	size_t n = 0;

	*all = calloc(e->count - e->first + 1, sizeof(**all));
	if (!*all)
		die("out of memory");
	for (uint64_t i = e->first; i < e->count; i++) {
		const struct torture_event *v = event(e, i);
		const struct torture_switch *s = &e->log->switches[v->slot % TORTURE_SWITCHES];
		struct gave_way *w = &(*all)[n];

		if (v->op == TORTURE_FAILURE)
			break;
		if (v->op != TORTURE_SWITCH)
			continue;
		n++;
		w->actor = v->actor;
		w->draw = v->draw;
		if (v->slot >= TORTURE_SWITCHES)
			continue;
		w->ip = s->ip;
		memcpy(w->task, s->task, sizeof(s->task));
		w->nth = s->nth;
		w->times = s->times;
		w->resched = s->resched;
	}
	return n;
}

/**
 * events_times - how often something was done and went well
 * @e: the log
 * @op: the operation
 *
 * Return: how often, among the events that are still there
 */
unsigned int events_times(const struct events *e, const char *op)
{
	unsigned int n = 0;

	for (uint64_t i = e->first; i < e->count; i++) {
		const struct torture_event *v = event(e, i);

		n += v->op < TORTURE_OP_COUNT && !v->result && !strcmp(op_names[v->op], op);
	}
	return n;
}

/**
 * events_difference - the first event in which two logs are not the same
 * @a: a log
 * @b: another one
 * @extent: how far they are to be the same
 *
 * Return: NULL if they agree, else what differs, to be freed
 */
char *events_difference(const struct events *a, const struct events *b,
			enum extent extent)
{
	uint64_t from = a->first > b->first ? a->first : b->first;
	uint64_t to = a->count < b->count ? a->count : b->count;

	for (uint64_t i = from; i < to; i++) {
		__auto_free char *one = NULL, *two = NULL;

		if (!memcmp(event(a, i), event(b, i), sizeof(struct torture_event))) {
			if (extent == EXTENT_FAILURE && event(a, i)->op == TORTURE_FAILURE)
				return NULL;
			continue;
		}
		one = events_line(a, i);
		two = events_line(b, i);
		return fmt("event %s\n  now   %s", one, two);
	}
	if (extent != EXTENT_ALL)
		return NULL;
	if (a->count != b->count)
		return fmt("event %llu: %llu events then, %llu now", (unsigned long long)to,
			   (unsigned long long)a->count, (unsigned long long)b->count);
	if (a->digest != b->digest)
		return fmt("an event before %llu, the first one that both logs still have",
			   (unsigned long long)from);
	return NULL;
}
