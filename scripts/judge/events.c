// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event logs of stress runs. The guest writes its log into its own memory, which
 * is the host's too: it costs the guest no device, and is there however the guest
 * ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kunit/torture/torture_log.h"
#include "judge/events.h"
#include "lib/util.h"

#define X(id, name)	name,

static const char *const op_names[] = { TORTURE_OPS(X) };

/**
 * events_save - take the log out of a guest's memory
 * @memory: file that is the guest's memory
 * @at: where the guest said that the log lies in it
 * @size: how long it is
 * @path: file that gets it
 *
 * Dies if the file can't be written.
 *
 * Return: whether there is a log
 */
bool events_save(int memory, off_t at, size_t size, const char *path)
{
	__auto_free char *log = malloc(size);

	if (!log)
		die("out of memory");
	if (pread(memory, log, size, at) != (ssize_t)size)
		return false;
	write_file(path, log, size);
	return true;
}

/* What a guest wrote is not to be trusted: it may have died while it did. */
static bool is_sound(const struct torture_log *l, size_t size)
{
	return size >= sizeof(*l) && l->magic == TORTURE_LOG_MAGIC && l->entries &&
	       l->entry_size == sizeof(struct torture_event) &&
	       l->entries <= (size - sizeof(*l)) / sizeof(struct torture_event);
}

/**
 * events_read - read a log
 * @e: gets it
 * @path: file that events_save() wrote
 *
 * Return: whether it is there and sound; if so, events_free() frees it
 */
bool events_read(struct events *e, const char *path)
{
	*e = (struct events){ 0 };
	e->log = (struct torture_log *)read_file(path, &e->size);
	if (!e->log || !is_sound(e->log, e->size)) {
		events_free(e);
		return false;
	}
	e->count = e->log->count;
	e->first = e->count > e->log->entries ? e->count - e->log->entries : 0;
	e->digest = e->log->digest;
	memcpy(e->failure, e->log->failure, sizeof(e->log->failure));
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
 * events_line - an event, for people
 * @e: the log
 * @number: from @e->first to @e->count - 1
 *
 * Return: one line, to be freed
 */
char *events_line(const struct events *e, uint64_t number)
{
	const struct torture_event *v = event(e, number);

	return fmt("%llu: %12.6f s cpu %u actor %u %s slot %u arg %#x: %d, %.3f us",
		   (unsigned long long)number, v->time / 1e9, v->cpu, v->actor,
		   v->op < TORTURE_OP_COUNT ? op_names[v->op] : "?", v->slot, v->arg,
		   v->result, v->latency / 1e3);
}

static bool is_in(const struct strv *v, const char *s)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->v[i], s))
			return true;
	return false;
}

/**
 * events_ops - operations that a log has, as OPS= knows them
 * @record: folder of the record
 * @ops: gets their names
 */
void events_ops(const char *record, struct strv *ops)
{
	__auto_free char *path = fmt("%s/events.bin", record);
	struct events e;

	if (!events_read(&e, path))
		die("%s is missing or damaged: which operations there were is not known", path);
	for (uint64_t i = e.first; i < e.count; i++) {
		unsigned int op = event(&e, i)->op;

		if (op && op < TORTURE_FAILURE && !is_in(ops, op_names[op]))
			strv_add(ops, "%s", op_names[op]);
	}
	events_free(&e);
}

/**
 * events_count - how often something was done and went well
 * @record: folder of the record
 * @op: the operation
 *
 * Dies if the log does not go back to the beginning.
 *
 * Return: how often
 */
unsigned int events_count(const char *record, const char *op)
{
	__auto_free char *path = fmt("%s/events.bin", record);
	unsigned int n = 0;
	struct events e;

	if (!events_read(&e, path))
		die("%s is missing or damaged: what was done is not known", path);
	if (e.first)
		die("%s has only the last of %llu events: CYCLES= is too much", path,
		    (unsigned long long)e.count);
	for (uint64_t i = e.first; i < e.count; i++) {
		const struct torture_event *v = event(&e, i);

		n += v->op < TORTURE_OP_COUNT && !v->result && !strcmp(op_names[v->op], op);
	}
	events_free(&e);
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
