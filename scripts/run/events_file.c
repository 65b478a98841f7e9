// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where event logs are: in the memory of a guest, and in records. The guest
 * writes its log into its own memory, which is the host's too: it costs the guest
 * no device, and is there however the guest ended.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "lib/util.h"
#include "run/events_file.h"

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

/**
 * events_read - read a log
 * @e: gets it
 * @path: file that events_save() wrote
 *
 * Return: whether it is there and sound; if so, events_free() frees it
 */
bool events_read(struct events *e, const char *path)
{
	size_t len = 0;
	void *data = read_file(path, &len);

	return events_parse(e, data, len);
}

/**
 * events_draws_of - the draws of actors that a record has, up to the first failure
 * @record: folder of the record
 * @draws: gets them in the order in which they were over, for free()
 *
 * Dies if there is no sound log.
 *
 * Return: how many
 */
size_t events_draws_of(const char *record, struct draw **draws)
{
	__auto_free char *path = fmt("%s/events.bin", record);
	struct events e;
	size_t n;

	if (!events_read(&e, path))
		die("%s is missing or damaged: which operations there were is not known", path);
	n = events_draws(&e, draws);
	events_free(&e);
	return n;
}

/**
 * events_count - how often something was done and went well in a record
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
	struct events e;
	unsigned int n;

	if (!events_read(&e, path))
		die("%s is missing or damaged: what was done is not known", path);
	if (e.first)
		die("%s has only the last of %llu events: CYCLES= is too much", path,
		    (unsigned long long)e.count);
	n = events_times(&e, op);
	events_free(&e);
	return n;
}
