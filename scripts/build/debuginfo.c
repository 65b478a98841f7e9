// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which function of a kernel an address is of, and which line of the source. The kernel
 * is one that lies where it was linked to.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "build/debuginfo.h"
#include "lib/util.h"

/* The kernel has functions begin at multiples of that, at most. */
#define ALIGNMENT	64

/**
 * debuginfo_open - read what a kernel says of its addresses
 * @d: gets it, for debuginfo_close()
 * @vmlinux: the kernel, with its symbols
 *
 * Return: whether it has functions; if not, @d is empty, and of use all the same
 */
bool debuginfo_open(struct debuginfo *d, const char *vmlinux)
{
	*d = (struct debuginfo){ .fd = -1 };
	d->n = symbols_find(vmlinux, &d->all);
	if (!d->n)
		return false;
	d->fd = open(vmlinux, O_RDONLY | O_CLOEXEC);
	d->lines = d->fd < 0 ? NULL : dwarf_begin(d->fd, DWARF_C_READ);
	return true;
}

/**
 * debuginfo_close - free what debuginfo_open() gave
 * @d: it
 */
void debuginfo_close(struct debuginfo *d)
{
	symbols_free(d->all, d->n);
	dwarf_end(d->lines);
	if (d->fd >= 0)
		close(d->fd);
	*d = (struct debuginfo){ .fd = -1 };
}

/**
 * debuginfo_function - the function at an address
 * @d: of the kernel
 * @at: the address, or its low half if the high one is 0
 *
 * Return: "function+0xoffset", or the address if no function is there; for free()
 */
char *debuginfo_function(const struct debuginfo *d, uint64_t at)
{
	bool half = at <= UINT32_MAX;

	for (size_t i = 0; i < d->n; i++) {
		uint64_t begin = half ? (uint32_t)d->all[i].at : d->all[i].at;

		if (at >= begin && at - begin < d->all[i].size)
			return fmt("%s+%#x", d->all[i].name, (unsigned int)(at - begin));
	}
	return fmt("%#llx", (unsigned long long)at);
}

/* "file:line", behind those that are there already, if any */
static void add_line(char **lines, const char *file, unsigned int number)
{
	char *old = *lines;

	/* A header that is named from the folder of the build */
	if (!strncmp(file, "./", 2))
		file += 2;
	*lines = fmt("%s%s%s:%u", old ?: "", old ? " " : "", file, number);
	free(old);
}

static bool number_of(Dwarf_Die *die, unsigned int name, Dwarf_Word *number)
{
	Dwarf_Attribute attr;

	return dwarf_attr(die, name, &attr) && !dwarf_formudata(&attr, number);
}

/* Where a function that was inlined at an address is called, and so on outwards */
static void add_callers(char **lines, Dwarf_Die *unit, uint64_t at)
{
	Dwarf_Die *scopes = NULL;
	int n = dwarf_getscopes(unit, at, &scopes);
	Dwarf_Files *files;
	size_t nr_files;

	if (dwarf_getsrcfiles(unit, &files, &nr_files))
		n = 0;
	for (int i = 0; i < n; i++) {
		Dwarf_Word file, number;
		const char *name;

		if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine ||
		    !number_of(&scopes[i], DW_AT_call_file, &file) || file >= nr_files ||
		    !number_of(&scopes[i], DW_AT_call_line, &number))
			continue;
		name = dwarf_filesrc(files, file, NULL, NULL);
		if (name)
			add_line(lines, name, number);
	}
	free(scopes);
}

/**
 * debuginfo_line - the line of the source that an address is of
 * @d: of the kernel
 * @at: the address
 *
 * Return: "file:line", with the lines behind it where that was inlined, for free(); NULL if
 *	nothing says so
 */
char *debuginfo_line(const struct debuginfo *d, uint64_t at)
{
	char *lines = NULL;
	Dwarf_Line *line;
	const char *file;
	Dwarf_Die unit;
	int number;

	if (!d->lines || !dwarf_addrdie(d->lines, at, &unit))
		return NULL;
	line = dwarf_getsrc_die(&unit, at);
	file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	if (!file || dwarf_lineno(line, &number) || !number)
		return NULL;
	add_line(&lines, file, number);
	add_callers(&lines, &unit, at);
	return lines;
}

/**
 * struct inlined - places where a function was inlined
 * @name: its name
 * @spans: the places
 * @n: how many
 */
struct inlined {
	const char *name;
	struct debuginfo_span *spans;
	size_t n;
};

static void add_spans(struct inlined *in, Dwarf_Die *die)
{
	Dwarf_Addr base, from, to;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &from, &to)) > 0) {
		if (from >= to)
			continue;
		in->spans = grow(in->spans, in->n + 1, sizeof(*in->spans));
		in->spans[in->n++] = (struct debuginfo_span){ from, to };
	}
}

/* A function that is inlined into one that is inlined is below it. */
static void look_below(struct inlined *in, Dwarf_Die *parent)
{
	Dwarf_Die die;

	for (int end = dwarf_child(parent, &die); !end; end = dwarf_siblingof(&die, &die)) {
		int tag = dwarf_tag(&die);
		const char *name = tag == DW_TAG_inlined_subroutine ? dwarf_diename(&die) : NULL;

		if (name && !strcmp(name, in->name))
			add_spans(in, &die);
		if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
		    tag == DW_TAG_lexical_block)
			look_below(in, &die);
	}
}

/*
 * What a header has may be inlined in each unit, other code in its own, which may be a file
 * that includes others of its folder.
 */
static bool may_inline(Dwarf_Die *unit, const char *file)
{
	const char *slash = strrchr(file, '/'), *of = dwarf_diename(unit);
	__auto_free char *folder = fmt("%.*s/", slash ? (int)(slash - file) : 0, file);

	return !has_end(file, ".c") || (of && strstr(of, folder));
}

/**
 * debuginfo_inlined - where a function was inlined
 * @d: of the kernel
 * @file: that the function is in, as the tree has it
 * @name: of the function
 * @spans: gets the code, for free()
 *
 * Return: how many pieces of code there are
 */
size_t debuginfo_inlined(const struct debuginfo *d, const char *file, const char *name,
			 struct debuginfo_span **spans)
{
	struct inlined in = { .name = name };
	Dwarf_Off at = 0, next;
	size_t header;

	while (d->lines && !dwarf_nextcu(d->lines, at, &next, &header, NULL, NULL, NULL)) {
		Dwarf_Die unit;

		if (dwarf_offdie(d->lines, at + header, &unit) && may_inline(&unit, file))
			look_below(&in, &unit);
		at = next;
	}
	*spans = in.spans;
	return in.n;
}

/*
 * The only function that is called so. The kernel takes it to go on up to the next one:
 * that many bytes, which tells it from others of its name.
 */
static const struct symbol *find(const struct debuginfo *d, const char *name, size_t len,
				 unsigned long size)
{
	const struct symbol *found = NULL;

	for (size_t i = 0; i < d->n; i++) {
		const struct symbol *s = &d->all[i];

		if (strncmp(s->name, name, len) || s->name[len] || s->size > size ||
		    s->size + ALIGNMENT <= size)
			continue;
		if (found && found->at != s->at)
			return NULL;
		found = s;
	}
	return found;
}

static bool is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

/* The line that "+0x1c/0x90" at @plus is of; @end gets what is behind that */
static char *line_of(const struct debuginfo *d, const char *text, const char *plus,
		     const char **end)
{
	unsigned long offset, size;
	const struct symbol *s;
	const char *name = plus;
	int len = 0;
	bool exact;

	if (sscanf(plus, "+0x%lx/0x%lx%n", &offset, &size, &len) != 2 || !len)
		return NULL;
	*end = plus + len;
	while (name > text && is_of_name(name[-1]))
		name--;
	/* One of a module */
	if (!strncmp(*end, " [", 2))
		return NULL;
	s = find(d, name, plus - name, size);
	if (!s)
		return NULL;
	/* A frame of a trace is where a call returns to; these are where the CPU was. */
	exact = (name - text >= 5 && !strncmp(name - 5, "pc : ", 5)) ||
		(name - text >= 5 && !strncmp(name - 5, "0010:", 5));
	return debuginfo_line(d, s->at + offset - (exact || !offset ? 0 : 1));
}

/**
 * debuginfo_in_text - have a text of the kernel's say which lines it is about
 * @d: of that kernel
 * @text: a splat, or what is around it, with places as "function+0x1c/0x90"
 *
 * Return: the text, with " (file:line ...)" behind each place of which that is known; for free()
 */
char *debuginfo_in_text(const struct debuginfo *d, const char *text)
{
	const char *at = text, *plus, *end;
	char *result = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&result, &len);

	if (!f)
		die("out of memory");
	while ((plus = strstr(at, "+0x"))) {
		__auto_free char *line = NULL;

		end = plus + 1;
		line = line_of(d, text, plus, &end);
		fwrite(at, 1, end - at, f);
		if (line)
			fprintf(f, " (%s)", line);
		at = end;
	}
	fputs(at, f);
	fclose(f);
	return result;
}
