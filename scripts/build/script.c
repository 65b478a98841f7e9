// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripts: the few switches between CPUs that a failure takes, in words that hold on
 * another kernel as well. Places are separated by "+", and each is
 *
 *	2:5,kworker/1:0,process_one_work@7,2,64r
 *
 * during draw 5 of actor 2 the task kworker/1:0 comes by yield point 7 of that function
 * for the second time; there its CPU gives way 64 times in a row, and asks for another
 * task ("r"). The task "actor" is the one whose draw it is.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../kunit/steer/steer_names.h"
#include "build/blocks.h"
#include "build/script.h"

/**
 * struct place - a place of a script
 * @actor: whose operation it is in
 * @draw: which of its draws that is
 * @task: name of the task
 * @file: source file of the function, where there are more functions of its name
 * @function: its name
 * @block: number of the yield point in it
 * @nth: how often the task has come by there then
 * @times: how often its CPU gives way
 * @resched: it asks for another task
 */
struct place {
	unsigned int actor;
	unsigned int draw;
	char task[16];
	char file[64];
	char function[128];
	unsigned int block;
	unsigned int nth;
	unsigned int times;
	bool resched;
};

static bool read_place(const char *text, struct place *p)
{
	char where[192], *colon;
	int used = 0;

	*p = (struct place){ 0 };
	if (sscanf(text, "%u:%u,%15[^,],%191[^@,]@%u,%u,%u%n", &p->actor, &p->draw, p->task,
		   where, &p->block, &p->nth, &p->times, &used) != 7 || !used)
		return false;
	p->resched = text[used] == 'r';
	colon = strchr(where, ':');
	if (colon)
		*colon = '\0';
	if (snprintf(p->file, sizeof(p->file), "%s", colon ? where : "") >= (int)sizeof(p->file) ||
	    snprintf(p->function, sizeof(p->function), "%s", colon ? colon + 1 : where) >=
	    (int)sizeof(p->function))
		return false;
	return *p->function && p->nth && !text[used + p->resched];
}

/**
 * script_bad - what is wrong with a script
 * @script: the script, may be empty
 *
 * Return: the first place that is none, to be freed; NULL if there is no such
 */
char *script_bad(const char *script)
{
	__auto_strv struct strv words = { 0 };
	struct place p;

	strv_split(&words, script, "+");
	for (size_t i = 0; i < words.n; i++)
		if (i == SCRIPT_PLACES || !read_place(words.v[i], &p))
			return copy(words.v[i]);
	return NULL;
}

/* ---- from what a guest did --------------------------------------------------------- */

static bool is_only_one(const struct blocks *b, const struct symbol *s)
{
	for (size_t i = 0; i < b->n; i++)
		if (&b->all[i] != s && !strcmp(b->all[i].name, s->name))
			return false;
	return true;
}

static const struct symbol *function_at(const struct blocks *b, uint64_t at)
{
	for (size_t i = 0; i < b->n; i++)
		if (at >= b->all[i].at && at - b->all[i].at < b->all[i].size)
			return &b->all[i];
	return NULL;
}

/* What a guest says is not to be trusted, and is to be typed by a user. */
static bool is_a_name(const char *task)
{
	for (const char *c = task; *c; c++)
		if (!isgraph((unsigned char)*c) || strchr(",+'\"\\$", *c))
			return false;
	return *task && strlen(task) < sizeof(((struct place *)0)->task);
}

/* A call that is the last one returns to behind its function. */
static char *place_text(const struct blocks *b, const struct gave_way *w)
{
	const struct symbol *s = function_at(b, w->ip - 1);
	uint64_t *at = NULL;
	char *text = NULL;
	size_t n = s ? blocks_of(b, s, &at) : 0;

	for (size_t i = 0; i < n && !text; i++)
		if (at[i] == w->ip)
			text = fmt("%u:%u,%s,%s%s%s@%zu,%u,%u%s", w->actor, w->draw, w->task,
				   is_only_one(b, s) ? "" : s->file,
				   is_only_one(b, s) ? "" : ":", s->name, i, w->nth, w->times,
				   w->resched ? "r" : "");
	free(at);
	return text;
}

/**
 * script_of - the script of what a guest did
 * @all: where its CPUs gave way
 * @n: how often
 * @vmlinux: its kernel
 * @arch: what that is built for
 *
 * Return: the script, to be freed; NULL if there is no name for one of the places, or
 * none at all, or too many
 */
char *script_of(const struct gave_way *all, size_t n, const char *vmlinux,
		const struct arch *arch)
{
	__auto_strv struct strv places = { 0 };
	struct blocks b;

	if (!n || n > SCRIPT_PLACES)
		return NULL;
	blocks_open(&b, vmlinux, arch);
	for (size_t i = 0; i < n; i++) {
		__auto_free char *text = all[i].nth && is_a_name(all[i].task) ?
			place_text(&b, &all[i]) : NULL;

		if (text)
			strv_add(&places, "%s", text);
	}
	blocks_close(&b);
	return places.n == n ? strv_join(&places, "+") : NULL;
}

/* ---- for a guest to do -------------------------------------------------------------- */

/* The compiler may make "fn.isra.0" of it in one kernel and not in another. */
static bool is_function(const struct symbol *s, const struct place *p)
{
	size_t len = strlen(p->function);

	return !strncmp(s->name, p->function, len) && (!s->name[len] || s->name[len] == '.') &&
	       (!*p->file || !strcmp(s->file, p->file));
}

static uint64_t address_of(const struct blocks *b, const struct place *p)
{
	uint64_t found = 0;

	for (size_t i = 0; i < b->n && !found; i++) {
		uint64_t *at = NULL;

		if (is_function(&b->all[i], p) && blocks_of(b, &b->all[i], &at) > p->block)
			found = at[p->block];
		free(at);
	}
	return found;
}

/**
 * script_places - where the places of a script are in a kernel
 * @script: the script, a good one
 * @vmlinux: the kernel
 * @arch: what it is built for
 * @lacks: gets the places that are not there
 *
 * Return: the others, as the module steer takes them, to be freed
 */
char *script_places(const char *script, const char *vmlinux, const struct arch *arch,
		    struct strv *lacks)
{
	__auto_strv struct strv words = { 0 }, places = { 0 };
	__auto_free char *text = NULL;
	struct blocks b;

	blocks_open(&b, vmlinux, arch);
	strv_split(&words, script, "+");
	for (size_t i = 0; i < words.n; i++) {
		struct place p;
		uint64_t at;

		if (!read_place(words.v[i], &p))
			die("SCRIPT=: '%s' is no place", words.v[i]);
		at = address_of(&b, &p);
		if (!at) {
			strv_add(lacks, "%s", words.v[i]);
			continue;
		}
		strv_add(&places, "+%llx:%x:%u:%u:%u:%u:%u", (unsigned long long)at,
			 steer_key(p.task), p.actor, p.draw, p.nth, p.times, p.resched);
	}
	blocks_close(&b);
	text = strv_join(&places, "");
	return fmt("0%s", text);
}
